"""The facts of a structure as plain data: its level graph, what a threshold removes, and its costs."""

from __future__ import annotations

import dataclasses
from statistics import mean
from typing import Any

from peerattn.checkpoints.weighted_structure import WeightedStructure
from peerattn.graph.connectivity import (
    Removal,
    at_initialisation,
    count_attention_weights,
    survey,
    unused_blocks,
    weights_by_modality,
    without,
)
from peerattn.network.size import Costs


def structure_facts(shown: WeightedStructure, threshold: float) -> dict[str, Any]:
    """Return the facts as plain data, with the costs of the whole structure and, in `after`, pruned."""
    structure, weights = shown.structure, shown.weights
    removal = survey(structure, weights, threshold)
    ends = {spec.key: [spec.source, spec.target] for spec in structure.connections}
    by_modality = weights_by_modality(structure, weights)
    whole = shown.costs(structure)
    pruned = shown.costs(without(structure, removal)) if removal.output_connected else None
    return {
        "name": shown.name,
        "connections": _connections(shown, removal),
        **removal_json(removal),
        "output_connected": removal.output_connected,
        "at_initialisation": [ends[key] for key in at_initialisation(structure, weights)],
        "unused_blocks": list(unused_blocks(structure)),
        "mean_weight_by_modality": {name: mean(values) for name, values in by_modality.items()},
        "attention_weights": count_attention_weights(structure),
        "clip": {"frames": shown.frames, "height": shown.height, "width": shown.width},
        "classes": shown.classes,
        **_totals(whole),
        "after": _totals(pruned) if pruned else None,
        "blocks": [dataclasses.asdict(row) for row in whole.blocks],
    }


def _totals(costs: Costs) -> dict[str, Any]:
    return {
        "parameters": costs.parameters,
        "multiply_adds": costs.multiply_adds,
        "memory_bytes": dataclasses.asdict(costs.memory),
    }


def _connections(shown: WeightedStructure, removal: Removal) -> list[dict[str, Any]]:
    kept = set(removal.kept)
    return [
        {
            "source": spec.source,
            "target": spec.target,
            "connection_weight": shown.weights.get(spec.key),
            "kept": spec.key in kept,
            "attention": spec.attention,
            "peers": list(spec.peers),
        }
        for spec in shown.structure.connections
    ]


def removal_json(removal: Removal) -> dict[str, Any]:
    """Return what a threshold removes, and which blocks and modalities are lost with it, as JSON."""
    return {
        "threshold": removal.threshold,
        "kept": len(removal.kept),
        "removed": len(removal.removed),
        "dead_blocks": list(removal.dead_blocks),
        "peer_only": list(removal.peer_only),
        "starved": list(removal.starved),
        "lost_modalities": list(removal.lost_modalities),
    }
