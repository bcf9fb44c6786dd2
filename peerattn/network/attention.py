"""Attention factors: one multiplier in (0, 1) for each channel and frame of a connection.

For the connection from source block j to target block i (US20230114556A1, claims 2 to 6; AssembleNet++
section 3.2):

    X_com = Σ_k softmax(h)_k · X_k          combined representation of the peers k
    A_j   = σ(f(GAP(X_com)))                attention factors, f fully connected
    input = Σ_j σ(w_ji) · (A_j ⊙ X_j)       what the target block receives

Pooling is linear, so each block is pooled once and its peers are combined as vectors: the same numbers
wherever peers have one shape and the projections are the identity, and the definition wherever they differ.

Shapes: B clips, C channels of the source, T frames, H, W pixels, P peers, A the width peers are projected to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn


def spatial_mean(output: Tensor) -> Tensor:
    """GAP: (B, C, T, H, W) → one vector a frame (B, T, C)."""
    return output.mean(dim=(3, 4)).transpose(1, 2)


class Factors(NamedTuple):
    """Attention factors, broadcastable to (B, T, C), and the attention weights (P,) that made them."""

    factors: Tensor | None
    attention_weights: Tensor | None


class NoAttention(nn.Module):
    """A = 1."""

    def forward(self, source: Tensor | None, peers: Tensor | None) -> Factors:
        return Factors(None, None)


class StaticAttention(nn.Module):
    """A = σ(b): one learned value a channel, the same for every clip and frame."""

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
        """`source` (B, T, C): the pooled input, already times its connection weight."""
        return Factors(torch.sigmoid(self.dense(source)), source.new_ones(1))


class PeerAttention(nn.Module):
    """A = σ(f(Σ_k softmax(h)_k · project_k(GAP(X_k)))): the factors come from other blocks."""

    def __init__(self, peers: int, width: int, channels: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(peers))
        if not self.weights.is_meta:  # where there are no numbers, drawing them would import torch's compiler
            nn.init.normal_(self.weights, std=0.01)
        self.dense = nn.Linear(width, channels)

    def forward(self, source: Tensor | None, peers: Tensor, kept: Sequence[int] | None = None) -> Factors:
        """`peers` (P, B, T, A): the pooled and projected peers of this connection.

        `kept` are the numbers of the peers over which the softmax is taken, where not all of them attend.
        """
        shares = attention_weights = self.shares(kept)
        if kept is not None:
            shares, peers = shares[list(kept)], peers[list(kept)]
        combined = torch.einsum("p,pbta->bta", shares, peers)
        return Factors(torch.sigmoid(self.dense(combined)), attention_weights)

    def shares(self, kept: Sequence[int] | None = None) -> Tensor:
        """softmax(h) (P,) over the peers that are kept, 0 for the others; over all where none are named."""
        if kept is None:
            return torch.softmax(self.weights, dim=0)
        shares = torch.zeros_like(self.weights)
        shares[list(kept)] = torch.softmax(self.weights[list(kept)], dim=0)
        return shares

    def multiply_adds(self, inputs: tuple[Tensor, ...], output: Factors) -> int:
        """One for every number of a peer vector; the fully connected layer counts its own."""
        return inputs[1].numel()
