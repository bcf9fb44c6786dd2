"""Costs: compared with torch's counter and profiler, with official numbers, and worked by hand."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from peerattn.checkpoints.weighted_structure import resolve_structure
from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.kinds import KINDS, BlockKind
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.blocks.registry import BLOCKS
from peerattn.network.network import Network
from peerattn.network.size import (
    LARGEST,
    BlockCosts,
    Costs,
    LiveMemory,
    costs,
    count_parameters,
    multiply_adds,
    rough_multiply_adds,
)
from peerattn.pruning.threshold import prune
from tests.peerattn.pruning.test_pruning import hand_made
from tests.strategies import CLASSES, lively, structures, tensors


def scaling(structure: Structure, frames: int, height: int, width: int) -> int:
    """Multiply-adds of scaling: one per number that is multiplied by a weight or by attention factors."""
    total = 0
    for spec in structure.connections:
        if spec.weight is not None or spec.attention != "none":
            reduction = structure.block(spec.target).input_reduction
            area = -(-height // reduction) * -(-width // reduction)
            total += structure.block(spec.source).width * frames * area
    return total


def over_peers(structure: Structure, frames: int, least: int = 1) -> int:
    """Multiply-adds of summing peers: one per number of a peer vector, for at least `least` peers."""
    return sum(
        len(spec.peers) * frames * structure.block(spec.target).attention_width
        for spec in structure.connections
        if len(spec.peers) >= least
    )


def flow(found: Costs) -> int:
    """Multiply-adds of the representation flow layer."""
    return sum(row.multiply_adds for row in found.blocks if row.part == "flow")


@torch.no_grad()
@settings(max_examples=12)
@given(structures())
def test_multiply_adds_equal_those_that_torch_counts(structure: Structure) -> None:
    network = lively(structure)
    with FlopCounterMode(display=False) as counter:
        network(tensors(structure, frames=3, size=(16, 16)))
    counted = counter.get_flop_counts()["Global"]
    over_several = over_peers(structure, 3, least=2)  # a single peer is no matrix product
    assert counted.pop(torch.ops.aten.bmm, 0) // 2 == over_several
    found = multiply_adds(network, frames=3, size=16)
    assert found == sum(counted.values()) // 2 + over_peers(structure, 3) + scaling(structure, 3, 16, 16)


def by_hand() -> Structure:
    """An rgb block of 2 channels at half size, connected with a weight to a top block of 4 channels."""
    eye = BlockSpec("eye", 1, "video_input", 2, spatial_stride=2, modality="rgb")
    top = BlockSpec("top", 2, "bottleneck", 4, input_reduction=2, input_width=3)
    into = ConnectionSpec("eye", "top", attention="static", weight=0.5, learned=False)
    return Structure((eye, top), (into,), (OutputSpec("top"),), (Modality("rgb", 3),))


def test_costs_worked_by_hand() -> None:
    """5 frames of 6 × 4 pixels: 3 × 2 pixels at half size, 30 positions in all. A batch norm has 4
    numbers per channel, 2 of them trained.

    eye: 3×3 of 3 → 2 (54 weights), over 3 frames 2 → 2 (12).
    top: 1×1 of 2 → 3 (6); shortcut 3 → 4 (12); 1×1 3 → 2 (6), 3×3 (36), over time (12), 1×1 2 → 4 (8).
    Its connection: 2 numbers of static attention and one fixed weight, scaling 2 channels.
    """
    found = costs(by_hand(), 7, frames=5, height=6, width=4)
    eye = BlockCosts("eye", "block", 66 + 8, 66 + 16, 30 * 66, (2, 5, 3, 2))
    norms = 2 * (4 + 2 + 2 + 2 + 4)
    trained = 6 + 12 + 6 + 36 + 12 + 8 + norms + 2
    work = 30 * (6 + 12 + 6 + 36 + 12 + 8 + 2)
    top = BlockCosts("top", "block", trained, trained + norms + 1, work, (4, 5, 3, 2))
    assert found.blocks == (eye, top, BlockCosts("top", "head", 35, 35, 28, (7,)))


class Grouped(nn.Conv3d):
    """A custom kind of block: a 3×3×3 convolution in two groups of channels."""

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        super().__init__(arriving, spec.width, 3, padding=1, groups=2, bias=False)


def test_grouped_convolutions_count_only_the_channels_of_their_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BLOCKS, "grouped", Grouped)
    monkeypatch.setitem(KINDS, "grouped", BlockKind(lambda spec: 1))
    eye = BlockSpec("eye", 1, "grouped", 6, modality="object")
    structure = Structure((eye,), (), (OutputSpec("eye"),), (Modality("object", 4),))
    row = costs(structure, 3, frames=2, height=5, width=7).blocks[0]
    assert (row.parameters, row.multiply_adds) == (6 * 27 * 2, 6 * 27 * 2 * 70)


def check_sums(found: Costs) -> None:
    """Assert that the rows sum to the totals."""
    for name in ("parameters", "parameters_total", "multiply_adds"):
        assert sum(getattr(row, name) for row in found.blocks) == getattr(found, name)


@settings(max_examples=12)
@given(structures())
def test_the_costs_of_the_parts_sum_to_the_totals(structure: Structure) -> None:
    found = costs(structure, 3, frames=3, height=16, width=8)
    check_sums(found)
    blocks = [row.id for row in found.blocks if row.part == "block"]
    assert blocks == [block.id for block in structure.in_order]
    network = Network(structure, CLASSES)
    assert found.parameters == count_parameters(network)
    assert found.memory.weights == sum(tensor.nbytes for tensor in network.state_dict().values())


@dataclass(frozen=True)
class Official:
    """Parameters and multiply-adds per batch, as counted for the official implementation's graph."""

    name: str
    options: dict[str, Any]
    size: tuple[int, int, int]
    batch: int
    trainable: int
    total: int
    network: int
    flow: int

    @property
    def structure(self) -> Structure:
        return published.structure(self.name, **self.options)


OFFICIAL = {
    "asn50": Official("asn50", {}, (8, 64, 64), 1, 36599754, 36686455, 6185046016, 18522112),
    "plus": Official(
        "asnp50", {"attention": "peer"}, (4, 64, 64), 2, 44260958, 44347659, 6246113280, 15876096
    ),
    "objects": Official("full_asnp50", {}, (8, 64, 64), 1, 47752970, 47838580, 9047390736, 18522112),
    "odd sides": Official("full_asnp50", {}, (3, 66, 50), 2, 47752970, 47838580, 7617152524, 8527200),
    "self": Official(
        "full_asnp50", {"attention": "self"}, (4, 64, 64), 1, 47280166, 47365776, 4521815960, 7938048
    ),
    "lite": Official(
        "asnp_lite", {"clip_width": 64}, (8, 64, 64), 1, 49712770, 49758115, 3921161728, 9347072
    ),
    "lite, wide": Official(
        "asnp_lite", {"clip_width": 96}, (4, 64, 96), 2, 49731730, 49777075, 5926832640, 12017664
    ),
    "lite over time": Official(
        "asnp_lite",
        {"clip_width": 32, "softmax_over_time": True},
        (4, 32, 32),
        2,
        49687666,
        49733011,
        972693504,
        2002944,
    ),
}


@cache
def costs_of(case: str) -> Costs:
    frames, height, width = OFFICIAL[case].size
    return costs(OFFICIAL[case].structure, 10, frames=frames, height=height, width=width)


@pytest.mark.parametrize("case", OFFICIAL)
def test_parameters_equal_the_official_numbers(case: str) -> None:
    official, found = OFFICIAL[case], costs_of(case)
    assert (found.parameters, found.parameters_total) == (official.trainable, official.total)
    check_sums(found)


def zero_taps(structure: Structure, size: tuple[int, int, int]) -> int:
    """Multiply-adds with the zeros that the official graph puts between the taps of its kernels over time;
    its dilated kernels over space and time have none.
    """
    with torch.device("meta"):
        network = Network(structure, CLASSES).eval()
        frames, height, width = size
        clip = {
            modality.name: torch.empty(1, modality.channels, frames, height, width)
            for modality in structure.read_modalities
        }
    total = 0

    def count(module: nn.Conv2d, inputs: object, output: Tensor) -> None:
        nonlocal total
        taps, dilation = module.kernel_size[0], module.dilation[0]
        total += output.numel() * module.in_channels * (taps - 1) * (dilation - 1)

    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size[1] == 1:
            module.register_forward_hook(count)
    network(clip)
    return total


@pytest.mark.parametrize("case", OFFICIAL)
def test_multiply_adds_equal_the_official_numbers(case: str) -> None:
    """The counts are equal once their known differences are allowed for.

    The official count is of a graph: it includes zero taps and, with self attention, projections that nothing
    reads; it leaves out everything that is neither a convolution nor a matrix product.
    """
    official, found, structure = OFFICIAL[case], costs_of(case), OFFICIAL[case].structure
    frames, blocks = official.size[0], structure.by_id
    unread = sum(
        frames * blocks[peer].width * block.attention_width
        for block in structure.blocks
        for peer in block.unused_projections
    )
    layers = found.multiply_adds - flow(found) - scaling(structure, *official.size)
    ours = layers - over_peers(structure, frames)
    assert official.batch * (ours + zero_taps(structure, official.size) + unread) == official.network
    assert official.batch * flow(found) == official.flow


def test_costs_of_huge_clips_are_computed_without_allocating_them() -> None:
    """Costs are computed from shapes: here for 3 TB of frames, and for the largest clip allowed."""
    found = costs(hand_made(), 3, frames=4096, height=8192, width=8192)
    assert found.memory.activations > 2**41
    most = published.structure("full_asnp50", object_classes=8192)
    greatest = costs(most, LARGEST, frames=LARGEST, height=LARGEST, width=LARGEST)
    assert greatest.memory.activations > 2**60


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(PeerattnError, match="frames is 0, but must be a whole number from 1 to 32768"):
        costs(hand_made(), 3, frames=0, height=8, width=8)
    with pytest.raises(PeerattnError, match="classes is 100000000000, but must be"):
        costs(hand_made(), 10**11, frames=8, height=8, width=8)
    with pytest.raises(PeerattnError, match="two frames"):
        costs(published.asn50, 3, frames=1, height=64, width=64)
    with pytest.raises(PeerattnError, match="multiples of 32"):
        costs(published.asnp_lite, 3, frames=2, height=66, width=50)


def test_live_memory_of_a_pass_worked_by_hand() -> None:
    """The input of 16 bytes stays alive; at most two more tensors of that size are alive at once."""
    layer, arriving = nn.Linear(4, 4), torch.zeros(4)
    with torch.no_grad(), LiveMemory(layer, [arriving]) as memory:
        changed = layer(arriving)
        assert memory.peak == 32
        changed = torch.relu(changed)
        assert memory.peak == 48
        changed = torch.relu(changed.view(2, 2))  # the first result is free, the second is still read
    assert memory.peak == 48


@torch.inference_mode()
@settings(max_examples=8)
@given(structures())
def test_activation_memory_from_shapes_equals_that_of_a_real_pass(structure: Structure) -> None:
    network, clip = lively(structure), tensors(structure, frames=3, size=(16, 8))
    with LiveMemory(network, clip.values()) as memory:
        network(clip)
    found = costs(structure, len(CLASSES), frames=3, height=16, width=8)
    assert found.memory.activations == memory.peak


SMALL: list[Any] = [
    [-1, 2],
    [-2, 1],
    [-3, 1],
    [0, [0, 1, 2], 8, 2, 1, 0],
    [1, [0, 2, 3], 8, 1, 2, 0],
    [3, [3, 4], 8, 1, 2, 0],
]
"""A published list with so few channels that the tensors of a clip are larger than the filters."""


@pytest.mark.parametrize(
    "structure", [hand_made(), Structure.from_published(SMALL, [], published.Options(object_classes=5))]
)
def test_activation_memory_equals_what_torch_allocates(structure: Structure, tmp_path: Path) -> None:
    network = Network(structure, CLASSES).eval()
    clip = {name.name: torch.rand(1, name.channels, 6, 64, 64) for name in structure.read_modalities}
    with torch.inference_mode():
        network(clip)
        allocated = most_allocated_after_operations(network, clip, tmp_path)
    found = costs(structure, len(CLASSES), frames=6, height=64, width=64)
    assert found.memory.activations == allocated + sum(tensor.nbytes for tensor in clip.values())


def most_allocated_after_operations(network: Network, clip: dict[str, Tensor], folder: Path) -> int:
    """The most bytes in use at the end of an operation, when scratch space is free, by torch's profiler."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profiler:
        network(clip)
    profiler.export_chrome_trace(str(folder / "trace.json"))
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    events = sorted((event for event in events if "ts" in event), key=lambda event: event["ts"])
    ends = [0.0]
    for event in events:
        if event.get("cat") == "cpu_op" and event["ts"] >= ends[-1]:  # else an operation inside the last one
            ends.append(event["ts"] + event["dur"])
    memory = [event for event in events if event["name"] == "[memory]"]
    allocated = np.cumsum([event["args"]["Bytes"] for event in memory])
    last = np.searchsorted([event["ts"] for event in memory], ends[1:], side="right") - 1
    return int(allocated[last[last >= 0]].max())


def test_pruning_costs_less() -> None:
    network = lively(hand_made())
    smaller = prune(network, 0.25)
    assert count_parameters(smaller) < count_parameters(network)
    assert multiply_adds(smaller, frames=4, size=16) < multiply_adds(network, frames=4, size=16)


def test_only_trainable_parameters_are_counted() -> None:
    network = Network(hand_made(), ("only",))
    assert count_parameters(network) == sum(parameter.numel() for parameter in network.parameters())
    assert count_parameters(network.heads) == 2 + 1  # two channels, one class, its bias
    network.heads.requires_grad_(False)
    assert count_parameters(network.heads) == 0


@pytest.mark.parametrize("name", ["actionworld", "actions14", "asnp_lite", "asn50", "full_asnp50"])
def test_rough_multiply_adds_are_within_a_tenth_of_the_exact_ones(name: str) -> None:
    structure, frames, side = resolve_structure(name).structure, 5, 112
    with torch.device("meta"):
        network = Network(structure, CLASSES)
    rough = rough_multiply_adds(network, clips=3, frames=frames, sides=(side, side))
    assert rough == pytest.approx(3 * multiply_adds(network, frames=frames, size=side), rel=0.1)


@pytest.mark.parametrize(("frames", "side"), [(8, 224), (64, 112)])
@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("bottleneck", {}),
        ("dense", {}),
        ("attention", {"heads": 4, "over": "places", "repeats": 3}),
        ("attention", {"heads": 4, "over": "frames"}),
    ],
)
def test_rough_multiply_adds_are_within_a_tenth_for_our_own_kinds_of_blocks(
    kind: str, settings: dict[str, Any], frames: int, side: int
) -> None:
    """Also if most of the work is in peers or in attention, rather than in convolutions."""
    modalities = [Modality("rgb", 3), Modality("flow", 2)]
    blocks = [
        BlockSpec(one.name, 1, "video_input", 24, spatial_stride=4, modality=one.name) for one in modalities
    ]
    blocks += [BlockSpec(f"mid{n}", 2, kind, 32, spatial_stride=2, **settings) for n in range(2)]
    blocks += [BlockSpec("top", 3, kind, 64, **settings)]
    network = Network(Structure.complete(blocks, modalities=modalities), CLASSES)
    rough = rough_multiply_adds(network, clips=1, frames=frames, sides=(side, side))
    assert rough == pytest.approx(multiply_adds(network, frames=frames, size=side), rel=0.1)
