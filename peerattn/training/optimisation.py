"""Which parameter learns at which rate, when, and what an optimiser remembers of it by its name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer

from peerattn.network.network import Network
from peerattn.training.config import Optimisation, Schedule

ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 1 / 250_000
"""Shares of the full rate, as torch's OneCycleLR has them."""
MOMENTA = (0.85, 0.95)
"""Between which a one-cycle schedule moves the momentum: least where the rate is greatest."""


def parameter_groups(network: Network, settings: Optimisation) -> list[dict[str, Any]]:
    """Filters with weight decay, norms and biases without it, connectivity at a rate of its own."""
    groups: dict[str, list[Tensor]] = {"filters": [], "plain": [], "connectivity": []}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("connections.") and name.endswith((".weight", ".weights")) and parameter.ndim < 2:
            groups["connectivity"].append(parameter)
        else:
            groups["filters" if parameter.ndim > 1 else "plain"].append(parameter)
    decay = {"filters": settings.weight_decay, "plain": 0.0, "connectivity": 0.0}
    rate = {"filters": settings.rate, "plain": settings.rate, "connectivity": settings.connectivity_rate}
    return [
        {"params": parameters, "lr": rate[name], "full_rate": rate[name], "weight_decay": decay[name]}
        for name, parameters in groups.items()
        if parameters
    ]


def build_optimiser(network: Network, settings: Optimisation) -> Optimizer:
    groups = parameter_groups(network, settings)
    if settings.kind == "sgd":
        return SGD(groups, lr=settings.rate, momentum=settings.momentum)
    return AdamW(groups, lr=settings.rate)


def set_rates(optimiser: Optimizer, schedule: Schedule, update: int, updates: int) -> None:
    """The rates and momenta of one update of so many: they depend on nothing else, so none need be kept."""
    share = rate_share(schedule, update, updates)
    for group in optimiser.param_groups:
        group["lr"] = group["full_rate"] * share
        if schedule.kind == "one_cycle":
            momentum = _momentum(schedule, update, updates)
            if "betas" in group:
                group["betas"] = (momentum, group["betas"][1])
            else:
                group["momentum"] = momentum


def rate_share(schedule: Schedule, update: int, updates: int) -> float:
    """The share of the full rate in update number `update` (from 0) of `updates`."""
    if schedule.kind == "one_cycle":
        rising, part = _phase(schedule, update, updates)
        first, last = (ONE_CYCLE_START, 1.0) if rising else (1.0, ONE_CYCLE_END)
        return _along_cosine(first, last, part)
    rise = schedule.warm_up * updates
    if update < rise:
        return (update + 1) / (rise + 1)
    return 1.0 if schedule.kind == "constant" else _along_cosine(1.0, 0.0, (update - rise) / (updates - rise))


def _momentum(schedule: Schedule, update: int, updates: int) -> float:
    rising, part = _phase(schedule, update, updates)
    low, high = MOMENTA
    return _along_cosine(high, low, part) if rising else _along_cosine(low, high, part)


def _phase(schedule: Schedule, update: int, updates: int) -> tuple[bool, float]:
    """Whether a one-cycle schedule still rises, and how far through that phase it is, from 0 to 1."""
    last = updates - 1
    top = max(schedule.warm_up * updates - 1, 0.0)
    if update < top:
        return True, update / top
    return False, (update - top) / (last - top) if last > top else 1.0


def _along_cosine(first: float, last: float, part: float) -> float:
    return last + (first - last) / 2 * (1 + math.cos(math.pi * part))


def moments(network: Network, optimiser: Optimizer) -> dict[str, Tensor]:
    """`<parameter>.<moment>` → what the optimiser remembers."""
    found = {}
    for name, parameter in network.named_parameters():
        for moment, value in optimiser.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                found[f"{name}.{moment}"] = value
    return found


def restore_moments(network: Network, optimiser: Optimizer, given: Mapping[str, Tensor]) -> None:
    """The inverse of `moments`; those of parameters that the network no longer has are passed over.

    All go to the device of their parameter, but for the count of steps, which torch keeps on the CPU.
    """
    by_name: dict[str, dict[str, Tensor]] = {}
    for key, value in given.items():
        owner, _, moment = key.rpartition(".")
        by_name.setdefault(owner, {})[moment] = value
    for name, parameter in network.named_parameters():
        if name in by_name:
            optimiser.state[parameter] = {
                moment: value.clone() if moment == "step" else value.clone().to(parameter)
                for moment, value in by_name[name].items()
            }


def connection_pressure(network: Network) -> Tensor:
    """The mean over target blocks of (Σ σ(w))² / Σ σ(w)²: how many connections effectively arrive at a block.

    It asks for few strong connections instead of many alike, and is blind to their common scale: batch norm
    undoes a common scale, so a pressure on the sum would only make every weight fade. Nothing, of a module
    that is no `Network`.
    """
    effective: list[Tensor] = []
    if not isinstance(network, Network):
        return torch.zeros(())
    for block in network.structure.blocks:
        weights = [network.connection(spec.key).weight for spec in network.structure.into(block.id)]
        learned = [torch.sigmoid(weight) for weight in weights if weight is not None]
        if learned:
            arriving = torch.stack(learned)
            effective.append(arriving.sum().square() / arriving.square().sum())
    return torch.stack(effective).mean() if effective else torch.zeros(())
