"""What the connection weights of a structure say: what a threshold removes, what dies, what has learned.

A connection is removed when its connection weight is less than the threshold; one without a weight always
stays. Weights are given by connection key, after the sigmoid; nothing here needs trained filters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from peerattn.errors import PeerattnError
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure

AT_INITIALISATION = 0.01
"""A connection weight this close to 0.5, where all start, has learned nothing yet."""
MIXED = "mixed"
"""Where a block, connection or line belongs that no single modality has to itself."""


@dataclass(frozen=True)
class Removal:
    """What a threshold takes from a structure, and what dies of it: connections by key and blocks by id.

    dead: no kept path to an output block. peer_only: dead, but a living block reads it as a peer, itself
    or through what it feeds, so it is computed. starved: computed, though no kept path from an input
    block reaches it; its input is zero. A modality is lost when all its input blocks are dead. The output is
    connected when no output block is starved.
    """

    threshold: float
    kept: tuple[str, ...]
    removed: tuple[str, ...]
    dead_blocks: tuple[str, ...]
    peer_only: tuple[str, ...]
    starved: tuple[str, ...]
    lost_modalities: tuple[str, ...]
    output_connected: bool

    @property
    def skipped(self) -> frozenset[str]:
        """Dead blocks that need not be computed."""
        return frozenset(self.dead_blocks) - frozenset(self.peer_only)


def initial_weights(structure: Structure) -> dict[str, float]:
    """Connection → σ(w) in float32 where nothing was trained; a connection that has no weight is left out.

    As in a network, w is the float32 logit of the structure's weight, so that its sigmoid may differ from
    that weight in the last bits.
    """
    one = np.float32(1)
    weights = {}
    for spec in structure.connections:
        if spec.weight is not None:
            weight = np.float32(spec.weight)
            logit = np.float32(np.log(np.float64(weight / (one - weight))))
            weights[spec.key] = float(one / (one + np.float32(np.exp(-np.float64(logit)))))
    return weights


def survey(structure: Structure, weights: Mapping[str, float], threshold: float) -> Removal:
    """What the threshold removes from a structure with these connection weights (connection key → σ(w)).

    Raises PeerattnError for a threshold that no connection weight can have.
    """
    if not 0 <= threshold <= 1:
        raise PeerattnError(f"threshold {threshold:g} must lie between 0 and 1, as connection weights do")
    removed = [spec for spec in structure.connections if weights.get(spec.key, 1.0) < threshold]
    kept = [spec for spec in structure.connections if weights.get(spec.key, 1.0) >= threshold]
    outputs = {output.block for output in structure.outputs}
    living = _upstream(outputs, kept, with_peers=False)
    computed = _upstream(outputs, kept, with_peers=True)
    fed = _fed(structure, kept)
    ids = [block.id for block in structure.blocks]
    alive = {block.modality for block in structure.blocks if block.id in living}
    modalities = dict.fromkeys(block.modality for block in structure.blocks if block.modality)
    return Removal(
        threshold=threshold,
        kept=tuple(spec.key for spec in kept),
        removed=tuple(spec.key for spec in removed),
        dead_blocks=tuple(block_id for block_id in ids if block_id not in living),
        peer_only=tuple(block_id for block_id in ids if block_id in computed - living),
        starved=tuple(block_id for block_id in ids if block_id in computed - fed),
        lost_modalities=tuple(name for name in modalities if name not in alive),
        output_connected=outputs <= fed,
    )


def _upstream(roots: Collection[str], kept: Collection[ConnectionSpec], *, with_peers: bool) -> set[str]:
    """The roots and every block that a kept connection, or the attention on one, carries to them."""
    into: dict[str, list[str]] = {}
    for spec in kept:
        into.setdefault(spec.target, []).extend((spec.source, *(spec.peers if with_peers else ())))
    reached, frontier = set(roots), list(roots)
    while frontier:
        new = set(into.get(frontier.pop(), ())) - reached
        reached |= new
        frontier += new
    return reached


def _fed(structure: Structure, kept: Collection[ConnectionSpec]) -> set[str]:
    """The blocks that a kept path from an input block reaches."""
    fed = {block.id for block in structure.blocks if block.is_input}
    for spec in sorted(kept, key=lambda spec: structure.block(spec.target).level):
        if spec.source in fed:
            fed.add(spec.target)
    return fed


def thresholds(weights: Mapping[str, float]) -> tuple[float, ...]:
    """The distinct connection weights, ascending: at each, all connections of lower weight are removed."""
    return tuple(sorted(set(weights.values())))


def without(structure: Structure, removal: Removal) -> Structure:
    """The structure that is left: computed blocks, and the kept connections into them."""
    gone = removal.skipped
    kept = set(removal.kept)
    blocks = tuple(
        dataclasses.replace(block, unused_projections=())
        for block in structure.blocks
        if block.id not in gone
    )
    named = {name for block in blocks for name in (block.modality, block.reads)}
    return dataclasses.replace(
        structure,
        blocks=blocks,
        connections=tuple(
            spec for spec in structure.connections if spec.key in kept and spec.target not in gone
        ),
        modalities=tuple(modality for modality in structure.modalities if modality.name in named),
    )


def at_initialisation(structure: Structure, weights: Mapping[str, float]) -> tuple[str, ...]:
    """The connections whose weight has not left its start, fixed ones included: published weights are."""
    return tuple(
        spec.key
        for spec in structure.connections
        if spec.key in weights and abs(weights[spec.key] - 0.5) <= AT_INITIALISATION
    )


def unused_blocks(structure: Structure) -> tuple[str, ...]:
    """The blocks that no connection leaves and that are no outputs; they may still be peers."""
    used = {spec.source for spec in structure.connections} | {output.block for output in structure.outputs}
    return tuple(block.id for block in structure.blocks if block.id not in used)


def source_modality(structure: Structure, block_id: str) -> str:
    """The modality an input block reads; `mixed` for every inner block."""
    return structure.block(block_id).modality or MIXED


def weights_by_modality(structure: Structure, weights: Mapping[str, float]) -> dict[str, list[float]]:
    """Source modality → the weights of the connections that leave it; those without any are left out."""
    found: dict[str, list[float]] = {modality.name: [] for modality in structure.modalities}
    found[MIXED] = []
    for spec in structure.connections:
        if spec.key in weights:
            found[source_modality(structure, spec.source)].append(weights[spec.key])
    return {name: values for name, values in found.items() if values}


def attention_weights(structure: Structure) -> int:
    """How many attention weights there are: one for each connection and peer."""
    return sum(len(spec.peers) for spec in structure.connections)
