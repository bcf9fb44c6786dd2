"""The whole state of a training run in one safetensors file: from it a run goes on, the same bit by bit.

Its tensors: `weights.*`, `average.*` and `best.*` of the networks, `moments.*` of the optimiser, `history.*`.
Its metadata: all settings, the structure at the start and now, where the run is. Random numbers need no place
of their own: those of an update are drawn from the seed and the update's number.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.optim import Optimizer

from peerattn.errors import PeerattnError
from peerattn.files.header import read_header
from peerattn.files.weights import write_weights
from peerattn.graph.structure import Structure, restore_answers
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays
from peerattn.pruning.threshold import reduced
from peerattn.traces.history import history_arrays, history_from_arrays
from peerattn.training.averaging import WeightAverage
from peerattn.training.config import TrainingConfig
from peerattn.training.history_log import HistoryLog
from peerattn.training.optimisation import build_optimiser, moments, restore_moments

FORMAT = "peerattn-training/2"
STATE_FILE = "training.safetensors"
HEADER_LIMIT = 32_000_000
"""Bytes: five tensors a parameter, and the structure twice."""


@dataclass
class Position:
    """Where a run is: `epoch` counts from 0, `step` its updates done, `update` all of them.

    `loss` is the sum over the epoch's updates; `best` the best score so far, reached in `best_epoch`;
    `scale` that of fp16 losses.
    """

    epoch: int = 0
    step: int = 0
    update: int = 0
    loss: float = 0.0
    best: float | None = None
    best_epoch: int | None = None
    stopped: bool = False
    scale: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass
class TrainingState:
    """What changes while a network trains."""

    network: Network
    optimiser: Optimizer
    average: WeightAverage | None
    history: HistoryLog
    position: Position
    best: dict[str, Tensor] | None = None

    @property
    def kept(self) -> Network:
        """The network that would be kept now: the average of the weights where there is one."""
        return self.average.network if self.average and self.average.count else self.network


def begun(network: Network, config: TrainingConfig) -> TrainingState:
    """The state before the first update."""
    average = WeightAverage(network, config.averaging) if config.averaging.kind != "none" else None
    history = HistoryLog(network, every=config.log_every)
    history.log(0)
    return TrainingState(network, build_optimiser(network, config.optimisation), average, history, Position())


def save_state(path: Path, state: TrainingState, settings: Mapping[str, Any]) -> None:
    """Write the state and the settings of its run; at any moment the file is the old one or the new one.

    Raises PeerattnError where the disk is full or cannot be written to.
    """
    history = state.history.history()
    parts: dict[str, Mapping[str, Tensor]] = {
        "weights": state.network.state_dict(),
        "moments": moments(state.network, state.optimiser),
        "history": {name: torch.from_numpy(values) for name, values in history_arrays(history).items()},
        "average": state.average.network.state_dict() if state.average else {},
        "best": state.best or {},
    }
    facts = {
        "settings": settings,
        "started_from": history.structure.to_json(),
        "structure": state.network.structure.to_json(),
        "class_names": list(state.network.class_names),
        "averaged": state.average.count if state.average else 0,
        "position": dataclasses.asdict(state.position),
    }
    tensors = {f"{part}.{name}": tensor for part, named in parts.items() for name, tensor in named.items()}
    write_weights(
        path, as_arrays(tensors), {"format": FORMAT, "state": json.dumps(facts, ensure_ascii=False)}
    )


def load_state(
    path: Path, network: Network, config: TrainingConfig, settings: Mapping[str, Any]
) -> TrainingState:
    """The state that a run of these settings saved; `network` is the one that it began with.

    Raises PeerattnError when the file is damaged, or of other settings, classes or another structure, and
    OSError when it cannot be read.
    """
    header = read_header(path, limit=HEADER_LIMIT)
    found = header.metadata.get("format", "")
    if found.partition("/")[0] != FORMAT.partition("/")[0]:
        raise PeerattnError(f"{path} is not the state of a training run: delete it, or choose another name")
    if found != FORMAT:
        raise PeerattnError(
            f"{path} was saved by another version of peerattn ({found}): go on with that one, or choose "
            "another name"
        )
    try:
        facts = json.loads(header.metadata["state"])
        network = _begun_with(network, _structure(facts, "started_from"))
        _check_same(path, facts, network, settings)
        tensors = load_file(path)
        return _restored(facts, _parts(tensors), network, config)
    except (PeerattnError, OSError, torch.OutOfMemoryError):  # none of them says that the file is damaged
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        said = str(error).splitlines()[0]
        raise PeerattnError(f"{path} is damaged ({said}): delete it and train anew") from error


def _begun_with(network: Network, started: Structure) -> Network:
    """The network; where a run began before new structures repeated edge frames, the same with its zeros."""
    zeros = tuple(replace(block, time_padding="zeros") for block in network.structure.blocks)
    if started == network.structure or started != replace(network.structure, blocks=zeros):
        return network
    return reduced(network, started)


def _check_same(path: Path, facts: Mapping[str, Any], network: Network, settings: Mapping[str, Any]) -> None:
    """Raises PeerattnError that names the first setting in which the saved run differs."""
    saved, asked = _flat(facts["settings"]), _flat(json.loads(json.dumps(settings)))
    for name in sorted(saved.keys() | asked.keys()):
        if saved.get(name) != asked.get(name):
            raise PeerattnError(
                f"{path} was saved with {name} {saved.get(name)!r}, not {asked.get(name)!r}: go on with the "
                "same settings, or choose another name"
            )
    if facts["class_names"] != list(network.class_names):
        raise PeerattnError(f"{path} was saved of a network of other classes: choose another name")
    if _structure(facts, "started_from") != network.structure:
        raise PeerattnError(f"{path} was saved of a network of another structure: choose another name")


def _structure(facts: Mapping[str, Any], when: str) -> Structure:
    """The structure that a saved run `started_from`, or its `structure` now."""
    return restore_answers(Structure.from_json(facts[when]), facts["settings"])


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """`part.field` → value."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return flat


def _parts(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    parts: dict[str, dict[str, Tensor]] = {
        part: {} for part in ("weights", "moments", "history", "average", "best")
    }
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    return parts


def _restored(
    facts: Mapping[str, Any], parts: dict[str, dict[str, Tensor]], network: Network, config: TrainingConfig
) -> TrainingState:
    device = next(network.parameters()).device
    structure, now = _structure(facts, "structure"), network
    if structure != network.structure:
        now = reduced(network, structure)
    now.load_state_dict(parts["weights"])
    now.train()
    optimiser = build_optimiser(now, config.optimisation)
    restore_moments(now, optimiser, parts["moments"])
    average = None
    if config.averaging.kind != "none":
        average = WeightAverage(now, config.averaging, count=facts["averaged"])
        average.network.load_state_dict(parts["average"])
    history = history_from_arrays(
        network.structure, {name: t.numpy() for name, t in parts["history"].items()}
    )
    log = HistoryLog(now, every=config.log_every, before=history)
    best = {name: tensor.to(device) for name, tensor in parts["best"].items()} or None
    return TrainingState(now, optimiser, average, log, Position(**facts["position"]), best)
