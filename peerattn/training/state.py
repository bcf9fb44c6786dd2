"""The complete state of a training run in one safetensors file; a resumed run has identical results.

Its tensors: `weights.*`, `average.*` and `best.*` of the networks, `moments.*` of the optimiser, `history.*`.
Its metadata: all settings, the initial and the current structure, and the position of the run. The state of
the random number generator need not be saved: each update seeds it from the run's seed and its own number.
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
from peerattn.files.decoding import decode
from peerattn.files.header import read_header
from peerattn.files.weights import write_weights
from peerattn.graph.structure import Structure, restore_answers
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays
from peerattn.pruning.threshold import subnetwork
from peerattn.traces.history import history_arrays, history_from_arrays
from peerattn.training.averaging import WeightAverage
from peerattn.training.config import TrainingConfig
from peerattn.training.history_log import HistoryLog
from peerattn.training.optimisation import build_optimiser, moments, restore_moments

FORMAT = "peerattn-training/2"
STATE_FILE = "training.safetensors"
LATER_SETTINGS: dict[str, Any] = {"detached": [], "closed_form": []}
"""Settings that older files lack → the value with which their runs were trained."""
HEADER_LIMIT = 32_000_000
"""In bytes: enough for five tensors per parameter and two structures."""


@dataclass
class Position:
    """The position of a run: `epoch` (from 0), `step` (updates in this epoch), `update` (all updates).

    `loss` is summed over the epoch's updates; `best` is the best score so far, reached in `best_epoch`;
    `scale` is the state of fp16 loss scaling.
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
    """Everything that changes while a network trains."""

    network: Network
    optimiser: Optimizer
    average: WeightAverage | None
    history: HistoryLog
    position: Position
    best: dict[str, Tensor] | None = None

    @property
    def kept(self) -> Network:
        """The network that would be kept now: the averaged one if there is one, else the network itself."""
        return self.average.network if self.average and self.average.count else self.network


def initial_state(network: Network, config: TrainingConfig) -> TrainingState:
    """Return the state before the first update."""
    average = WeightAverage(network, config.averaging) if config.averaging.kind != "none" else None
    history = HistoryLog(network, every=config.log_every)
    history.log(0)
    return TrainingState(network, build_optimiser(network, config.optimisation), average, history, Position())


def save_state(path: Path, state: TrainingState, settings: Mapping[str, Any]) -> None:
    """Write the state and the run's settings; an interruption leaves either the old file or the new one.

    Raises PeerattnError if the disk is full or cannot be written to.
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
    """Load the state saved by a run with these settings; `network` is the one that the run started with.

    Raises PeerattnError if the file is damaged, or was saved with other settings, classes or another
    structure; OSError if it cannot be read.
    """
    header = read_header(path, limit=HEADER_LIMIT)
    saved_format = header.metadata.get("format", "")
    if saved_format.partition("/")[0] != FORMAT.partition("/")[0]:
        raise PeerattnError(f"{path} is not the state of a training run: delete it, or choose another name")
    if saved_format != FORMAT:
        raise PeerattnError(
            f"{path} was saved by another version of peerattn ({saved_format}): resume with that one, or "
            "choose another name"
        )
    try:
        facts = json.loads(header.metadata["state"])
        network = _as_started(network, _structure(facts, "started_from"))
        _check_same(path, facts, network, settings)
        tensors = load_file(path)
        return _restore(facts, _parts(tensors), network, config)
    except (PeerattnError, OSError, torch.OutOfMemoryError):  # these do not mean that the file is damaged
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        message = str(error).splitlines()[0]
        raise PeerattnError(f"{path} is damaged ({message}): delete it and train again") from error


def _as_started(network: Network, started: Structure) -> Network:
    """Return the network with the zero padding in time that older runs started with, if this run did.

    New structures repeat edge frames instead.
    """
    zeros = tuple(replace(block, time_padding="zeros") for block in network.structure.blocks)
    if started == network.structure or started != replace(network.structure, blocks=zeros):
        return network
    return subnetwork(network, started)


def _check_same(path: Path, facts: Mapping[str, Any], network: Network, settings: Mapping[str, Any]) -> None:
    """Raises PeerattnError, naming the first setting that differs, if the saved run is another one."""
    both = facts["settings"], json.loads(json.dumps(settings))
    saved, current = (LATER_SETTINGS | _flat(each) for each in both)
    for name in sorted(saved.keys() | current.keys()):
        if saved.get(name) != current.get(name):
            raise PeerattnError(
                f"{path} was saved with {name} {saved.get(name)!r}, not {current.get(name)!r}: resume with "
                "the same settings, or choose another name"
            )
    if facts["class_names"] != list(network.class_names):
        raise PeerattnError(f"{path} was saved for a network with other classes: choose another name")
    if _structure(facts, "started_from") != network.structure:
        raise PeerattnError(f"{path} was saved for a network with another structure: choose another name")


def _structure(facts: Mapping[str, Any], when: str) -> Structure:
    """Return a structure of the saved run: the one it `started_from`, or the current `structure`."""
    return restore_answers(Structure.from_json(facts[when]), facts["settings"])


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested settings as `part.field` → value."""
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


def _restore(
    facts: Mapping[str, Any], parts: dict[str, dict[str, Tensor]], network: Network, config: TrainingConfig
) -> TrainingState:
    device = next(network.parameters()).device
    structure, current = _structure(facts, "structure"), network
    if structure != network.structure:
        current = subnetwork(network, structure)
    current.load_state_dict(parts["weights"])
    current.train()
    optimiser = build_optimiser(current, config.optimisation)
    restore_moments(current, optimiser, parts["moments"])
    average = None
    if config.averaging.kind != "none":
        average = WeightAverage(current, config.averaging, count=facts["averaged"])
        average.network.load_state_dict(parts["average"])
    history = history_from_arrays(
        network.structure, {name: t.numpy() for name, t in parts["history"].items()}
    )
    log = HistoryLog(current, every=config.log_every, before=history)
    best = {name: tensor.to(device) for name, tensor in parts["best"].items()} or None
    return TrainingState(current, optimiser, average, log, _position(facts["position"]), best)


def _position(data: Any) -> Position:
    try:
        return decode(data, Position, "position")
    except PeerattnError as error:  # of a damaged file, which `load_state` names
        raise ValueError(str(error)) from error
