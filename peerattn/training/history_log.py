"""A log of connection weights, attention weights and scores, written with one line in any training loop.

    history = HistoryLog(network, every=10)
    for step, (clip, labels) in enumerate(batches):
        ...
        history.log(step, loss=loss.item())
    write_history(folder / "history.safetensors", history.history())

Shapes: S logged steps, E connections, P candidate peers of one connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.network.attention import PeerAttention
from peerattn.network.network import Network
from peerattn.traces.history import History, attention_columns, history_arrays, history_from_arrays


@dataclass
class _Row:
    """One logged step: connection weights (E,), and attention weights of all connections in a row (ΣP,)."""

    step: int
    epoch: int
    weights: NDArray[np.float32]
    shares: NDArray[np.float32]
    scores: dict[str, float] = field(default_factory=dict)


class HistoryLog:
    """Logs connection weights, attention weights and scores at every `every`-th step.

    After pruning, call `follow(smaller)`; from then on the values of removed connections are NaN.
    """

    def __init__(self, network: Network, *, every: int = 1, before: History | None = None) -> None:
        """Continue the history `before`, if given. Raises PeerattnError if `every` is less than 1."""
        if every < 1:
            raise PeerattnError(f"cannot log every {every} steps: give 1 or more")
        self.every = every
        self.structure = before.structure if before else network.structure
        self._columns = attention_columns(self.structure)
        self._places = {spec.key: place for place, spec in enumerate(self.structure.connections)}
        self._rows = _rows(before) if before else []
        self.follow(network)

    def follow(self, network: Network) -> None:
        """Log this network from now on: the same one, or the smaller one after pruning.

        For a module that is not a `Network`, only scores are logged.
        """
        specs = network.structure.connections if isinstance(network, Network) else ()
        own = [(spec.key, network.connection(spec.key)) for spec in specs]
        weights = {key: module.weight for key, module in own if module.weight is not None}
        shares = {
            key: module.attention.weights
            for key, module in own
            if isinstance(module.attention, PeerAttention)
        }
        self._weights, self._shares = tuple(weights.values()), tuple(shares.values())
        self._weight_places = np.array([self._places[key] for key in weights], np.int64)
        columns = [np.arange(self._columns[key].start, self._columns[key].stop) for key in shares]
        self._share_places = np.concatenate([np.zeros(0, np.int64), *columns])
        self._starts = np.cumsum([0, *map(len, columns)])[:-1]

    def log(self, step: int, *, epoch: int = 0, **scores: float) -> None:
        """Log this step and its scores (loss=..., top1=...) if its number is a multiple of `every`."""
        if step % self.every == 0:
            self.keep(step, epoch=epoch, **scores)

    def keep(self, step: int, *, epoch: int = 0, **scores: float) -> None:
        """Log this step in any case; if it has been logged already, the scores are added to it.

        Raises PeerattnError for a step before the last one.
        """
        last = self._rows[-1].step if self._rows else -1
        if step < last:
            raise PeerattnError(f"step {step} comes after step {last} in a history: its steps must ascend")
        if step > last:
            self._rows.append(_Row(step, epoch, self._connection_weights(), self._attention_weights()))
        self._rows[-1].scores.update(scores)

    def history(self) -> History:
        """Return everything logged so far."""
        rows, edges, peers = (
            self._rows,
            len(self._places),
            sum(c.stop - c.start for c in self._columns.values()),
        )
        names = dict.fromkeys(name for row in rows for name in row.scores)
        return history_from_arrays(
            self.structure,
            {
                "steps": np.array([row.step for row in rows], np.int64),
                "epochs": np.array([row.epoch for row in rows], np.int64),
                "connection_weights": _table([row.weights for row in rows], edges),
                "attention_weights": _table([row.shares for row in rows], peers),
                **{
                    f"metrics.{name}": np.array([row.scores.get(name, np.nan) for row in rows])
                    for name in names
                },
            },
        )

    def _connection_weights(self) -> NDArray[np.float32]:
        """(E,) σ(w)."""
        row = np.full(len(self._places), np.nan, np.float32)
        row[self._weight_places] = torch.sigmoid(_concatenated(self._weights)).numpy()
        return row

    def _attention_weights(self) -> NDArray[np.float32]:
        """(ΣP,) the softmax of each connection's h."""
        row = np.full(sum(c.stop - c.start for c in self._columns.values()), np.nan, np.float32)
        if len(self._share_places):
            logits = _concatenated(self._shares).numpy()
            lengths = np.diff([*self._starts, len(self._share_places)])
            powers = np.exp(logits - np.repeat(np.maximum.reduceat(logits, self._starts), lengths))
            row[self._share_places] = powers / np.repeat(np.add.reduceat(powers, self._starts), lengths)
        return row


def _concatenated(parameters: tuple[Tensor, ...]) -> Tensor:
    """Return small parameters as one vector on the CPU, so that there is a single copy from the device."""
    if not parameters:
        return torch.zeros(0)
    return torch.cat([parameter.detach().reshape(-1) for parameter in parameters]).float().cpu()


def _table(rows: list[NDArray[np.float32]], width: int) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(len(rows), width)


def _rows(history: History) -> list[_Row]:
    """Return the rows of a history that is to be continued."""
    columns = history_arrays(history)
    return [
        _Row(
            int(history.steps[place]),
            int(history.epochs[place]),
            columns["connection_weights"][place],
            columns["attention_weights"][place],
            {
                name: float(values[place])
                for name, values in history.metrics.items()
                if not np.isnan(values[place])
            },
        )
        for place in range(len(history))
    ]
