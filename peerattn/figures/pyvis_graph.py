"""The level graph as a pyvis network: levels are rows, with the inputs at the bottom, and lanes are columns.

Inputs are at the bottom because every connection leads to a higher level. The lane of mixed blocks is between
the lanes of the modalities, where their connections come together. Positions depend on the structure alone:
no clip, frame or pruning moves a block.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyvis.network import Network

from peerattn.figures.palette import Look, looks
from peerattn.graph.connectivity import MIXED
from peerattn.graph.specs import BlockSpec, ConnectionSpec
from peerattn.graph.structure import Structure

COLUMN = 84
"""Distance between two blocks in the same level and lane, in graph units."""
GAP = 0.4
"""Space between two lanes, as a fraction of `COLUMN`."""
ROW = 140
"""Distance between two levels, in graph units."""
STAGGER = 0.25
"""Shift of every other level, as a fraction of `COLUMN`, so connections that skip a level miss its blocks."""

OPTIONS: dict[str, Any] = {
    "physics": {"enabled": False},
    "layout": {"improvedLayout": False},
    "nodes": {"fixed": True},
    "edges": {
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
    """Return the only modality with a path to a block, or `mixed` if several modalities or none have one."""
    origins = structure.reaching_modalities[block_id]
    return next(iter(origins)) if len(origins) == 1 else MIXED


def lanes(structure: Structure) -> dict[str, tuple[float, float]]:
    """Map each lane that has blocks to its left and right edge in graph units.

    The lane `mixed` is placed so that the widths of the lanes to its left and right are as equal as possible.
    """
    slots: dict[str, int] = {}
    for name in (*(modality.name for modality in structure.modalities), MIXED):
        rows = [
            sum(lane(structure, block.id) == name for block in level) for level in structure.levels.values()
        ]
        slots[name] = max(rows)
    names = [name for name in slots if name != MIXED and slots[name]]
    if slots[MIXED]:
        total = sum(slots[name] for name in names)
        best = min(
            range(len(names) + 1),
            key=lambda index: abs(total - 2 * sum(slots[name] for name in names[:index])),
        )
        names.insert(best, MIXED)
    edges: dict[str, tuple[float, float]] = {}
    left = 0.0
    for name in names:
        edges[name] = (left, left + slots[name] * COLUMN)
        left += (slots[name] + GAP) * COLUMN
    return edges


def positions(structure: Structure) -> dict[str, tuple[float, float]]:
    """Map each block to (x, y) in graph units; y decreases with the level, x follows the lane's order."""
    edges = lanes(structure)
    result: dict[str, tuple[float, float]] = {}
    for row, level in enumerate(structure.levels.values()):
        for name, (left, right) in edges.items():
            members = [block.id for block in level if lane(structure, block.id) == name]
            shift = STAGGER * COLUMN * (1 if row % 2 else -1) if len(members) * COLUMN < right - left else 0.0
            start = (left + right - (len(members) - 1) * COLUMN) / 2 + shift
            result |= {
                block: (start + slot * COLUMN, float(-row * ROW)) for slot, block in enumerate(members)
            }
    return result


def level_graph(
    structure: Structure, connection_weights: Mapping[str, float | None] | None = None
) -> Network:
    """Return the level graph; line widths show `connection_weights`, or the initial weights by default.

    A connection without a weight counts fully and is drawn like one of weight 1. The id of an edge is the key
    of its connection.
    """
    weights = connection_weights or {spec.key: spec.weight for spec in structure.connections}
    lane_looks = looks([modality.name for modality in structure.modalities])
    block_positions = positions(structure)
    network = Network(directed=True)
    network.options = OPTIONS
    for block in structure.blocks:
        _add_block(network, block, lane_looks[lane(structure, block.id)], block_positions[block.id])
    for connection in structure.connections:
        look = lane_looks[lane(structure, connection.source)]
        weight = weights.get(connection.key)
        network.add_edge(
            connection.source,
            connection.target,
            id=connection.key,
            width=edge_width(weight),
            color=look.color,
            title=_edge_title(connection, weight),
            arrows="",
        )
    return network


def _add_block(network: Network, block: BlockSpec, look: Look, position: tuple[float, float]) -> None:
    network.add_node(
        block.id,
        label=block.id,
        shape=look.shape,
        color=look.color,
        x=position[0],
        y=position[1],
        level=block.level,
    )


def _edge_title(connection: ConnectionSpec, weight: float | None) -> str:
    """Return what pyvis' page shows of a connection that the pointer is on."""
    value = "no connection weight" if weight is None else f"connection weight {weight:.3f}"
    return f"{connection.source} → {connection.target}: {value}"


def edge_width(connection_weight: float | None) -> float:
    """Return the line width in screen pixels: 0.6 at weight 0, 7 at weight 1 or without a weight."""
    return 0.6 + 6.4 * (1.0 if connection_weight is None else connection_weight)
