"""Faults of each kind at twice the limit of the health report, planted in a network for `benchmarks.health`.

Twice a limit that a value must not fall below is half of it. A plant changes the network that it is given and
returns where the fault is, and the clips on which it shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch

from benchmarks.health_networks import (
    LIMITS,
    MIDDLE,
    SILENT_CHANNEL,
    channel_deviations,
    factors,
    overall,
    scale_channels,
    set_movement,
    set_slope,
    set_strongest,
    set_weight,
    within,
)
from peerattn.data.examples import Example
from peerattn.network.network import Network

Random = random.Random
Examples = Sequence[Example]
Planted = tuple[str, Examples]
BELOW = {kind: limit / 2 for kind, limit in LIMITS.items()}
"""Kind → twice its limit, where it is one that a value must not fall below."""


def at_initialisation(network: Network, rng: Random, examples: Examples) -> Planted:
    key = rng.choice(list(network.connections))
    set_weight(network, key, 0.5 + rng.choice((-1, 1)) * BELOW["at_initialisation"])
    return key, examples


def dead_block(network: Network, rng: Random, examples: Examples) -> Planted:
    block = rng.choice([block.id for block in network.structure.blocks if block.id != "top"])
    outgoing = [spec.key for spec in network.structure.connections if spec.source == block]
    _weaken(network, rng, outgoing, BELOW["dead_block"])
    return block, examples


def starved_block(network: Network, rng: Random, examples: Examples) -> Planted:
    block = rng.choice(MIDDLE)
    _weaken(network, rng, [spec.key for spec in network.structure.into(block)], BELOW["starved_block"])
    return block, examples


def _weaken(network: Network, rng: Random, keys: Sequence[str], most: float) -> None:
    """Set the connections to weights of at most `most`, one of them to exactly that."""
    strongest = rng.choice(keys)
    for key in keys:
        set_weight(network, key, most if key == strongest else most * rng.uniform(0.1, 1))


def uniform_attention(network: Network, rng: Random, examples: Examples) -> Planted:
    key, peers = _attending(network, rng)
    set_strongest(network, key, (1 + BELOW["uniform_attention"]) / peers, rng.randrange(peers))
    return key, examples


def one_hot_attention(network: Network, rng: Random, examples: Examples) -> Planted:
    key, peers = _attending(network, rng)
    set_strongest(network, key, 1 - BELOW["one_hot_attention"], rng.randrange(peers))
    return key, examples


def _attending(network: Network, rng: Random) -> tuple[str, int]:
    spec = rng.choice(network.structure.connections)
    return spec.key, len(spec.peers)


def saturated_factors(network: Network, rng: Random, examples: Examples) -> Planted:
    key, low = rng.choice(list(network.connections)), rng.random() < 0.5
    for _ in range(3):  # where the factors move, their mean slope is not the slope at their mean
        network.connection(key).attention.dense.weight.data *= 0.5
        set_slope(network, key, BELOW["saturated_factors"], examples, low=low)
    return key, examples


def constant_factors(network: Network, rng: Random, examples: Examples) -> Planted:
    key = rng.choice(list(network.connections))
    set_movement(network, key, BELOW["constant_factors"], examples)
    return key, examples


def still_factors(network: Network, rng: Random, examples: Examples) -> Planted:
    """Clips that hardly move, each in its own way, so that factors differ between clips but not within."""
    key = rng.choice(list(network.connections))
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        moving = within(factors(network, _slowed(examples, middle))[key])
        low, high = (middle, high) if moving < BELOW["still_factors"] else (low, middle)
    slowed = _slowed(examples, low)
    between = overall(factors(network, slowed)[key])
    assert between > 2 * LIMITS["constant_factors"], f"{key} is nearly constant: {between}"
    return key, slowed


def _slowed(examples: Examples, share: float) -> list[Example]:
    """Return clips that keep a share of their changes over time."""
    return [
        replace(
            one,
            tensors={
                name: t.mean(2, keepdim=True) + share * (t - t.mean(2, keepdim=True))
                for name, t in one.tensors.items()
            },
        )
        for one in examples
    ]


def dead_channels(network: Network, rng: Random, examples: Examples) -> Planted:
    """A fifth of a block's channels, each at half of what counts as silent."""
    block = rng.choice(MIDDLE)
    deviations = channel_deviations(network, block, examples)
    liveliest = int(deviations.argmax())
    alive = [n for n, one in enumerate(deviations.tolist()) if n != liveliest and one > 0]
    dead = len(deviations) - 1 - len(alive)
    for channel in rng.sample(alive, 2 * round(LIMITS["dead_channels"] * len(deviations)) - dead):
        quiet = SILENT_CHANNEL / 2 * float(deviations.max() / deviations[channel])
        scale_channels(network, block, [channel], quiet)
    return block, examples


def modality_without_effect(network: Network, rng: Random, examples: Examples) -> Planted:
    """A modality that no connection delivers, of which no answer can change when it is swapped."""
    modality = rng.choice([one.name for one in network.structure.modalities])
    norm = network.blocks[f"{modality}1"][1][1]
    with torch.no_grad():
        norm.weight.zero_()
    return modality, examples


PLANTS: Mapping[str, Callable[[Network, Random, Examples], Planted]] = {
    "at_initialisation": at_initialisation,
    "dead_block": dead_block,
    "starved_block": starved_block,
    "uniform_attention": uniform_attention,
    "one_hot_attention": one_hot_attention,
    "saturated_factors": saturated_factors,
    "constant_factors": constant_factors,
    "still_factors": still_factors,
    "dead_channels": dead_channels,
    "modality_without_effect": modality_without_effect,
}
