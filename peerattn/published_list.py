"""The list format of the published AssembleNet structures, read into blocks and connections and back.

A node is `[stem level, temporal dilation]`, or `[level, [input nodes], filters, temporal dilation, spatial
stride, 0]`; the edge weights have one entry a node, `[]` or `[[one weight an input]]`, after the sigmoid.
Stem levels -1, -2 and -3 read rgb, flow and object and are our level 1; levels 0 to 3 are our levels 2 to
5. A block's id is its node's position. What the lists leave open is in `Options`.

Source: google-research, folder assemblenet, commit 0c1bbe5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from peerattn.errors import PeerattnError
from peerattn.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec

FAMILIES = ("assemblenet", "assemblenet_plus", "assemblenet_plus_lite")
DEPTHS = {
    26: (2, 2, 2, 2),
    38: (2, 4, 4, 2),
    50: (3, 4, 6, 3),
    68: (3, 4, 12, 3),
    77: (3, 4, 15, 3),
    101: (3, 4, 23, 3),
}
"""Depth → residual blocks of a node at published levels 0 to 3."""
MIDDLE_WIDTHS = (64, 128, 256, 512)
"""Channels of the 3×3 convolutions at published levels 0 to 3, whatever a node's filters."""
STEM_CHANNELS = 128
"""Shared among the stems of AssembleNet and AssembleNet++."""
LITE_STEM_WIDTH = 24
STEMS = {-1: "rgb", -2: "flow", -3: "object"}
TOP_LEVEL = 3
KINDS = ("assemblenet_rgb", "assemblenet_flow", "object_input", "assemblenet", "lite_input", "lite")
FLOW_ITERATIONS = {"assemblenet": 40, "assemblenet_plus": 40, "assemblenet_plus_lite": 20}
DECLARABLE_CLASSES = 255
"""Object maps hold one byte a pixel, 0 the background."""


@dataclass(frozen=True)
class Options:
    """What a published list leaves open.

    `family` is assemblenet_plus_lite where filters are triples, else assemblenet_plus. `clip_width` in
    pixels is lite's official width rule, by mistake bound to the width of the clip; without it lite has the
    rule of the others. `softmax_over_time` is the official flag max_pool_preditions.
    """

    family: str | None = None
    depth: int = 50
    attention: str | None = None
    object_classes: int = 151
    clip_width: int | None = None
    lite_repeats: tuple[int, int, int, int] = (3, 5, 11, 7)
    softmax_over_time: bool = False

    def __post_init__(self) -> None:
        if self.family not in (None, *FAMILIES):
            raise PeerattnError(f"family {self.family!r} must be one of {', '.join(FAMILIES)}")
        if self.depth not in DEPTHS:
            raise PeerattnError(f"depth {self.depth} must be one of {', '.join(map(str, DEPTHS))}")
        if self.family == "assemblenet" and self.attention not in (None, "none"):
            raise PeerattnError("AssembleNet has no attention: choose the family assemblenet_plus")
        if not _whole(self.object_classes, 1, 8192):
            raise PeerattnError(f"object_classes is {self.object_classes!r}: give 1 to 8192")
        if self.clip_width is not None and not _whole(self.clip_width, 1, 8192):
            raise PeerattnError(f"clip_width is {self.clip_width!r}: give 1 to 8192 pixels, or none")

    def filled(self, nodes: Sequence[Node]) -> Options:
        """With the family that the nodes show, and its attention."""
        lite = any(isinstance(node.filters, tuple) for node in nodes)
        family = self.family or FAMILIES[2 if lite else 1]
        attention = "none" if family == "assemblenet" else self.attention or "peer"
        return replace(self, family=family, attention=attention)

    @property
    def lite(self) -> bool:
        return self.family == "assemblenet_plus_lite"


class Node(NamedTuple):
    """One node of a list; a stem has no inputs."""

    level: int
    inputs: tuple[int, ...]
    filters: int | tuple[int, int, int]
    dilation: int
    stride: int


class Parts(NamedTuple):
    """What a Structure is made of."""

    blocks: tuple[BlockSpec, ...]
    connections: tuple[ConnectionSpec, ...]
    outputs: tuple[OutputSpec, ...]
    modalities: tuple[Modality, ...]


def read(nodes: Any, edge_weights: Any, options: Options) -> Parts:
    """Blocks, connections, outputs and modalities of a list; raises PeerattnError naming the wrong node."""
    if not isinstance(nodes, list | tuple) or not nodes:
        raise PeerattnError("a published structure is a list of nodes: give at least one")
    given = [_node(position, item) for position, item in enumerate(nodes)]
    for position, node in enumerate(given):
        _check_inputs(position, node, given)
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
        tuple(_connections(given, blocks, _weights(edge_weights, given), options)),
        _outputs(given, options),
        _modalities(given, options),
    )


def _node(position: int, item: Any) -> Node:
    """A node of a list, checked on its own."""
    refused = PeerattnError(
        f"node {position} is {_short(item)}: give [level -1, -2 or -3, dilation], or "
        "[level 0 to 3, [inputs], filters, dilation, stride, 0]"
    )
    if not isinstance(item, list | tuple) or len(item) not in (2, 6) or not _whole(item[0], -3, TOP_LEVEL):
        raise refused
    if (item[0] < 0) != (len(item) == 2):
        raise refused
    if item[0] < 0:
        return Node(item[0], (), 0, _number(position, "temporal dilation", item[1], 0, 64), 1)
    level, inputs, filters, dilation, stride, last = item
    if not _whole(last, 0, 0):
        raise PeerattnError(f"node {position} ends in {_short(last)}: the last number of a node is 0")
    if not isinstance(inputs, list | tuple) or not inputs:
        raise PeerattnError(f"node {position}: inputs is {_short(inputs)}, give a list of earlier nodes")
    return Node(
        level,
        tuple(inputs),
        _filters(position, filters),
        _number(position, "temporal dilation", dilation, 1, 64),
        _number(position, "spatial stride", stride, 1, 8),
    )


def _filters(position: int, filters: Any) -> int | tuple[int, int, int]:
    if isinstance(filters, list | tuple):
        if len(filters) != 3:
            raise PeerattnError(f"node {position}: filters is {_short(filters)}, lite has three of them")
        first, middle, last = (_number(position, "filters", one, 1, 8192) for one in filters)
        return first, middle, last
    return _number(position, "filters", filters, 1, 2048)


def _number(position: int, name: str, value: Any, least: int, most: int) -> int:
    if not _whole(value, least, most):
        raise PeerattnError(
            f"node {position}: {name} is {_short(value)}, but must be a whole number from {least} to {most}"
        )
    number: int = value
    return number


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check_inputs(position: int, node: Node, nodes: Sequence[Node]) -> None:
    for source in node.inputs:
        if not _whole(source, 0, position - 1):
            raise PeerattnError(f"node {position}: input {_short(source)} is not an earlier node")
        if nodes[source].level >= node.level:
            raise PeerattnError(
                f"node {position}: input {source} is at level {nodes[source].level}, "
                f"which is not below level {node.level}"
            )
    if len(set(node.inputs)) < len(node.inputs):
        raise PeerattnError(f"node {position}: inputs {_short(list(node.inputs))} name a node twice")


def _weights(edge_weights: Any, nodes: Sequence[Node]) -> list[tuple[float, ...]] | None:
    """Per node, its edge weights, none for stems and single inputs; None where all are learned."""
    if not isinstance(edge_weights, list | tuple):
        raise PeerattnError(f"edge weights are {_short(edge_weights)}: give a list with one entry a node")
    if not edge_weights:
        return None
    if len(edge_weights) != len(nodes):
        raise PeerattnError(
            f"node {min(len(edge_weights), len(nodes))}: {len(nodes)} nodes have {len(edge_weights)} "
            "entries of edge weights, give one a node"
        )
    return [
        _node_weights(position, entry, node)
        for position, (entry, node) in enumerate(zip(edge_weights, nodes, strict=True))
    ]


def _node_weights(position: int, entry: Any, node: Node) -> tuple[float, ...]:
    if len(node.inputs) < 2:
        if not isinstance(entry, list | tuple) or entry:
            raise PeerattnError(
                f"node {position} has edge weights {_short(entry)}: with fewer than two inputs it has none, "
                "give []"
            )
        return ()
    inner = entry[0] if isinstance(entry, list | tuple) and len(entry) == 1 else None
    if not isinstance(inner, list | tuple) or len(inner) != len(node.inputs):
        raise PeerattnError(
            f"node {position} has edge weights {_short(entry)}: give [[one weight for each of its "
            f"{len(node.inputs)} inputs]]"
        )
    for weight in inner:
        if not isinstance(weight, float) or not 0 < weight < 1:
            raise PeerattnError(
                f"node {position}: edge weight {_short(weight)} must lie between 0 and 1, sigmoid applied"
            )
    return tuple(inner)


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
        raise PeerattnError(f"node {position}: filters is {_short(node.filters)}, but here it is {wanted}")
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
    if options.lite and options.clip_width is not None:
        return _compatible_width(sources, options.clip_width, options.object_classes)
    widths = [source.width for source in sources]
    if options.family != "assemblenet":
        widths = [width for width in widths if width != options.object_classes]
    if not widths:
        raise PeerattnError(
            f"node {position}: all its inputs have {options.object_classes} channels like the object maps, "
            "which leaves its width open: add another input"
        )
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
    return tuple(other.id for other in sorted(below, key=_published_level))


def _published_level(block: BlockSpec) -> int:
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


def write(blocks: Sequence[BlockSpec], connections: Sequence[ConnectionSpec]) -> tuple[list[Any], list[Any]]:
    """Nodes and edge weights of a structure; raises PeerattnError where the format cannot say it."""
    into: dict[str, list[ConnectionSpec]] = {block.id: [] for block in blocks}
    for connection in connections:
        into[connection.target].append(connection)
    by_id = {block.id: block for block in blocks}
    nodes: list[Any] = []
    for position, block in enumerate(blocks):
        _check_writable(position, block, into[block.id], by_id)
        nodes.append(_written(block, into[block.id]))
    if all(connection.learned for connection in connections):
        return nodes, []
    weights = [[spec.weight for spec in into[block.id] if spec.weight is not None] for block in blocks]
    return nodes, [[values] if values else [] for values in weights]


def _written(block: BlockSpec, arriving: Sequence[ConnectionSpec]) -> list[Any]:
    if block.is_input:
        return [_published_level(block), block.temporal_dilation]
    filters: Any = block.inner_width
    if block.kind == "lite":
        filters = [block.inner_width, block.middle_width, block.width]
    inputs = [int(spec.source) for spec in arriving]
    return [_published_level(block), inputs, filters, block.temporal_dilation, block.spatial_stride, 0]


def _check_writable(
    position: int, block: BlockSpec, arriving: Sequence[ConnectionSpec], by_id: Mapping[str, BlockSpec]
) -> None:
    """The format says nothing of what a block was built for: it must follow from what arrives."""
    if block.id != str(position) or block.kind not in KINDS:
        raise PeerattnError(
            f"block {block.id} of kind {block.kind!r}: a published list holds blocks of {', '.join(KINDS)}, "
            "named by their positions"
        )
    if block.is_input:
        return
    sources = [by_id[spec.source] for spec in arriving]
    reduction = max((source.reduction for source in sources), default=0)
    weighted = [spec.weight is not None for spec in arriving]
    if reduction != block.input_reduction or not all(one == (len(arriving) > 1) for one in weighted):
        raise PeerattnError(
            f"block {block.id} is built for more connections than arrive at it: a published list cannot hold "
            "a pruned structure"
        )
