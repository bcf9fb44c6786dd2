"""Random structures for Hypothesis, and networks and clips for them."""

from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network

torch.set_num_threads(1)

MODALITIES = (Modality("rgb", 3), Modality("flow", 2), Modality("object", 2, ("cup", "ball"), (3, 7)))
CLASSES = ("lift", "push", "pull")
PADDINGS = st.sampled_from(("zeros", "repeat"))
FRACTIONS = st.floats(0.0625, 0.9375, width=32)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """Structures of up to five levels and two outputs, some of them with starved blocks."""
    modalities = draw(st.lists(st.sampled_from(MODALITIES), min_size=1, unique=True))
    blocks: list[BlockSpec] = []
    for modality in modalities:
        for number in range(draw(st.integers(1, 2))):
            blocks.append(draw(input_blocks(f"{modality.name}{number}", modality.name)))
    connections: list[ConnectionSpec] = []
    top = draw(st.integers(2, 5))
    for level in range(2, top + 1):
        below = tuple(blocks)
        for number in range(draw(st.integers(1, 2))):
            block = draw(inner_blocks(f"level{level}_{number}", level, below))
            blocks.append(block)
            connections += draw(arriving(block, below, starved=level < top))
    outputs = tuple(OutputSpec(block.id) for block in blocks if block.level == top)
    return Structure(tuple(blocks), tuple(connections), outputs, tuple(modalities))


@st.composite
def input_blocks(draw: st.DrawFn, name: str, modality: str) -> BlockSpec:
    """A block that reads a modality."""
    stride, dilation = draw(st.sampled_from((1, 2, 4))), draw(st.integers(1, 3))
    width, padding = draw(st.integers(1, 4)), draw(PADDINGS)
    return BlockSpec(name, 1, "video_input", width, dilation, stride, modality=modality, time_padding=padding)


@st.composite
def inner_blocks(draw: st.DrawFn, name: str, level: int, below: Sequence[BlockSpec]) -> BlockSpec:
    """A block whose input size every block below can be pooled to."""
    return BlockSpec(
        name,
        level,
        "bottleneck",
        draw(st.integers(1, 5)),
        temporal_dilation=draw(st.integers(1, 4)),
        spatial_stride=draw(st.sampled_from((1, 2))),
        repeats=draw(st.integers(1, 2)),
        input_reduction=max(other.reduction for other in below) * draw(st.sampled_from((1, 2))),
        input_width=draw(st.integers(1, 5)),
        attention_width=draw(st.integers(1, 5)),
        time_padding=draw(PADDINGS),
    )


@st.composite
def arriving(
    draw: st.DrawFn, target: BlockSpec, below: Sequence[BlockSpec], *, starved: bool
) -> list[ConnectionSpec]:
    """Connections into a block from some blocks below; from at least one input block unless it may starve."""
    ids = [block.id for block in below]
    sources = draw(st.lists(st.sampled_from(ids), unique=True, max_size=4))
    if not starved:
        sources = list(dict.fromkeys([*sources, draw(st.sampled_from([b.id for b in below if b.is_input]))]))
    return [draw(connections(source, target.id, ids)) for source in sources]


@st.composite
def connections(draw: st.DrawFn, source: str, target: str, below: Sequence[str]) -> ConnectionSpec:
    """A connection of any attention mode, with or without a weight."""
    modes = ("none", "static", "self", "peer") if len(below) > 1 else ("none", "static", "self")
    attention, peers = draw(st.sampled_from(modes)), ()
    if attention == "peer":
        some = st.lists(st.sampled_from(below), unique=True, min_size=1, max_size=4)
        peers = tuple(draw(some.filter(lambda chosen: set(chosen) != {source})))
    weight = draw(st.none() | FRACTIONS)
    return ConnectionSpec(source, target, peers, attention, weight, draw(st.booleans()))


def lively(structure: Structure, *, seed: int = 0) -> Network:
    """A network in evaluation mode with random norms, biases and attention, none at its initial value."""
    torch.manual_seed(seed)
    network = Network(structure, CLASSES).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            for uniform in (module.weight, module.running_var):
                nn.init.uniform_(uniform, 0.5, 1.5)
            for normal in (module.bias, module.running_mean):
                nn.init.normal_(normal, std=0.2)
    for name, parameter in network.named_parameters():
        if name.startswith("connections.") and name.endswith(("weights", "bias")):
            nn.init.normal_(parameter)
    return network


def tensors(
    structure: Structure, *, clips: int = 1, frames: int = 3, size: tuple[int, int] = (16, 16), seed: int = 1
) -> dict[str, Tensor]:
    """Modality → (B, C, T, H, W) noise."""
    generator = torch.Generator().manual_seed(seed)
    return {
        modality.name: torch.randn(
            clips, modality.channels, frames, *structure.clip_sides(*size), generator=generator
        )
        for modality in structure.read_modalities
    }
