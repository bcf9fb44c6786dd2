"""The initial values of the published networks, for training or for display without trained filters.

- Convolutions: truncated normal distribution of variance 1 / fan-in; 2 / fan-in for dilated temporal ones.
- Fully connected layers: normal distribution of standard deviation 0.01, biases 0.
- Learned connection and attention weights: truncated normal of standard deviation 0.01 before the sigmoid or
  softmax, so that each connection weight starts near 0.5 and all peers are attended almost equally.
- Batch norms at the end of a residual branch start at 0; the blocks set this themselves.

Source: google-research, folder assemblenet, commit 0c1bbe5.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from peerattn.network.attention import PeerAttention
from peerattn.network.fusion import Connection
from peerattn.network.network import Network

SMALL_STD = 0.01
TRUNCATION = 2.0
"""Truncated normal numbers are redrawn beyond this many standard deviations."""
TRUNCATED_STD = 0.87962566103423978
"""The standard deviation of the truncated normal distribution, as a multiple of the original one."""


def initialise(network: Network, *, seed: int) -> None:
    """Set every learned filter and weight to a random initial value; fixed weights stay as they are."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            _truncated(module.weight, _deviation(module), generator)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=SMALL_STD, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, PeerAttention):
            _truncated(module.weights, SMALL_STD, generator)
        elif isinstance(module, Connection) and module.weight is not None and module.weight.requires_grad:
            _truncated(module.weight, SMALL_STD, generator)


def _deviation(layer: nn.Conv2d | nn.Conv3d) -> float:
    """Return the standard deviation before truncation.

    As published, it is corrected for the truncation except in dilated temporal kernels.
    """
    fan_in = layer.weight[0].numel()
    dilated = isinstance(layer, nn.Conv2d) and layer.dilation[0] > 1
    return math.sqrt(2 / fan_in) if dilated else math.sqrt(1 / fan_in) / TRUNCATED_STD


def _truncated(tensor: Tensor, deviation: float, generator: torch.Generator) -> None:
    """Fill the tensor with truncated normal numbers; `nn.init.trunc_normal_` takes several times as long."""
    numbers = torch.randn(tensor.shape, generator=generator)
    while (outside := numbers.abs() > TRUNCATION).any():
        numbers[outside] = torch.randn(int(outside.sum()), generator=generator)
    with torch.no_grad():
        tensor.copy_(deviation * numbers)
