"""Converting the blocks and connections of a structure back to a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.reading import published_level
from peerattn.graph.specs import BlockSpec, ConnectionSpec

KINDS = ("assemblenet_rgb", "assemblenet_flow", "object_input", "assemblenet", "lite_input", "lite")


def write(blocks: Sequence[BlockSpec], connections: Sequence[ConnectionSpec]) -> tuple[list[Any], list[Any]]:
    """Return nodes and edge weights; raises PeerattnError if the format cannot express the structure."""
    _check_weights(connections)
    into: dict[str, list[ConnectionSpec]] = {block.id: [] for block in blocks}
    for connection in connections:
        into[connection.target].append(connection)
    by_id = {block.id: block for block in blocks}
    nodes: list[Any] = []
    for position, block in enumerate(blocks):
        _check_writable(position, block, into[block.id], by_id)
        nodes.append(_node(block, into[block.id]))
    if all(connection.learned for connection in connections):
        return nodes, []
    weights = [[spec.weight for spec in into[block.id] if spec.weight is not None] for block in blocks]
    return nodes, [[values] if values else [] for values in weights]


def _check_weights(connections: Sequence[ConnectionSpec]) -> None:
    """Check that either all weights are fixed or all are learned from 0.5: the format stores no initial
    values.
    """
    learned = [spec for spec in connections if spec.learned]
    if learned and (
        len(learned) < len(connections) or any(spec.weight not in (0.5, None) for spec in learned)
    ):
        raise PeerattnError(
            f"connection {learned[0].key}: in a published list either all connection weights are fixed, or "
            "all are learned from an initial 0.5"
        )


def _node(block: BlockSpec, arriving: Sequence[ConnectionSpec]) -> list[Any]:
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
    """Check that a block's input size and width follow from its sources, since the format does not store
    them.
    """
    if block.id != str(position) or block.kind not in KINDS:
        raise PeerattnError(
            f"block {block.id} of kind {block.kind!r}: a published list can only contain blocks of the kinds "
            f"{', '.join(KINDS)}, whose ids are their positions"
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
            f"block {block.id} was built for more incoming connections than it has: a published list cannot "
            "express a pruned structure"
        )


def _widest(widths: Iterable[int]) -> list[int]:
    """Return the two greatest widths: reading a list may ignore the greatest one, if it is that of object
    maps.
    """
    return sorted(set(widths))[-2:]
