"""A running average of the weights in training: usually more accurate and stable than the last weights."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from peerattn.network.batch_norm import estimated_statistics
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
    """Set the running statistics of batch norm to the plain mean over these batches of clips.

    Everything else in the network behaves as in training, too.
    """
    training = network.training
    network.train()
    try:
        with torch.no_grad(), estimated_statistics(network):
            for clip in batches:
                network(clip)
    finally:
        network.train(training)
