"""The level graph as a pyvis network: levels are rows that rise from the inputs, modality lanes are columns.

Inputs stand at the bottom because every connection goes up, as the words "level" and "below" say. The lane of
mixed blocks stands between the modalities' lanes, so that what flows together meets in the middle.
Positions depend on the structure alone: no clip, frame or pruning moves a block.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyvis.network import Network

from peerattn.figures.palette import Look, looks
from peerattn.graph.connectivity import MIXED
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure

COLUMN = 84
"""Distance in graph units between two blocks that share a level and a lane."""
GAP = 0.4
"""Space between two lanes, in columns."""
ROW = 140
"""Distance in graph units between two levels."""
STAGGER = 0.25
"""Every other level is shifted by this share of a column: what skips a level passes beside its blocks."""

OPTIONS: dict[str, Any] = {
    "physics": {"enabled": False},
    "layout": {"improvedLayout": False},
    "nodes": {"fixed": True},
    "edges": {
        "hidden": True,  # browser/strokes.js draws them along vis-network's curves
        "smooth": {
            "enabled": True,
            "type": "cubicBezier",
            "forceDirection": "vertical",
            "roundness": 0.35,
        },
        "arrows": {"to": {"enabled": False}},
    },
    "interaction": {
        "dragNodes": False,
        "zoomView": False,
        "selectConnectedEdges": False,
        "multiselect": False,
        "tooltipDelay": 0,
    },
}


def lane(structure: Structure, block_id: str) -> str:
    """The modality that alone reaches a block, through any path; `mixed` where several do, or none."""
    origins = structure.reaching_modalities[block_id]
    return next(iter(origins)) if len(origins) == 1 else MIXED


def lanes(structure: Structure) -> dict[str, tuple[float, float]]:
    """Lane → its left and right edge in graph units: lanes with blocks, `mixed` where it best balances."""
    slots: dict[str, int] = {}
    for name in (*(modality.name for modality in structure.modalities), MIXED):
        rows = [
            sum(lane(structure, block.id) == name for block in level) for level in structure.levels.values()
        ]
        slots[name] = max(rows)
    names = [name for name in slots if name != MIXED and slots[name]]
    if slots[MIXED]:
        total = sum(slots[name] for name in names)
        places = range(len(names) + 1)
        best = min(
            places,
            key=lambda place: abs(total - 2 * sum(slots[name] for name in names[:place])),
        )
        names.insert(best, MIXED)
    edges: dict[str, tuple[float, float]] = {}
    left = 0.0
    for name in names:
        edges[name] = (left, left + slots[name] * COLUMN)
        left += (slots[name] + GAP) * COLUMN
    return edges


def positions(structure: Structure) -> dict[str, tuple[float, float]]:
    """Block → (x, y) in graph units: x by order in its level and lane, y by level (up is negative)."""
    edges = lanes(structure)
    placed: dict[str, tuple[float, float]] = {}
    for row, level in enumerate(structure.levels.values()):
        for name, (left, right) in edges.items():
            members = [block.id for block in level if lane(structure, block.id) == name]
            shift = STAGGER * COLUMN * (1 if row % 2 else -1) if len(members) * COLUMN < right - left else 0.0
            start = (left + right - (len(members) - 1) * COLUMN) / 2 + shift
            placed |= {
                block: (start + slot * COLUMN, float(-row * ROW)) for slot, block in enumerate(members)
            }
    return placed


def level_graph(
    structure: Structure, connection_weights: Mapping[str, float | None] | None = None
) -> Network:
    """pyvis' nodes, edges and options; width by connection weight (the initial ones where none are given).

    A connection without a weight counts fully and has the width of 1. The edge's id is its connection's key.
    """
    weights = connection_weights or {spec.key: spec.weight for spec in structure.connections}
    style = looks([modality.name for modality in structure.modalities])
    place = positions(structure)
    network = Network(directed=True)
    network.options = OPTIONS
    for block in structure.blocks:
        _add_block(network, block, style[lane(structure, block.id)], place[block.id])
    for connection in structure.connections:
        look = style[lane(structure, connection.source)]
        network.add_edge(
            connection.source,
            connection.target,
            id=connection.key,
            width=edge_width(weights.get(connection.key)),
            dashes=list(look.pattern) or False,
            arrows="",
        )
    return network


def _add_block(network: Network, block: BlockSpec, look: Look, place: tuple[float, float]) -> None:
    network.add_node(
        block.id,
        label=block.id,
        shape=look.shape,
        color=look.color,
        x=place[0],
        y=place[1],
        level=block.level,
    )


def edge_width(connection_weight: float | None) -> float:
    """Screen pixels: 1 at weight 0, 5.5 at weight 1 or without a weight."""
    return 1 + 4.5 * (1.0 if connection_weight is None else connection_weight)
