"""A running average of the weights in training: usually more accurate and stable than the last weights."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from peerattn.network.network import Network
from peerattn.training.config import Averaging


class WeightAverage:
    """A copy of the network with the averaged weights; `count` is the number of updates averaged so far.

    Batch norm's running statistics are averaged like the weights; its counters are copied.
    """

    def __init__(self, network: Network, settings: Averaging, *, count: int = 0) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.settings, self.count = settings, count

    def update(self, network: Network) -> None:
        """Add the network's current weights to the average."""
        share = self._share()
        with torch.no_grad():
            current = network.state_dict()
            for name, mean in self.network.state_dict().items():
                if mean.is_floating_point():
                    mean.lerp_(current[name], share)
                else:
                    mean.copy_(current[name])
        self.count += 1

    def _share(self) -> float:
        """Return the share of the new weights; `ema` starts with large shares, to forget its start."""
        if self.settings.kind == "mean":
            return 1 / (self.count + 1)
        return 1 - min(self.settings.decay, (1 + self.count) / (10 + self.count))


def estimate_batch_norm(network: Network, batches: Iterable[Mapping[str, Tensor]]) -> None:
    """Set the running statistics of batch norm to the plain mean over these batches of clips."""
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    training = network.training
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None makes torch compute a plain mean
    network.train()
    try:
        with torch.no_grad():
            for clip in batches:
                network(clip)
    finally:
        network.train(training)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
