"""The positions and looks of a structure's blocks and connections, as the browser reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from peerattn.figures.palette import VIRIDIS, looks
from peerattn.figures.pyvis_graph import COLUMN, ROW, edge_width, lane, lanes, level_graph
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure
from peerattn.graph.validation import TIME_PADDINGS

EDGE_FIELDS = ("id", "from", "to", "width")
"""What the browser needs of pyvis' edges: it draws them itself, in colours that follow the cursor."""


def graph_header(structure: Structure, weights: Mapping[str, float | None]) -> dict[str, Any]:
    """Return the level graph with the looks of its lanes; line widths show the connection weights."""
    nodes, edges, _, _, _, options = level_graph(structure, weights).get_network_data()
    styles = looks([modality.name for modality in structure.modalities])
    return {
        "graph": {
            "nodes": nodes,
            "edges": [{name: edge[name] for name in EDGE_FIELDS} for edge in edges],
            "options": json.loads(options),
        },
        "widths": [edge_width(0.0), edge_width(1.0)],
        "row": ROW,
        "column": COLUMN,
        "lanes": [[name, *span] for name, span in lanes(structure).items()],
        "looks": {name: {"color": look.color, "pattern": look.pattern} for name, look in styles.items()},
        "viridis": VIRIDIS,
    }


def block_header(structure: Structure, block: BlockSpec) -> dict[str, Any]:
    """Return what the browser shows of a block; `structure` decides its lane."""
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
