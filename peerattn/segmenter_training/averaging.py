"""Running averages of a network's weights, which change less from step to step than the weights."""

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def running_average(network: nn.Module, decay: float) -> AveragedModel:
    """Return a running average of weights and batch norm statistics, at first the mean of all so far.

    Each update keeps `decay` of it; 0 means no averaging.
    """

    def mean(averaged: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        share = max(1 - decay, 1 / (int(count) + 1))
        return new if share == 1 else averaged + (new - averaged) * share

    return AveragedModel(network, avg_fn=mean, use_buffers=True)
