"""Small structures with every kind of block and head, with peers, several dilations and computed flow."""

from typing import Any

from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure

RGB, FLOW, OBJECT = Modality("rgb", 3), Modality("flow", 2, iterations=3), Modality("object", 2, (), (2, 3))
READ_FLOW = Modality("flow", 2)


def _joined(
    inputs: list[BlockSpec], kind: str, head: str, modalities: tuple[Modality, ...], **widths: Any
) -> Structure:
    """These input blocks, two blocks of one kind above them, and a top block that reads all of them."""
    reduction = max(block.reduction for block in inputs)
    size = {"input_reduction": reduction, "input_width": 4, "attention_width": 3, **widths}
    middle = [BlockSpec(f"mid{dilation}", 2, kind, 4, dilation, repeats=2, **size) for dilation in (1, 3)]
    top = BlockSpec("top", 3, kind, 5, 2, 2, repeats=3, **size)
    blocks = [*inputs, *middle, top]
    connections = []
    for target in (*middle, top):
        below = tuple(block.id for block in blocks if block.level < target.level)
        connections += [ConnectionSpec(source, target.id, below, "peer", 0.4) for source in below]
    return Structure(tuple(blocks), tuple(connections), (OutputSpec("top", head),), modalities)


def own() -> Structure:
    """The kinds of block that this package trains from scratch."""
    inputs = [
        BlockSpec(f"{name}1", 1, "video_input", 4, dilation, 4, modality=name)
        for name, dilation in (("rgb", 2), ("flow", 1), ("object", 1))
    ]
    return _joined(inputs, "bottleneck", "classification", (RGB, READ_FLOW, OBJECT))


def assemblenet(head: str = "assemblenet_over_time") -> Structure:
    """Optical flow is computed from the frames; object maps are pooled."""
    inputs = [
        BlockSpec("rgb1", 1, "assemblenet_rgb", 4, 2, 4, modality="rgb"),
        BlockSpec("flow1", 1, "assemblenet_flow", 4, 0, 4, modality="flow", reads="rgb"),
        BlockSpec("object1", 1, "object_input", 2, spatial_stride=4, modality="object"),
    ]
    widths = {"inner_width": 2, "middle_width": 3}
    return _joined(inputs, "assemblenet", head, (RGB, FLOW, OBJECT), **widths)


def lite(head: str = "lite_over_time") -> Structure:
    """The blocks of AssembleNet++lite; optical flow is computed from the frames."""
    inputs = [
        BlockSpec("rgb1", 1, "lite_input", 4, 2, 2, modality="rgb"),
        BlockSpec("flow1", 1, "lite_input", 4, 1, 2, modality="flow", reads="rgb"),
    ]
    return _joined(inputs, "lite", head, (RGB, FLOW), inner_width=3, middle_width=3)


def dense() -> Structure:
    """Fully connected blocks of one to three layers."""
    inputs = [
        BlockSpec("rgb1", 1, "dense", 4, spatial_stride=4, modality="rgb"),
        BlockSpec("object1", 1, "dense", 4, spatial_stride=2, repeats=2, inner_width=3, modality="object"),
    ]
    return _joined(inputs, "dense", "classification", (RGB, OBJECT), inner_width=5)


def attention(over: str) -> Structure:
    """Blocks that attend over positions or frames, above one that reads neighbouring frames."""
    inputs = [
        BlockSpec("rgb1", 1, "video_input", 4, 2, 4, modality="rgb"),
        BlockSpec("object1", 1, "attention", 4, spatial_stride=4, modality="object", heads=2, over="places"),
    ]
    return _joined(inputs, "attention", "classification", (RGB, OBJECT), heads=1, over=over)


def vectors() -> Structure:
    """Modalities that describe frames by numbers, without pixels."""
    inputs = [
        BlockSpec("rgb1", 1, "vector_input", 4, modality="rgb", channels=(1, 3)),
        BlockSpec("rgb2", 1, "standardised_input", 3, modality="rgb"),
        BlockSpec("joints1", 1, "vector_input", 3, modality="joints"),
    ]
    middle = [BlockSpec(f"mid{d}", 2, "temporal", width, d, repeats=2) for d, width in ((1, 4), (3, 5))]
    blocks = [*inputs, *middle, BlockSpec("top", 3, "temporal", 5, 2)]
    modalities = [Modality("rgb", 3, pixels=False), Modality("joints", 2, pixels=False)]
    return Structure.complete(blocks, modalities=modalities, head="temporal")


EVERY_KIND = {
    "own": own(),
    "assemblenet": assemblenet(),
    "lite": lite(),
    "dense": dense(),
    "attention over places": attention("places"),
    "attention over frames": attention("frames"),
    "vectors": vectors(),
}
