"""An average of the weights that training passes through: usually better than the last ones, and calmer."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from peerattn.network.network import Network
from peerattn.training.config import Averaging


class WeightAverage:
    """A second network that holds the average; `count` weights went into it.

    Batch norm's running statistics are averaged as the weights are; its counters are copied.
    """

    def __init__(self, network: Network, settings: Averaging, *, count: int = 0) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.settings, self.count = settings, count

    def update(self, network: Network) -> None:
        """Take the network's weights in."""
        share = self._share()
        with torch.no_grad():
            theirs = network.state_dict()
            for name, mean in self.network.state_dict().items():
                if mean.is_floating_point():
                    mean.lerp_(theirs[name], share)
                else:
                    mean.copy_(theirs[name])
        self.count += 1

    def _share(self) -> float:
        """How much of the new weights goes in; an `ema` fades fast at first, to leave its start."""
        if self.settings.kind == "mean":
            return 1 / (self.count + 1)
        return 1 - min(self.settings.decay, (1 + self.count) / (10 + self.count))


def estimate_batch_norm(network: Network, batches: Iterable[Mapping[str, Tensor]]) -> None:
    """Sets the running statistics of batch norm to the plain mean over these batches of clips."""
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    kept = [norm.momentum for norm in norms]
    training = network.training
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for a plain mean
    network.train()
    try:
        with torch.no_grad():
            for clip in batches:
                network(clip)
    finally:
        network.train(training)
        for norm, momentum in zip(norms, kept, strict=True):
            norm.momentum = momentum
