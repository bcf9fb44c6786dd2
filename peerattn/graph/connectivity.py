"""What a structure's connection weights imply: which connections a threshold removes, which blocks that
leaves dead, and which connections have learned anything.

A connection is removed if its connection weight is less than the threshold; a connection without a weight
always stays. Weights are passed by connection key, after the sigmoid; nothing here needs trained filters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from peerattn.errors import PeerattnError
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure

INITIAL_WEIGHT_TOLERANCE = 0.01
"""A connection weight this close to 0.5, its initial value, counts as not yet learned."""
MIXED = "mixed"
"""The group of blocks, connections and lines that do not belong to a single modality."""


@dataclass(frozen=True)
class Removal:
    """The connections (by key) that a threshold removes, and what that does to the blocks (by id).

    A block is dead if no kept path leads from it to an output block. It is peer-only if it is dead but a
    living block reads it as a peer, directly or through the blocks it feeds, so that it must still be
    computed. It is starved if it is computed although no kept path leads to it from an input block; its input
    is then zero. A modality is lost if all its input blocks are dead. The output is connected if no output
    block is starved.
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
    """Return connection → σ(w) in float32 before any training, leaving out connections without a weight.

    As in a network, w is the float32 logit of the structure's weight, so its sigmoid may differ from that
    weight in the last bits.
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
    """Return what a threshold removes from a structure with these connection weights (connection key → σ(w)).

    Raises PeerattnError for a threshold outside 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise PeerattnError(f"threshold {threshold:g} must lie between 0 and 1, as connection weights do")
    removed = [spec for spec in structure.connections if weights.get(spec.key, 1.0) < threshold]
    kept = [spec for spec in structure.connections if weights.get(spec.key, 1.0) >= threshold]
    outputs = {output.block for output in structure.outputs}
    living = _upstream(outputs, kept, with_peers=False)
    computed = _upstream(outputs, kept, with_peers=True)
    fed = _fed_blocks(structure, kept)
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
    """Return the roots and every block with a kept path to them; `with_peers` also follows attention."""
    into: dict[str, list[str]] = {}
    for spec in kept:
        into.setdefault(spec.target, []).extend((spec.source, *(spec.peers if with_peers else ())))
    reached, frontier = set(roots), list(roots)
    while frontier:
        new = set(into.get(frontier.pop(), ())) - reached
        reached |= new
        frontier += new
    return reached


def downstream(structure: Structure, keys: Collection[str]) -> frozenset[str]:
    """Return the blocks that these connections and attention connections can reach.

    They are the connections' targets, and all blocks that read these, through connections or as peers.
    """
    reached = set[str]()
    for block in structure.in_order:
        for spec in structure.into(block.id):
            changed = spec.key in keys or not set(spec.attention_keys).isdisjoint(keys)
            if changed or not reached.isdisjoint((spec.source, *spec.peers)):
                reached.add(block.id)
    return frozenset(reached)


def _fed_blocks(structure: Structure, kept: Collection[ConnectionSpec]) -> set[str]:
    """Return the blocks that a kept path from an input block reaches."""
    fed = {block.id for block in structure.blocks if block.is_input}
    for spec in sorted(kept, key=lambda spec: structure.block(spec.target).level):
        if spec.source in fed:
            fed.add(spec.target)
    return fed


def thresholds(weights: Mapping[str, float]) -> tuple[float, ...]:
    """Return the distinct connection weights, ascending; each is a threshold that removes all lower ones."""
    return tuple(sorted(set(weights.values())))


def without(structure: Structure, removal: Removal) -> Structure:
    """Return the structure that remains: the computed blocks, and the kept connections into them."""
    skipped = removal.skipped
    kept = set(removal.kept)
    blocks = tuple(
        dataclasses.replace(block, unused_projections=())
        for block in structure.blocks
        if block.id not in skipped
    )
    read = {name for block in blocks for name in (block.modality, block.reads)}
    return dataclasses.replace(
        structure,
        blocks=blocks,
        connections=tuple(
            spec for spec in structure.connections if spec.key in kept and spec.target not in skipped
        ),
        modalities=tuple(modality for modality in structure.modalities if modality.name in read),
    )


def at_initialisation(structure: Structure, weights: Mapping[str, float]) -> tuple[str, ...]:
    """Return the connections whose weight is within 0.01 of its initial value, fixed ones included."""
    return tuple(
        spec.key
        for spec in structure.connections
        if spec.key in weights and abs(weights[spec.key] - 0.5) <= INITIAL_WEIGHT_TOLERANCE
    )


def unused_blocks(structure: Structure) -> tuple[str, ...]:
    """Return the blocks that feed no connection and are not outputs; they may still be peers."""
    used = {spec.source for spec in structure.connections} | {output.block for output in structure.outputs}
    return tuple(block.id for block in structure.blocks if block.id not in used)


def source_modality(structure: Structure, block_id: str) -> str:
    """Return the modality that an input block reads, or `mixed` for every other block."""
    return structure.block(block_id).modality or MIXED


def weights_by_modality(structure: Structure, weights: Mapping[str, float]) -> dict[str, list[float]]:
    """Return source modality → the weights of its outgoing connections, if it has any."""
    grouped: dict[str, list[float]] = {modality.name: [] for modality in structure.modalities}
    grouped[MIXED] = []
    for spec in structure.connections:
        if spec.key in weights:
            grouped[source_modality(structure, spec.source)].append(weights[spec.key])
    return {name: values for name, values in grouped.items() if values}


def count_attention_weights(structure: Structure) -> int:
    """Return the number of attention weights: one for each peer of each connection."""
    return sum(len(spec.peers) for spec in structure.connections)
