"""How often the health report misses a planted fault, and how often it raises a false alarm.

    python -m benchmarks.health
    python -m benchmarks.health --plants 20 --examine peerattn.pruning.health.report:examine

Ten small networks are trained shortly on generated clips and brought to half of every limit. Each is
examined after ten changes that change nothing; faults of each kind are planted in them at twice the limit.
Nothing here imports the report: it is called through one function, `MODULE:FUNCTION`, whose result has
`to_json()`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from typing import Any

import torch

from benchmarks.health_changes import CHANGES, with_dropout
from benchmarks.health_faults import PLANTS
from benchmarks.health_networks import FEW, LIMITS, SETTINGS, at_half, clips, joined, trained
from peerattn.data.examples import Example
from peerattn.network.network import Network
from peerattn.recording.effects import effects

ENTRY = "peerattn.pruning.health.report:examine"
NETWORKS = 10
MANY = 240
"""The clips on which swaps of modalities are tested: enough to exclude 2.5 points, half of the limit."""
NO_FAULT = "modality_without_effect"
SAME_ANSWERS = 2e-2
"""The most by which a harmless change may move a logit, relative to the largest; float16 rounds to 5e-4."""

Examine = Callable[[Network, Sequence[Example]], list[dict[str, Any]]]
"""Returns the findings of a network on clips, as JSON."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=40, help="faults of each kind (default: %(default)s)")
    parser.add_argument("--examine", default=ENTRY, help="the function to call (default: %(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    examine, examples, began = entry(options.examine), clips(FEW), time.perf_counter()
    networks = [trained(seed) for seed in range(1, NETWORKS + 1)]
    clean = [at_half(network, examples) for network in networks]
    print(f"{NETWORKS} networks trained and brought to half of the limits: {elapsed(began)}")
    as_trained(examine, networks, examples)
    alarms(examine, clean, examples)
    misses(examine, clean, examples, options.plants)
    modalities(examine, networks, options.plants)
    print(f"in all: {elapsed(began)}")


def entry(name: str) -> Examine:
    """Return the function of a name `MODULE:FUNCTION`, which examines a network on clips."""
    module, function = name.split(":")
    examine = getattr(import_module(module), function)

    def findings(network: Network, examples: Sequence[Example]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = examine(network, examples, window=SETTINGS.window).to_json()["findings"]
        assert all(one["limit"] == LIMITS[one["kind"]] for one in found), "the report has other limits"
        return found

    return findings


def as_trained(examine: Examine, networks: Sequence[Network], examples: Sequence[Example]) -> None:
    """Print what is found in the networks before they are brought to half of the limits."""
    kinds: Counter[str] = Counter()
    for network in networks:
        kinds.update(one["kind"] for one in examine(network, examples) if one["kind"] != NO_FAULT)
    print(f"found in the {len(networks)} networks as trained: {dict(kinds)}\n")


def alarms(examine: Examine, clean: Sequence[Network], examples: Sequence[Example]) -> None:
    """Print the false alarms on networks at half of the limits, after each harmless change."""
    false: Counter[str] = Counter()
    for network in clean:
        for change in CHANGES:
            changed, own = change(network, examples)
            if change is not with_dropout:
                check_same_answers(network, changed, own)
            found = examine(changed, own)
            for one in found:
                if one["kind"] != NO_FAULT:
                    print(f"  {change.__name__}: {one['kind']} {one['place']} {one['value']:.5f}")
            false[change.__name__] += any(one["kind"] != NO_FAULT for one in found)
    count = len(clean) * len(CHANGES)
    print(f"| change | networks with an alarm, of {len(clean)} |\n|---|---|")
    for change in CHANGES:
        print(f"| {change.__name__.replace('_', ' ')} | {false[change.__name__]} |")
    print(f"\nalarms: {bound(sum(false.values()), count)}\n")


def check_same_answers(network: Network, changed: Network, examples: Sequence[Example]) -> None:
    """Assert that a change is harmless: the logits on clips stay as they were."""
    with torch.no_grad():
        before = network.eval()(joined(examples))
        batch = {name: changed.to_own_device(tensor) for name, tensor in joined(examples).items()}
        after = changed.eval()(batch).float()
    assert float((after - before).abs().max() / before.abs().max()) < SAME_ANSWERS


def misses(examine: Examine, clean: Sequence[Network], examples: Sequence[Example], plants: int) -> None:
    """Print how many faults of each kind at twice their limits are found in the place where they are."""
    print("| kind | found |\n|---|---|")
    for kind, plant in PLANTS.items():
        if kind == NO_FAULT:
            continue
        found = 0
        for number in range(plants):
            network = deepcopy(clean[number % len(clean)])
            place, own = plant(network, random.Random(f"{kind} {number}"), examples)
            hit = any((one["kind"], one["place"]) == (kind, place) for one in examine(network, own))
            found += hit
            if not hit:
                print(f"  missed: {kind} {place} of network {number % len(clean)}")
        print(f"| {kind} | {found} of {plants}, missed {bound(plants - found, plants)} |", flush=True)


def modalities(examine: Examine, networks: Sequence[Network], plants: int) -> None:
    """Print how many modalities that change nothing are found, and how many that matter are reported.

    The labels of the clips are the networks' own answers, so that each is always right to begin with.
    """
    examples, found = clips(MANY), 0
    for number in range(plants):
        network = deepcopy(networks[number % len(networks)])
        place, _ = PLANTS[NO_FAULT](network, random.Random(number), examples)
        names = {
            one["place"] for one in examine(network, labelled(network, examples)) if one["kind"] == NO_FAULT
        }
        found += place in names
    print(f"| {NO_FAULT} | {found} of {plants}, missed {bound(plants - found, plants)} |\n")
    mattering, reported = 0, 0
    for network in networks:
        own = labelled(network, examples)
        measured = effects(network, own, of="modality", window=SETTINGS.window).effects
        needed = {one.name for one in measured if one.difference.value <= -2 * LIMITS[NO_FAULT]}
        mattering += len(needed)
        reported += sum(one["place"] in needed for one in examine(network, own) if one["kind"] == NO_FAULT)
    print(f"modalities that cost 10 points or more and are said to change nothing: {reported} of {mattering}")


def labelled(network: Network, examples: Sequence[Example]) -> list[Example]:
    """Return the clips with the network's own answers as their classes."""
    with torch.no_grad():
        answers = network.eval()(joined(examples)).argmax(1).tolist()
    return [replace(one, labels=(answer,)) for one, answer in zip(examples, answers, strict=True)]


def bound(count: int, of: int) -> str:
    """Return a share, and the highest that it does not contradict: with 95 % confidence, one-sided."""
    low, high = count / of, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(count, of, middle) > 0.05 else (low, middle)
    return f"{count} of {of}; up to {100 * high:.1f} % is not excluded"


def at_most(count: int, of: int, share: float) -> float:
    """Return the probability of at most `count` of `of`, each with probability `share`."""
    total, term = 0.0, (1 - share) ** of
    for number in range(count + 1):
        total += term
        term *= (of - number) / (number + 1) * share / (1 - share) if share < 1 else 0.0
    return total


def elapsed(began: float) -> str:
    return f"{time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    main()
