"""Batch norm: its running statistics, estimated anew or replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def estimated_statistics(network: nn.Module) -> Iterator[None]:
    """Set the running statistics of batch norm to the plain mean over the passes inside the `with` block.

    In these passes, each batch is normalised by its own statistics.
    """
    norms = _norms(network)
    for norm in norms:
        norm.reset_running_stats()
    with _normalising_by_batch(norms, None):  # with a momentum of None, torch computes a plain mean
        yield


@contextmanager
def batch_statistics(network: nn.Module) -> Iterator[None]:
    """Normalise each batch by its own statistics inside the `with` block, and keep the running ones."""
    with _normalising_by_batch(_norms(network), 0.0):
        yield


def running_statistics(network: nn.Module) -> list[Tensor]:
    """Return copies of the running mean and variance of each batch norm, in a fixed order."""
    return [tensor.detach().clone() for tensor in _statistics(network)]


def set_statistics(network: nn.Module, statistics: Sequence[Tensor]) -> None:
    """Set the running statistics to those that `running_statistics` returned for this network."""
    with torch.no_grad():
        for tensor, value in zip(_statistics(network), statistics, strict=True):
            tensor.copy_(value)


@contextmanager
def _normalising_by_batch(norms: Sequence[_BatchNorm], momentum: float | None) -> Iterator[None]:
    before = [(norm, norm.training, norm.momentum) for norm in norms]
    for norm in norms:
        norm.training, norm.momentum = True, momentum
    try:
        yield
    finally:
        for norm, training, own_momentum in before:
            norm.training, norm.momentum = training, own_momentum


def _statistics(network: nn.Module) -> list[Tensor]:
    found = [(norm.running_mean, norm.running_var) for norm in _norms(network)]
    return [tensor for pair in found for tensor in pair if tensor is not None]


def _norms(network: nn.Module) -> list[_BatchNorm]:
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]
