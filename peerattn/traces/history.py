"""How a network learned: its connection weights, attention weights and scores, every few training steps.

A history is one safetensors file beside the weights. Nothing here imports torch: it can be drawn anywhere.

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
_KINDS = {"steps": "I64", "epochs": "I64", "connection_weights": "F32", "attention_weights": "F32"}


@dataclass(frozen=True)
class History:
    """What training logged of `structure`, the one that it began with.

    `steps` (S,) ascend and count updates done; `epochs` (S,) count from 0. `connection_weights` (S, E)
    in the order of `keys`, `attention_weights` key → (S, P); both are not numbers where a connection
    has none, and from the step at which it was pruned. `metrics` name → (S,), not numbers where nothing
    was measured.
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
        """The connections, in the order of the columns."""
        return tuple(spec.key for spec in self.structure.connections)


def peers_of(spec: ConnectionSpec) -> int:
    """How many attention weights a connection has: one a candidate peer, none without peer attention."""
    return len(spec.peers) if spec.attention == "peer" else 0


def attention_columns(structure: Structure) -> dict[str, slice]:
    """Connection → its columns where the attention weights of all of them stand side by side (S, ΣP)."""
    columns, start = {}, 0
    for spec in structure.connections:
        columns[spec.key] = slice(start, start + peers_of(spec))
        start += peers_of(spec)
    return columns


def write_history(path: Path, history: History) -> None:
    """Write a history; an interrupted write leaves the old file whole."""
    write_atomically(path, save(arrays(history), {"format": FORMAT, "structure": _text(history.structure)}))


def arrays(history: History) -> dict[str, NDArray[Any]]:
    """A history's numbers as the file holds them."""
    shares = [history.attention_weights[key] for key in history.keys]
    beside = np.concatenate([np.zeros((len(history), 0), np.float32), *shares], axis=1)
    return {
        "steps": history.steps,
        "epochs": history.epochs,
        "connection_weights": history.connection_weights,
        "attention_weights": np.ascontiguousarray(beside, np.float32),
        **{_METRIC + name: values for name, values in history.metrics.items()},
    }


def from_arrays(structure: Structure, tensors: Mapping[str, NDArray[Any]]) -> History:
    """The inverse of `arrays`; raises PeerattnError for shapes and values that no history has."""
    metrics = {name.removeprefix(_METRIC): v for name, v in tensors.items() if name.startswith(_METRIC)}
    columns = attention_columns(structure)
    logged, wide = len(tensors["steps"]), sum(map(peers_of, structure.connections))
    expected = {"connection_weights": len(structure.connections), "attention_weights": wide}
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
            raise PeerattnError(f"{name} is infinite somewhere")
    if (np.diff(tensors["steps"]) <= 0).any() or (np.diff(tensors["epochs"]) < 0).any():
        raise PeerattnError("its steps do not ascend")
    shares = tensors["attention_weights"]
    return History(
        structure=structure,
        steps=tensors["steps"],
        epochs=tensors["epochs"],
        connection_weights=tensors["connection_weights"],
        attention_weights={key: shares[:, place] for key, place in columns.items()},
        metrics=metrics,
    )


def read_history(path: Path) -> History:
    """The history in a file; raises PeerattnError, with one plain line, for a file that is none."""
    header = read_header(path)
    kinds = {**_KINDS, **dict.fromkeys((n for n in header.dtypes if n.startswith(_METRIC)), "F64")}
    if header.metadata.get("format") != FORMAT or header.dtypes != kinds:
        raise PeerattnError(f"{path} does not hold what a training history does: log it again")
    if len(header.shapes["steps"]) != 1:
        raise PeerattnError(f"{path}: steps has shape {header.shapes['steps']}: log it again")
    try:
        structure = Structure.parse(header.metadata.get("structure", ""))
        return from_arrays(structure, load_file(path))
    except (OSError, SafetensorError) as error:
        raise PeerattnError(f"{path} is damaged ({error}): copy or log the history again") from error
    except PeerattnError as error:
        raise PeerattnError(f"{path}: {error}: log the history again") from error


def _text(structure: Structure) -> str:
    return json.dumps(structure.to_json(), ensure_ascii=False, separators=(",", ":"))
