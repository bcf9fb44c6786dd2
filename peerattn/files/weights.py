"""Weights as a safetensors file, checked against its header before anything is allocated."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from peerattn.errors import PeerattnError
from peerattn.files.header import Header, read_header
from peerattn.files.writing import write_whole

WEIGHTS_FILE = "weights.safetensors"
_DTYPES = {"F32", "I64"}  # I64: the batch counters of batch norm


def write_weights(
    path: Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays as a safetensors file; an interrupted write leaves the old one whole.

    `metadata` are texts in its header. Raises PeerattnError where the disk is full or cannot be written to.
    """
    plain = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    write_whole(path, save(plain, dict(metadata) if metadata else None))


def read_weights(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file that holds exactly the `expected` names and shapes.

    Names, shapes and number types are compared with the file's header before any array is allocated; raises
    PeerattnError that names what is missing, unknown or of another shape.
    """
    _check_entries(path, read_header(path), expected)
    try:
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise PeerattnError(f"{path} is damaged ({error}): copy or save the checkpoint again") from error
    broken = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if broken:
        raise PeerattnError(f"{path}: {_some(broken)} hold numbers that are not finite: train it again")
    return arrays


def _check_entries(path: Path, header: Header, expected: Mapping[str, tuple[int, ...]]) -> None:
    if missing := sorted(expected.keys() - header.shapes.keys()):
        raise PeerattnError(f"{path} lacks {_some(missing)}: it belongs to another structure")
    if unknown := sorted(header.shapes.keys() - expected.keys()):
        raise PeerattnError(f"{path} holds {_some(unknown)}, unknown here: it belongs to another structure")
    for name, shape in expected.items():
        if header.shapes[name] != shape:
            raise PeerattnError(f"{path}: {name} has shape {list(header.shapes[name])}, not {list(shape)}")
        if header.dtypes[name] not in _DTYPES:
            raise PeerattnError(f"{path}: {name} is stored as {header.dtypes[name]}, not as float32")


def _some(names: list[str]) -> str:
    """The first three names and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
