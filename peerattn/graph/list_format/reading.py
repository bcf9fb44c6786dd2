"""From the nodes of a list to blocks, connections, outputs and modalities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.nodes import STEMS, TOP_LEVEL, Node, read_nodes, read_weights, short
from peerattn.graph.list_format.options import DEPTHS, FAMILIES, Options
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec

MIDDLE_WIDTHS = (64, 128, 256, 512)
"""Channels of the 3×3 convolutions at published levels 0 to 3, whatever a node's filters."""
STEM_CHANNELS = 128
"""Shared among the stems of AssembleNet and AssembleNet++."""
LITE_STEM_WIDTH = 24
FLOW_ITERATIONS = {"assemblenet": 40, "assemblenet_plus": 40, "assemblenet_plus_lite": 20}
DECLARABLE_CLASSES = 255
"""Object maps hold one byte a pixel, 0 the background."""


class Parts(NamedTuple):
    """What a Structure is made of."""

    blocks: tuple[BlockSpec, ...]
    connections: tuple[ConnectionSpec, ...]
    outputs: tuple[OutputSpec, ...]
    modalities: tuple[Modality, ...]


def read(nodes: Any, edge_weights: Any, options: Options) -> Parts:
    """Blocks, connections, outputs and modalities of a list; raises PeerattnError naming the wrong node."""
    given = read_nodes(nodes)
    options = options.filled(given)
    blocks: list[BlockSpec] = []
    for position, node in enumerate(given):
        sources = [blocks[source] for source in node.inputs]
        blocks.append(
            _block(position, node, sources, options) if sources else _stem(position, node, given, options)
        )
    blocks = [_attending(block, blocks, options) for block in blocks]
    return Parts(
        tuple(blocks),
        tuple(_connections(given, blocks, read_weights(edge_weights, given), options)),
        _outputs(given, options),
        _modalities(given, options),
    )


def _stem(position: int, node: Node, nodes: Sequence[Node], options: Options) -> BlockSpec:
    modality = STEMS[node.level]
    if options.lite and modality == "object":
        raise PeerattnError(f"node {position}: AssembleNet++lite has no object input")
    kind, width, stride = "object_input", options.object_classes, 4
    if options.lite:
        kind, width, stride = "lite_input", LITE_STEM_WIDTH, 2
    elif modality != "object":
        kind, width = f"assemblenet_{modality}", STEM_CHANNELS // sum(other.level < 0 for other in nodes)
    if width == 0:
        raise PeerattnError(f"node {position}: more than {STEM_CHANNELS} stems leave no channels for one")
    reads = "rgb" if modality == "flow" else None
    return BlockSpec(str(position), 1, kind, width, node.dilation, stride, modality=modality, reads=reads)


def _block(position: int, node: Node, sources: Sequence[BlockSpec], options: Options) -> BlockSpec:
    """A node with inputs: what reaches it decides once and for all what it is brought to."""
    lite = isinstance(node.filters, tuple)
    if lite != options.lite:
        wanted = "three filters a node" if options.lite else "one number of filters a node"
        raise PeerattnError(f"node {position}: filters is {short(node.filters)}, but here it is {wanted}")
    if isinstance(node.filters, tuple):
        inner, middle, width = node.filters
        repeats = options.lite_repeats[node.level]
    else:
        inner, middle, width = node.filters, MIDDLE_WIDTHS[node.level], 4 * node.filters
        repeats = DEPTHS[options.depth][node.level]
    return BlockSpec(
        str(position),
        node.level + 2,
        "lite" if lite else "assemblenet",
        width,
        node.dilation,
        node.stride,
        repeats,
        input_reduction=max(source.reduction for source in sources),
        input_width=_input_width(position, sources, options),
        inner_width=inner,
        middle_width=middle,
        pooling="height",
    )


def _input_width(position: int, sources: Sequence[BlockSpec], options: Options) -> int:
    """The channels that the sources are brought to: the widest, maps of objects not counted."""
    if len(sources) == 1:
        return sources[0].width
    widths = [source.width for source in sources]
    if options.family != "assemblenet":
        widths = [width for width in widths if width != options.object_classes]
    if not widths:
        raise PeerattnError(
            f"node {position}: all its inputs have {options.object_classes} channels like the object maps, "
            "which leaves its width open: add another input"
        )
    if options.lite and options.clip_width is not None:
        return _compatible_width(sources, options.clip_width, options.object_classes)
    return max(widths)


def _compatible_width(sources: Sequence[BlockSpec], clip_width: int, object_classes: int) -> int:
    """Lite as published: the width in pixels of the last source with more channels than the width so far."""
    width = 0
    for source in sources:
        if source.width > width and source.width != object_classes:
            width = -(-clip_width // source.reduction)
    return width


def _attending(block: BlockSpec, blocks: Sequence[BlockSpec], options: Options) -> BlockSpec:
    """With the width that its peers are projected to, the widest one's; self attention has those unused."""
    if block.is_input or options.attention not in ("peer", "self"):
        return block
    width = max(other.width for other in blocks if other.level < block.level)
    unused = _peers(block, blocks) if options.attention == "self" else ()
    return replace(block, attention_width=width, unused_projections=unused)


def _peers(block: BlockSpec, blocks: Sequence[BlockSpec]) -> tuple[str, ...]:
    """All blocks below: by published level (object, flow, rgb, 0, 1, …), and in a level by position."""
    below = [other for other in blocks if other.level < block.level]
    return tuple(other.id for other in sorted(below, key=published_level))


def published_level(block: BlockSpec) -> int:
    stems = {modality: level for level, modality in STEMS.items()}
    return stems[block.modality] if block.modality else block.level - 2


def _connections(
    nodes: Sequence[Node],
    blocks: Sequence[BlockSpec],
    weights: list[tuple[float, ...]] | None,
    options: Options,
) -> list[ConnectionSpec]:
    """A node's only input has no weight; fixed weights are not learned, nor is there one to learn there."""
    attention = options.attention or "none"
    connections = []
    for position, (node, block) in enumerate(zip(nodes, blocks, strict=True)):
        peers = _peers(block, blocks) if attention == "peer" else ()
        fixed = weights[position] if weights else ()
        for number, source in enumerate(node.inputs):
            weight = None if len(node.inputs) == 1 else fixed[number] if weights else 0.5
            connections.append(
                ConnectionSpec(str(source), block.id, peers, attention, weight, learned=weights is None)
            )
    return connections


def _outputs(nodes: Sequence[Node], options: Options) -> tuple[OutputSpec, ...]:
    """The nodes at the top level, of which lite reads the first only."""
    top = [str(position) for position, node in enumerate(nodes) if node.level == TOP_LEVEL]
    if not top:
        raise PeerattnError(
            f"node {len(nodes) - 1} is the last and none is at level {TOP_LEVEL}, from which classes are read"
        )
    head = ("lite" if options.lite else "assemblenet") + ("_over_time" if options.softmax_over_time else "")
    return tuple(OutputSpec(block, head) for block in (top[:1] if options.lite else top))


def _modalities(nodes: Sequence[Node], options: Options) -> tuple[Modality, ...]:
    """Those of the stems; flow is computed from rgb, which is then read even where no stem is of it."""
    found = {STEMS[node.level] for node in nodes if node.level < 0}
    modalities = []
    if found & {"rgb", "flow"}:
        modalities.append(Modality("rgb", 3, ("red", "green", "blue")))
    if "flow" in found:
        iterations = FLOW_ITERATIONS[options.family or FAMILIES[1]]
        modalities.append(Modality("flow", 2, ("across", "down"), iterations=iterations))
    if "object" in found:
        count = options.object_classes
        class_ids = tuple(range(1, count + 1)) if count <= DECLARABLE_CLASSES else ()
        modalities.append(Modality("object", count, class_ids=class_ids))
    return tuple(modalities)
