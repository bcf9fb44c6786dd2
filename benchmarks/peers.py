"""Whether attention weights say which peer decides: `python -m benchmarks.peers [NAME] [CLIPS]`.

For each connection of a network, each peer's pooled output is replaced with that of another clip, one peer at
a time. The *change* is by how much that moves the attention factors, as the mean over clips, frames and
channels. Printed are the share of connections in which the peer of greatest attention weight moves the
factors most, with its interval and the share that chance would reach, and the change of each connection. The
connections are those with at least two peers. B clips, P peers, T frames.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.examples import Example
from peerattn.data.generated import GeneratedExamples, collate
from peerattn.graph.specs import ConnectionSpec
from peerattn.network.attention import spatial_mean
from peerattn.network.network import Network
from peerattn.scores.intervals import share_interval

BATCH = 16
DONOR = 7
"""By how many clips the clip that an output comes from is away; consecutive clips have different classes."""


@dataclass(frozen=True)
class PeerChanges:
    """A connection's attention weights (P,), and by how much swapping each peer moves its factors (P,)."""

    key: str
    peers: tuple[str, ...]
    attention_weights: NDArray[np.float32]
    changes: NDArray[np.float64]

    @property
    def best_moves_most(self) -> bool:
        """Whether the peer of greatest attention weight moves the factors most."""
        return bool(self.attention_weights.argmax() == self.changes.argmax())

    @property
    def lead(self) -> float:
        """The change by the peer of greatest attention weight, divided by the largest change by another."""
        best = int(self.attention_weights.argmax())
        return float(self.changes[best] / np.delete(self.changes, best).max())


def main(name: str = "actionworld", clips: str = "200") -> None:
    loaded = checkpoint.load(name)
    found = peer_changes(loaded.network, generated(loaded, int(clips)))
    hits = np.array([one.best_moves_most for one in found])
    low, high = share_interval(hits) or (0.0, 1.0)
    print(f"{name}, {clips} clips: the peer of greatest attention weight moves the factors most in")
    print(f"{hits.sum()} of {len(hits)} connections, {hits.mean():.0%} ({low:.0%} to {high:.0%}),")
    print(f"by chance in {chance(found):.0%}")
    for one in found:
        best = int(one.attention_weights.argmax())
        peer, weight = f"{one.peers[best]} of {len(one.peers)}", one.attention_weights[best]
        print(f"{one.key:16} {peer:14} attention weight {weight:.2f}", end=", ")
        print(f"change {one.changes[best]:.4f}, {one.lead:.1f} × the next peer")


def generated(loaded: Checkpoint, clips: int) -> list[Example]:
    """Return generated test clips as a network reads them."""
    modalities, settings = loaded.structure.read_modalities, loaded.settings
    return list(GeneratedExamples(clips, loaded.class_names, modalities=modalities, settings=settings))


def chance(found: Sequence[PeerChanges]) -> float:
    """Return the expected share of connections in which a peer drawn at random moves the factors most."""
    return float(np.mean([1 / len(one.peers) for one in found]))


@torch.inference_mode()
def peer_changes(network: Network, examples: Sequence[Example]) -> list[PeerChanges]:
    """Return the changes of each connection with at least two peers; the examples must have one shape."""
    network.eval()
    passes = [
        network.run(collate(examples[start : start + BATCH])[0]) for start in range(0, len(examples), BATCH)
    ]
    pooled = {
        block.id: torch.cat([spatial_mean(outputs[block.id]) for outputs in passes])  # (B, T, C)
        for block in network.structure.blocks
    }
    specs = [spec for spec in network.structure.connections if len(spec.peers) > 1]
    return [_changes(network, spec, pooled) for spec in specs]


def _changes(network: Network, spec: ConnectionSpec, pooled: dict[str, torch.Tensor]) -> PeerChanges:
    """Return the changes of one connection, given the pooled outputs of all blocks."""
    fusion, attention = network.fusions[spec.target], network.connection(spec.key).attention
    vectors = torch.stack([fusion.project(peer, pooled[peer]) for peer in spec.peers])  # (P, B, T, C)
    factors, weights = attention(None, vectors)
    moved = []
    for place in range(len(spec.peers)):
        swapped = vectors.clone()
        swapped[place] = vectors[place].roll(DONOR, 0)
        moved.append(float((attention(None, swapped)[0] - factors).abs().mean()))
    shares = weights.detach().reshape(len(spec.peers), -1).mean(1).numpy()
    return PeerChanges(spec.key, spec.peers, shares, np.array(moved))


if __name__ == "__main__":
    main(*sys.argv[1:])
