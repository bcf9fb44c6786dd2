"""The history of a training: connection weights, attention weights and scores, logged every few steps.

A history is one safetensors file next to the weights. Nothing here imports torch, so it can be drawn
anywhere.

Shapes: S logged steps, E connections (in the structure's order), P candidate peers of one connection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from peerattn.errors import PeerattnError
from peerattn.files.header import read_header
from peerattn.files.writing import write_atomically
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure

FORMAT = "peerattn-history/1"
HISTORY_FILE = "history.safetensors"
_METRIC = "metrics."
_DTYPES = {"steps": "I64", "epochs": "I64", "connection_weights": "F32", "attention_weights": "F32"}


@dataclass(frozen=True)
class History:
    """What a training logged; `structure` is the one with which it started.

    `steps` (S,) are increasing numbers of completed updates; `epochs` (S,) count from 0. `connection_weights`
    is (S, E), in the order of `keys`, and `attention_weights` maps key → (S, P). Both are NaN for a
    connection without such weights, and from the step at which it was pruned. `metrics` maps name → (S,),
    with NaN where a metric was not measured.
    """

    structure: Structure
    steps: NDArray[np.int64]
    epochs: NDArray[np.int64]
    connection_weights: NDArray[np.float32]
    attention_weights: Mapping[str, NDArray[np.float32]]
    metrics: Mapping[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the connections, in the order of the columns."""
        return tuple(spec.key for spec in self.structure.connections)


def attention_weight_count(spec: ConnectionSpec) -> int:
    """Return the number of a connection's attention weights: one per candidate peer, 0 without peer
    attention.
    """
    return len(spec.peers) if spec.attention == "peer" else 0


def attention_columns(structure: Structure) -> dict[str, slice]:
    """Return connection → its columns in the array of all connections' attention weights (S, ΣP)."""
    columns, start = {}, 0
    for spec in structure.connections:
        columns[spec.key] = slice(start, start + attention_weight_count(spec))
        start += attention_weight_count(spec)
    return columns


def write_history(path: Path, history: History) -> None:
    """Write a history file; an interrupted write leaves the old file intact."""
    write_atomically(
        path, save(history_arrays(history), {"format": FORMAT, "structure": _text(history.structure)})
    )


def history_arrays(history: History) -> dict[str, NDArray[Any]]:
    """Return the arrays of a history, as they are stored in its file."""
    shares = [history.attention_weights[key] for key in history.keys]
    side_by_side = np.concatenate([np.zeros((len(history), 0), np.float32), *shares], axis=1)
    return {
        "steps": history.steps,
        "epochs": history.epochs,
        "connection_weights": history.connection_weights,
        "attention_weights": np.ascontiguousarray(side_by_side, np.float32),
        **{_METRIC + name: values for name, values in history.metrics.items()},
    }


def history_from_arrays(structure: Structure, tensors: Mapping[str, NDArray[Any]]) -> History:
    """The inverse of `history_arrays`; raises PeerattnError for impossible shapes and values."""
    metrics = {name.removeprefix(_METRIC): v for name, v in tensors.items() if name.startswith(_METRIC)}
    columns = attention_columns(structure)
    logged, total = len(tensors["steps"]), sum(map(attention_weight_count, structure.connections))
    expected = {"connection_weights": len(structure.connections), "attention_weights": total}
    for name, width in expected.items():
        if tensors[name].shape != (logged, width):
            raise PeerattnError(f"{name} has shape {tensors[name].shape}, not {(logged, width)}")
        values = tensors[name][~np.isnan(tensors[name])]
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            raise PeerattnError(f"{name} must lie between 0 and 1")
    for name, values in {"epochs": tensors["epochs"], **metrics}.items():
        if values.shape != (logged,):
            raise PeerattnError(f"{name} has shape {values.shape}, not {(logged,)}")
        if np.isinf(values).any():
            raise PeerattnError(f"{name} contains infinite values")
    if (np.diff(tensors["steps"]) <= 0).any() or (np.diff(tensors["epochs"]) < 0).any():
        raise PeerattnError("its steps are not in increasing order")
    shares = tensors["attention_weights"]
    return History(
        structure=structure,
        steps=tensors["steps"],
        epochs=tensors["epochs"],
        connection_weights=tensors["connection_weights"],
        attention_weights={key: shares[:, own] for key, own in columns.items()},
        metrics=metrics,
    )


def read_history(path: Path) -> History:
    """Read a history file; raises PeerattnError, with one plain line, if it is not a history."""
    header = read_header(path)
    dtypes = {**_DTYPES, **dict.fromkeys((n for n in header.dtypes if n.startswith(_METRIC)), "F64")}
    if header.metadata.get("format") != FORMAT or header.dtypes != dtypes:
        raise PeerattnError(f"{path} is not a training history of this program: log it again")
    if len(header.shapes["steps"]) != 1:
        raise PeerattnError(f"{path}: steps has shape {header.shapes['steps']}: log it again")
    try:
        structure = Structure.parse(header.metadata.get("structure", ""))
        return history_from_arrays(structure, load_file(path))
    except (OSError, SafetensorError) as error:
        raise PeerattnError(f"{path} is damaged ({error}): copy or log the history again") from error
    except PeerattnError as error:
        raise PeerattnError(f"{path} is not valid ({error}): log the history again") from error


def _text(structure: Structure) -> str:
    return json.dumps(structure.to_json(), ensure_ascii=False, separators=(",", ":"))
