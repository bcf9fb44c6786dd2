"""The checks that need only a structure and its connection weights."""

from __future__ import annotations

from collections.abc import Mapping

from peerattn.graph.connectivity import at_initialisation, survey
from peerattn.graph.structure import Structure
from peerattn.pruning.health.findings import Finding
from peerattn.pruning.health.limits import CUT_OFF

Weights = Mapping[str, float]
"""Connection → σ(w); connections without a weight are left out, and count fully."""


def check_structure(structure: Structure, weights: Weights) -> list[Finding]:
    """Return connections at initialisation, and dead and starved blocks.

    As in the command `structure`, fixed connection weights count too: those of a published structure were
    learned. A dead block that nothing reads is not called starved as well.
    """
    cut = survey(structure, weights, CUT_OFF)
    onward, inward = paths_to_outputs(structure, weights), paths_from_inputs(structure, weights)
    return [
        *(
            Finding("at_initialisation", key, abs(weights[key] - 0.5))
            for key in at_initialisation(structure, weights)
        ),
        *(Finding("dead_block", block_id, onward[block_id]) for block_id in cut.dead_blocks),
        *(Finding("starved_block", block_id, inward[block_id]) for block_id in cut.starved),
    ]


def paths_to_outputs(structure: Structure, weights: Weights) -> dict[str, float]:
    """Return block → the weakest connection weight on its best path to an output block; 0 without a path."""
    outputs = {output.block for output in structure.outputs}
    best = {block.id: float(block.id in outputs) for block in structure.blocks}
    for block in reversed(structure.in_order):
        for spec in structure.into(block.id):
            along = min(best[block.id], weights.get(spec.key, 1.0))
            best[spec.source] = max(best[spec.source], along)
    return best


def paths_from_inputs(structure: Structure, weights: Weights) -> dict[str, float]:
    """Return block → the weakest connection weight on its best path from an input; 0 without a path."""
    best: dict[str, float] = {}
    for block in structure.in_order:
        arriving = (min(best[spec.source], weights.get(spec.key, 1.0)) for spec in structure.into(block.id))
        best[block.id] = 1.0 if block.is_input else max(arriving, default=0.0)
    return best
