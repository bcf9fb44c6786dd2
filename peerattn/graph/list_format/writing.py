"""From the blocks and connections of a structure back to a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.reading import published_level
from peerattn.graph.specs import BlockSpec, ConnectionSpec

KINDS = ("assemblenet_rgb", "assemblenet_flow", "object_input", "assemblenet", "lite_input", "lite")


def write(blocks: Sequence[BlockSpec], connections: Sequence[ConnectionSpec]) -> tuple[list[Any], list[Any]]:
    """Nodes and edge weights of a structure; raises PeerattnError where the format cannot say it."""
    _check_weights(connections)
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


def _check_weights(connections: Sequence[ConnectionSpec]) -> None:
    """The format fixes all weights, or leaves all to be learned without saying where from."""
    learned = [spec for spec in connections if spec.learned]
    if learned and (
        len(learned) < len(connections) or any(spec.weight not in (0.5, None) for spec in learned)
    ):
        raise PeerattnError(
            f"connection {learned[0].key}: a published list fixes the weights of all connections, or leaves "
            "all to be learned, from 0.5"
        )


def _written(block: BlockSpec, arriving: Sequence[ConnectionSpec]) -> list[Any]:
    if block.is_input:
        return [published_level(block), block.temporal_dilation]
    filters: Any = block.inner_width
    if block.kind == "lite":
        filters = [block.inner_width, block.middle_width, block.width]
    inputs = [int(spec.source) for spec in arriving]
    return [published_level(block), inputs, filters, block.temporal_dilation, block.spatial_stride, 0]


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
    fits = block.kind == "lite" or block.input_width in _widest(source.width for source in sources)
    if (
        reduction != block.input_reduction
        or not fits
        or not all(one == (len(arriving) > 1) for one in weighted)
    ):
        raise PeerattnError(
            f"block {block.id} is built for more connections than arrive at it: a published list cannot hold "
            "a pruned structure"
        )


def _widest(widths: Iterable[int]) -> list[int]:
    """The two greatest widths: a list may leave out one, as that of object maps."""
    return sorted(set(widths))[-2:]
