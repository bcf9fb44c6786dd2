"""Pruning during training, on a schedule."""

from __future__ import annotations

from peerattn.network.network import Network
from peerattn.pruning.threshold import greatest_connected_threshold, prune
from peerattn.training.config import PruningSchedule


def prune_on_schedule(network: Network, schedule: PruningSchedule) -> Network:
    """Return the smaller network that the schedule leaves; its output blocks always stay connected."""
    return prune(network, threshold_of(network, schedule))


def threshold_of(network: Network, schedule: PruningSchedule) -> float:
    """Return the threshold that the schedule calls for, lowered where it would cut an output block off."""
    weights = sorted(network.connection_weights().values(), reverse=True)
    threshold = schedule.threshold
    if schedule.keep is not None and schedule.keep < len(weights):
        threshold = max(threshold, weights[schedule.keep - 1])
    return min(threshold, greatest_connected_threshold(network))
