"""FactorSteps one attention factor: every step from the pooled peers to the scaled channel, for one clip.

    trace, vectors = record_inside(network, clip, window=16)
    inside(network, vectors, "rgb1_to_top").logits

Each step can be recomputed from the one before it. Shapes: T frames, C channels of the connection's source,
C_k channels of a peer, P peers, A attention width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.modalities.clip import Clip
from peerattn.network.attention import PeerAttention, SelfAttention
from peerattn.network.fusion import Connection, Fusion
from peerattn.network.network import Network
from peerattn.recording.recorder import Vectors, record_inside
from peerattn.threads import threads_for
from peerattn.traces.factor_steps import Affine, FactorSteps
from peerattn.traces.trace import Array


def vectors(network: Network, clip: Clip, *, window: int) -> Vectors:
    """Return what attention reads from one clip (B = 1), run whole."""
    return record_inside(network, clip, window=window)[1]


@threads_for(0)
@torch.inference_mode()
def inside(network: Network, vectors: Vectors, key: str) -> FactorSteps:
    """Return the steps for the connection with this key. Raises PeerattnError if the clip did not pass it."""
    if key not in vectors.sources:
        raise PeerattnError(f"the clip did not pass connection {key}: choose one that the trace has")
    spec = network.structure.connection(key)
    source, connection = vectors.sources[key], network.connection(key)
    peers = (spec.source,) if spec.attention == "self" else spec.peers
    pooled = (source,) if spec.attention == "self" else tuple(vectors.blocks[peer] for peer in peers)
    weight = None if connection.weight is None else torch.sigmoid(connection.weight).item()
    steps = _Steps(connection, source, weight)
    if spec.peers:
        fusion = network.fusions[spec.target]
        assert isinstance(fusion, Fusion)
        steps.add_peers(fusion, spec.peers, pooled, network.attending_peers(spec))
    return FactorSteps(key, spec.attention, peers, pooled, **steps.fields())


class _Steps:
    """The steps after pooling, each computed from the one before by the connection's own layers."""

    def __init__(self, connection: Connection, source: Array, weight: float | None) -> None:
        self.attention, self.source, self.weight = connection.attention, source, weight
        self.projections: tuple[Affine, ...] = ()
        self.projected: tuple[Array, ...] = ()
        self.preferences = self.attention_weights = np.zeros(0, np.float32)
        self.combined: Array | None = None
        if isinstance(self.attention, SelfAttention):
            self.attention_weights = np.ones(1, np.float32)
            self.combined = source if weight is None else np.float32(weight) * source

    def add_peers(
        self,
        fusion: Fusion,
        peers: tuple[str, ...],
        pooled: tuple[Array, ...],
        kept: tuple[int, ...] | None,
    ) -> None:
        """Add the projection of each peer to the source's channels, and their weighted sum.

        `kept` are the numbers of the peers that attend, if not all of them do.
        """
        assert isinstance(self.attention, PeerAttention)
        device = self.attention.weights.device
        pairs = zip(peers, pooled, strict=True)
        projected = [fusion.project(peer, torch.from_numpy(vector).to(device)) for peer, vector in pairs]
        weights = self.attention.shares(kept)
        self.projections = tuple(_affine(fusion.peers[peer]) for peer in peers)
        self.projected = tuple(_array(vector) for vector in projected)
        self.preferences, self.attention_weights = _array(self.attention.weights), _array(weights)
        self.combined = _array(torch.einsum("p,pta->ta", weights, torch.stack(projected)))

    def fields(self) -> dict[str, Any]:
        """Return the fields of `FactorSteps` from the projections on; computes the logits and the rest."""
        dense = getattr(self.attention, "dense", None)
        logits = self._logits(dense)
        factors = np.ones_like(self.source) if logits is None else _array(torch.sigmoid(logits))
        return {
            "projections": self.projections,
            "projected": self.projected,
            "preferences": self.preferences,
            "attention_weights": self.attention_weights,
            "combined": self.combined,
            "dense": None if dense is None else _affine(dense),
            "logits": None if logits is None else _array(logits),
            "factors": factors,
            "connection_weight": self.weight,
            "source": self.source,
            "scaled": np.float32(1.0 if self.weight is None else self.weight) * factors * self.source,
        }

    def _logits(self, dense: nn.Linear | None) -> Tensor | None:
        """Return the sigmoid's input (T, C): the dense layer's output, or the bias of static attention."""
        if dense is not None:
            logits: Tensor = dense(torch.from_numpy(self.combined).to(dense.weight.device))
            return logits
        bias: Tensor | None = getattr(self.attention, "bias", None)
        return None if bias is None else bias.expand(self.source.shape)


def _affine(linear: nn.Module) -> Affine:
    assert isinstance(linear, nn.Linear)
    return Affine(_array(linear.weight), _array(linear.bias))


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().float().cpu().numpy()
    return array
