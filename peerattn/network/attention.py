"""Attention factors: one multiplier in (0, 1) for each channel and frame of a connection.

For the connection from source block j to target block i (US20230114556A1, claims 2 to 6; AssembleNet++
section 3.2):

    X_com = Σ_k softmax(h)_k · X_k          combined representation of the peers k
    A_j   = σ(f(GAP(X_com)))                attention factors, f fully connected
    input = Σ_j σ(w_ji) · (A_j ⊙ X_j)       what the target block receives

Global average pooling (GAP) is linear, so each block is pooled once and the peers are combined as vectors.
Where the peers have the same shape and the projections are the identity, this gives the numbers of the
formula above; where they differ in shape, the formula cannot be applied as it stands, and this is the
definition.

Shapes: B clips, C channels of the source, T frames, H, W pixels, P peers, A the width peers are projected to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn


def spatial_mean(output: Tensor) -> Tensor:
    """Global average pooling: (B, C, T, H, W) → one vector per frame (B, T, C)."""
    return output.mean(dim=(3, 4)).transpose(1, 2)


class Factors(NamedTuple):
    """Attention factors, broadcastable to (B, T, C), and the attention weights (P,) that they result from.

    `factors` is None where all factors are 1; `attention_weights` is None where no block is attended.
    """

    factors: Tensor | None
    attention_weights: Tensor | None


class NoAttention(nn.Module):
    """No attention: A = 1."""

    def forward(self, source: Tensor | None, peers: Tensor | None) -> Factors:
        return Factors(None, None)


class StaticAttention(nn.Module):
    """A = σ(b): one learned value per channel, the same for every clip and frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, source: Tensor | None, peers: Tensor | None) -> Factors:
        return Factors(torch.sigmoid(self.bias), None)


class SelfAttention(nn.Module):
    """A = σ(f(GAP(σ(w) · X_j))): the factors come from the connection's own weighted input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense = nn.Linear(channels, channels)

    def forward(self, source: Tensor, peers: Tensor | None) -> Factors:
        """Return the factors; `source` (B, T, C) is the pooled source times its connection weight."""
        return Factors(torch.sigmoid(self.dense(source)), source.new_ones(1))


class PeerAttention(nn.Module):
    """A = σ(f(Σ_k softmax(h)_k · project_k(GAP(X_k)))): the factors come from the peers."""

    def __init__(self, peers: int, width: int, channels: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(peers))
        if not self.weights.is_meta:  # on the meta device, random numbers would import torch's compiler
            nn.init.normal_(self.weights, std=0.01)
        self.dense = nn.Linear(width, channels)

    def forward(self, source: Tensor | None, peers: Tensor, kept: Sequence[int] | None = None) -> Factors:
        """Return the factors; `peers` (P, B, T, A) are this connection's peers, pooled and projected.

        `kept` are the indices of the peers that take part in the softmax; None: all of them.
        """
        shares = attention_weights = self.shares(kept)
        if kept is not None:
            shares, peers = shares[list(kept)], peers[list(kept)]
        combined = torch.einsum("p,pbta->bta", shares, peers)
        return Factors(torch.sigmoid(self.dense(combined)), attention_weights)

    def shares(self, kept: Sequence[int] | None = None) -> Tensor:
        """Return softmax(h) (P,) over the peers in `kept`, and 0 for the other ones; None: over all peers."""
        if kept is None:
            return torch.softmax(self.weights, dim=0)
        shares = torch.zeros_like(self.weights)
        shares[list(kept)] = torch.softmax(self.weights[list(kept)], dim=0)
        return shares

    def multiply_adds(self, inputs: tuple[Tensor, ...], output: Factors) -> int:
        """Count one multiply-add per number of the peer vectors; the linear layer is counted separately."""
        return inputs[1].numel()
