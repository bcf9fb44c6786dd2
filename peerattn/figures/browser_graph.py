"""Where a structure's blocks and connections lie and how they look, as the browser reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from peerattn.figures.palette import VIRIDIS, looks
from peerattn.figures.pyvis_graph import COLUMN, ROW, edge_width, lane, lanes, level_graph
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure
from peerattn.graph.validation import TIME_PADDINGS


def graph_header(structure: Structure, weights: Mapping[str, float | None]) -> dict[str, Any]:
    """The level graph with its looks; connections are as wide as their weights."""
    nodes, edges, _, _, _, options = level_graph(structure, weights).get_network_data()
    styles = looks([modality.name for modality in structure.modalities])
    return {
        "graph": {"nodes": nodes, "edges": edges, "options": json.loads(options)},
        "widths": [edge_width(0.0), edge_width(1.0)],
        "row": ROW,
        "column": COLUMN,
        "lanes": [[name, *span] for name, span in lanes(structure).items()],
        "looks": {name: {"color": look.color, "pattern": look.pattern} for name, look in styles.items()},
        "viridis": VIRIDIS,
    }


def block_header(structure: Structure, block: BlockSpec) -> dict[str, Any]:
    """What is said of a block that lies where the structure has it."""
    return {
        "id": block.id,
        "level": block.level,
        "kind": block.kind,
        "lane": lane(structure, block.id),
        "reads": block.modality,
        "width": block.width,
        "dilation": block.temporal_dilation,
        "ends": TIME_PADDINGS[block.time_padding],
    }
