"""Pruning while a network learns, on a schedule: what goes, and what the optimiser keeps of what stays."""

from __future__ import annotations

from peerattn.network.network import Network
from peerattn.pruning.threshold import last_connected, prune
from peerattn.training.config import PruningSchedule


def thinned(network: Network, schedule: PruningSchedule) -> Network:
    """What this schedule leaves of a network now: a smaller one, and never one whose output is cut off."""
    return prune(network, threshold_of(network, schedule))


def threshold_of(network: Network, schedule: PruningSchedule) -> float:
    """The lowest connection weight that stays, or the greatest that keeps every output block connected."""
    weights = sorted(network.connection_weights().values(), reverse=True)
    asked = schedule.threshold
    if schedule.keep is not None and schedule.keep < len(weights):
        asked = max(asked, weights[schedule.keep - 1])
    return min(asked, last_connected(network))
