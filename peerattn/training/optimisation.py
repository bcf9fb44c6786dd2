"""The optimiser: learning rates by group of parameters, their schedule, and moments by parameter name."""

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
"""The first and last learning rate as shares of the full rate, as in torch's OneCycleLR."""
MOMENTA = (0.85, 0.95)
"""The limits of the momentum in a one-cycle schedule: lowest where the learning rate is highest."""


def parameter_groups(network: Network, settings: Optimisation) -> list[dict[str, Any]]:
    """Group parameters: filters with weight decay, norms and biases without, connectivity at its own rate."""
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
    """Return a new optimiser for the network's parameters."""
    groups = parameter_groups(network, settings)
    if settings.kind == "sgd":
        return SGD(groups, lr=settings.rate, momentum=settings.momentum)
    return AdamW(groups, lr=settings.rate)


def set_rates(optimiser: Optimizer, schedule: Schedule, update: int, updates: int) -> None:
    """Set the learning rates and momenta of one update; they depend only on its number, so none is saved."""
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
    """Return the learning rate of an update (from 0) of `updates`, as a share of the full rate."""
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
    """Return whether a one-cycle schedule is still rising, and its progress in that phase, from 0 to 1."""
    last = updates - 1
    top = max(schedule.warm_up * updates - 1, 0.0)
    if update < top:
        return True, update / top
    return False, (update - top) / (last - top) if last > top else 1.0


def _along_cosine(first: float, last: float, part: float) -> float:
    return last + (first - last) / 2 * (1 + math.cos(math.pi * part))


def moments(network: Network, optimiser: Optimizer) -> dict[str, Tensor]:
    """Return the optimiser's state as `<parameter>.<moment>` → tensor."""
    named_moments = {}
    for name, parameter in network.named_parameters():
        for moment, value in optimiser.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                named_moments[f"{name}.{moment}"] = value
    return named_moments


def restore_moments(network: Network, optimiser: Optimizer, saved: Mapping[str, Tensor]) -> None:
    """Restore what `moments` returned, ignoring parameters that the network no longer has.

    Every tensor goes to the device of its parameter, except the step count, which torch keeps on the CPU.
    """
    by_name: dict[str, dict[str, Tensor]] = {}
    for key, value in saved.items():
        owner, _, moment = key.rpartition(".")
        by_name.setdefault(owner, {})[moment] = value
    for name, parameter in network.named_parameters():
        if name in by_name:
            optimiser.state[parameter] = {
                moment: value.clone() if moment == "step" else value.clone().to(parameter)
                for moment, value in by_name[name].items()
            }


def connection_pressure(network: Network) -> Tensor:
    """Return the mean over target blocks of (Σ σ(w))² / Σ σ(w)²: the effective number of connections.

    Minimising it favours a few strong connections over many equal ones. It ignores the common scale of the
    weights, which batch norm undoes: a pressure on their sum would only make every weight fade. For a module
    that is not a `Network` it is 0.
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
