"""What a network costs: parameters and multiply-adds, counted from its layers, never measured."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from peerattn.network import Network


def parameters(network: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(parameter.numel() for parameter in network.parameters())


def multiply_adds(network: Network, *, frames: int, size: int) -> int:
    """Multiply-adds of one clip of `frames` frames of size × size pixels.

    Counted: convolutions, fully connected layers and the scaling of connections. Left out: batch norm,
    pooling and activations, as is usual.
    """
    shell = copy.deepcopy(network).to("meta").eval()
    total = 0

    def count(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            window = module.kernel_size[0] * module.kernel_size[1]
            total += output.numel() * window * module.in_channels // module.groups
        elif isinstance(module, nn.Linear):
            total += output.numel() * module.in_features

    for module in shell.modules():
        module.register_forward_hook(count)
    clip = {
        modality.name: torch.empty(1, modality.channels, frames, size, size, device="meta")
        for modality in network.structure.modalities
    }
    shell(clip)
    return total + _scaling(network, frames, size)


def _scaling(network: Network, frames: int, size: int) -> int:
    """One multiply-add for every number that a connection scales."""
    structure, total = network.structure, 0
    for spec in structure.connections:
        side = -(-size // structure.block(spec.target).input_reduction)
        total += structure.block(spec.source).width * frames * side * side
    return total
