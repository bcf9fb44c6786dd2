"""The published starting values: for a published network before it is trained, or shown without filters.

Convolutions: truncated normal of variance 1 / fan-in; dilated temporal ones 2 / fan-in. Dense layers: normal,
0.01. Learned connection and attention weights: truncated normal, 0.01, so that each connection starts near
0.5 and attends all its peers almost alike. Batch norms that end a residual start at 0, as the blocks are
built (google-research, folder assemblenet, commit 0c1bbe5).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from peerattn.network.attention import PeerAttention
from peerattn.network.fusion import Connection
from peerattn.network.network import Network

SMALL = 0.01
CUT = 2.0
"""Truncated normals are drawn again beyond this many standard deviations, …"""
SHRUNK = 0.87962566103423978
"""… which leaves a standard deviation this many times the one drawn from."""


def initialise(network: Network, *, seed: int) -> None:
    """Draw the starting values of every filter and weight that is learned; fixed ones stay as they are."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            _truncated(module.weight, _deviation(module), generator)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=SMALL, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, PeerAttention):
            _truncated(module.weights, SMALL, generator)
        elif isinstance(module, Connection) and module.weight is not None and module.weight.requires_grad:
            _truncated(module.weight, SMALL, generator)


def _deviation(layer: nn.Conv2d | nn.Conv3d) -> float:
    """Of the normal distribution that is cut; dilated temporal kernels are not corrected for the cut."""
    fan_in = layer.weight[0].numel()
    dilated = isinstance(layer, nn.Conv2d) and layer.dilation[0] > 1
    return math.sqrt(2 / fan_in) if dilated else math.sqrt(1 / fan_in) / SHRUNK


def _truncated(tensor: Tensor, deviation: float, generator: torch.Generator) -> None:
    """Normal numbers, drawn again where they lie outside the cut: torch's own take several times as long."""
    drawn = torch.randn(tensor.shape, generator=generator)
    while (outside := drawn.abs() > CUT).any():
        drawn[outside] = torch.randn(int(outside.sum()), generator=generator)
    with torch.no_grad():
        tensor.copy_(deviation * drawn)
