"""Pruning: what a threshold removes, what dies of it, and the smaller network that is left.

A connection is removed when its connection weight is less than the threshold; one without a weight always
stays.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from peerattn.errors import PeerattnError
from peerattn.network import Network
from peerattn.structure import ConnectionSpec, Structure


@dataclass(frozen=True)
class Pruning:
    """What a threshold does to a structure, connections by key and blocks by id.

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


def survey(structure: Structure, weights: Mapping[str, float], threshold: float) -> Pruning:
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
    return Pruning(
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


@contextmanager
def masked(network: Network, threshold: float) -> Iterator[Network]:
    """The same network, in whose passes the connections below the threshold count nothing."""
    before = network.disabled
    network.disabled = frozenset(survey(network.structure, network.connection_weights(), threshold).removed)
    try:
        yield network
    finally:
        network.disabled = before


def prune(network: Network, threshold: float) -> Network:
    """A smaller network that computes what the masked one does and skips the blocks that nothing needs.

    Raises PeerattnError when the threshold leaves no path from an input block to an output block.
    """
    pruning = survey(network.structure, network.connection_weights(), threshold)
    if not pruning.output_connected:
        raise PeerattnError(
            f"threshold {threshold:g} cuts an output block off from every input block: choose a lower one "
            f"(the greatest that keeps it connected is {math.floor(last_connected(network) * 1e6) / 1e6:.6f})"
        )
    smaller = Network(without(network.structure, pruning), network.class_names)
    state = network.state_dict()
    smaller.load_state_dict({name: state[name] for name in smaller.state_dict()})
    return smaller.to(next(network.parameters()).device).train(network.training)


def last_connected(network: Network) -> float:
    """The greatest threshold at which every output block is still connected."""
    weights = network.connection_weights()
    connected = [
        value for value in thresholds(weights) if survey(network.structure, weights, value).output_connected
    ]
    return max(connected, default=0.0)


def without(structure: Structure, pruning: Pruning) -> Structure:
    """The structure that is left: computed blocks, and the kept connections into them."""
    gone = pruning.skipped
    kept = set(pruning.kept)
    blocks = tuple(block for block in structure.blocks if block.id not in gone)
    read = {block.reads or block.modality for block in blocks}
    return dataclasses.replace(
        structure,
        blocks=blocks,
        connections=tuple(
            spec for spec in structure.connections if spec.key in kept and spec.target not in gone
        ),
        modalities=tuple(modality for modality in structure.modalities if modality.name in read),
    )
