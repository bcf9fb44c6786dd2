"""Pruning a network: the connections below a threshold masked while it runs, or gone for good."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import survey, thresholds, without
from peerattn.graph.structure import Structure
from peerattn.network.network import Network


@contextmanager
def masked(network: Network, threshold: float) -> Iterator[Network]:
    """The same network, in whose passes the connections below the threshold count nothing either."""
    before = network.disabled
    removed = survey(network.structure, network.connection_weights(), threshold).removed
    network.disabled = before | frozenset(removed)
    try:
        yield network
    finally:
        network.disabled = before


def prune(network: Network, threshold: float) -> Network:
    """A smaller network that computes what the masked one does and skips the blocks that nothing needs.

    Raises PeerattnError when the threshold leaves no path from an input block to an output block.
    """
    removal = survey(network.structure, network.connection_weights(), threshold)
    if not removal.output_connected:
        raise PeerattnError(
            f"threshold {threshold:g} cuts an output block off from every input block: choose a lower one "
            f"(the greatest that keeps it connected is {math.floor(last_connected(network) * 1e6) / 1e6:.6f})"
        )
    return reduced(network, without(network.structure, removal))


def reduced(network: Network, structure: Structure) -> Network:
    """The network of a structure that pruning left of this one, with its weights and its dropout."""
    smaller = Network(structure, network.class_names).to(next(network.parameters()))
    state = network.state_dict()
    smaller.load_state_dict({name: state[name] for name in smaller.state_dict()})
    for name, module in smaller.named_modules():
        before = network.get_submodule(name)
        if isinstance(module, nn.Dropout) and isinstance(before, nn.Dropout):
            module.p = before.p
    return smaller.train(network.training)


def last_connected(network: Network) -> float:
    """The greatest threshold at which every output block is still connected."""
    weights = network.connection_weights()
    connected = [
        value for value in thresholds(weights) if survey(network.structure, weights, value).output_connected
    ]
    return max(connected, default=0.0)
