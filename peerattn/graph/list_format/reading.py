"""Converting the nodes of a list to blocks, connections, outputs and modalities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.nodes import STEMS, TOP_LEVEL, Node, preview, read_nodes, read_weights
from peerattn.graph.list_format.options import DEPTHS, FAMILIES, Options
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec

MIDDLE_WIDTHS = (64, 128, 256, 512)
"""Channels of the 3×3 convolutions at published levels 0 to 3, independent of a node's filters."""
STEM_CHANNELS = 128
"""Total number of channels, divided among the stems of AssembleNet and AssembleNet++."""
LITE_STEM_WIDTH = 24
FLOW_ITERATIONS = {"assemblenet": 40, "assemblenet_plus": 40, "assemblenet_plus_lite": 20}
DECLARABLE_CLASSES = 255
"""The greatest number of object classes: object maps store one byte per pixel, and 0 is the background."""


class Parts(NamedTuple):
    """The parts from which a Structure is made."""

    blocks: tuple[BlockSpec, ...]
    connections: tuple[ConnectionSpec, ...]
    outputs: tuple[OutputSpec, ...]
    modalities: tuple[Modality, ...]


def read(nodes: Any, edge_weights: Any, options: Options) -> Parts:
    """Return the blocks, connections, outputs and modalities of a list.

    Raises PeerattnError, which names the invalid node, if the list does not follow the format.
    """
    checked = read_nodes(nodes)
    options = options.with_defaults(checked)
    blocks: list[BlockSpec] = []
    for position, node in enumerate(checked):
        sources = [blocks[source] for source in node.inputs]
        blocks.append(
            _block(position, node, sources, options) if sources else _stem(position, node, checked, options)
        )
    blocks = [_with_attention_width(block, blocks, options) for block in blocks]
    return Parts(
        tuple(blocks),
        tuple(_connections(checked, blocks, read_weights(edge_weights, checked), options)),
        _outputs(checked, options),
        _modalities(checked, options),
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
    """Return the block of a node with inputs; its sources fix its input size and width once and for all."""
    lite = isinstance(node.filters, tuple)
    if lite != options.lite:
        needed = "three numbers per node" if options.lite else "one number per node"
        raise PeerattnError(
            f"node {position}: filters is {preview(node.filters)}, but this family needs {needed}"
        )
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
    """Return the number of channels to which the sources are brought: the widest, except for object maps."""
    if len(sources) == 1:
        return sources[0].width
    widths = [source.width for source in sources]
    if options.family != "assemblenet":
        widths = [width for width in widths if width != options.object_classes]
    if not widths:
        raise PeerattnError(
            f"node {position}: all its inputs have {options.object_classes} channels like the object maps, "
            "so its width is not determined: add another input"
        )
    if options.lite and options.clip_width is not None:
        return _compatible_width(sources, options.clip_width, options.object_classes)
    return max(widths)


def _compatible_width(sources: Sequence[BlockSpec], clip_width: int, object_classes: int) -> int:
    """Return lite's width as published: the width in pixels of the last source that has more channels than
    the width so far.
    """
    width = 0
    for source in sources:
        if source.width > width and source.width != object_classes:
            width = -(-clip_width // source.reduction)
    return width


def _with_attention_width(block: BlockSpec, blocks: Sequence[BlockSpec], options: Options) -> BlockSpec:
    """Return the block with the width of its widest peer, to which all its peers are projected.

    With self attention these projections exist but are unused.
    """
    if block.is_input or options.attention not in ("peer", "self"):
        return block
    width = max(other.width for other in blocks if other.level < block.level)
    unused = _peers(block, blocks) if options.attention == "self" else ()
    return replace(block, attention_width=width, unused_projections=unused)


def _peers(block: BlockSpec, blocks: Sequence[BlockSpec]) -> tuple[str, ...]:
    """Return all blocks below, by published level (object, flow, rgb, 0, 1, …) and, within a level, by
    position.
    """
    below = [other for other in blocks if other.level < block.level]
    return tuple(other.id for other in sorted(below, key=published_level))


def published_level(block: BlockSpec) -> int:
    """Return the level of a block in the list format: -3 to -1 for stems, 0 to 3 for other nodes."""
    stems = {modality: level for level, modality in STEMS.items()}
    return stems[block.modality] if block.modality else block.level - 2


def _connections(
    nodes: Sequence[Node],
    blocks: Sequence[BlockSpec],
    weights: list[tuple[float, ...]] | None,
    options: Options,
) -> list[ConnectionSpec]:
    """Return the connections. A node's only input has no weight; if weights are fixed, none is learned."""
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
    """Return the outputs: all nodes at the top level or, in lite, only the first of them."""
    top = [str(position) for position, node in enumerate(nodes) if node.level == TOP_LEVEL]
    if not top:
        raise PeerattnError(
            f"node {len(nodes) - 1} is the last, but no node is at level {TOP_LEVEL}, which the heads read: "
            "add one"
        )
    head = ("lite" if options.lite else "assemblenet") + ("_over_time" if options.softmax_over_time else "")
    return tuple(OutputSpec(block, head) for block in (top[:1] if options.lite else top))


def _modalities(nodes: Sequence[Node], options: Options) -> tuple[Modality, ...]:
    """Return the modalities of the stems, and rgb if there is a flow stem, since flow is computed from it."""
    stems = {STEMS[node.level] for node in nodes if node.level < 0}
    modalities = []
    if stems & {"rgb", "flow"}:
        modalities.append(Modality("rgb", 3, ("red", "green", "blue")))
    if "flow" in stems:
        iterations = FLOW_ITERATIONS[options.family or FAMILIES[1]]
        modalities.append(Modality("flow", 2, ("across", "down"), iterations=iterations))
    if "object" in stems:
        count = options.object_classes
        class_ids = tuple(range(1, count + 1)) if count <= DECLARABLE_CLASSES else ()
        modalities.append(Modality("object", count, class_ids=class_ids))
    return tuple(modalities)
