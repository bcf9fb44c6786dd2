"""Weights in safetensors files, whose headers are checked before any array is allocated."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from peerattn.errors import PeerattnError
from peerattn.files.header import Header, read_header
from peerattn.files.writing import write_atomically

WEIGHTS_FILE = "weights.safetensors"
_DTYPES = {"F32", "F16", "I64"}  # I64: batch norm's num_batches_tracked


def write_weights(
    path: Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays to a safetensors file; an interrupted write leaves the old file intact.

    `metadata` is stored in the file's header. Raises PeerattnError if the file cannot be written, for example
    because the disk is full.
    """
    contiguous = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    write_atomically(path, save(contiguous, dict(metadata) if metadata else None))


def read_weights(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Read the arrays of a safetensors file that must contain exactly the `expected` names and shapes.

    Names, shapes and dtypes are compared with the file's header before any array is allocated. Raises
    PeerattnError, which names the arrays that are missing, unknown, not finite or of another shape or dtype.
    """
    _check_entries(path, read_header(path), expected)
    try:
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise PeerattnError(f"{path} is damaged ({error}): copy or save the checkpoint again") from error
    broken = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if broken:
        raise PeerattnError(
            f"{path}: {_first(broken)} contain numbers that are not finite: train the checkpoint again"
        )
    return arrays


def _check_entries(path: Path, header: Header, expected: Mapping[str, tuple[int, ...]]) -> None:
    if missing := sorted(expected.keys() - header.shapes.keys()):
        raise PeerattnError(
            f"{path} lacks {_first(missing)}, so it belongs to another structure: choose the weights for "
            "this structure"
        )
    if unknown := sorted(header.shapes.keys() - expected.keys()):
        raise PeerattnError(
            f"{path} contains {_first(unknown)}, so it belongs to another structure: choose the weights for "
            "this structure"
        )
    for name, shape in expected.items():
        if header.shapes[name] != shape:
            raise PeerattnError(f"{path}: {name} has shape {list(header.shapes[name])}, not {list(shape)}")
        if header.dtypes[name] not in _DTYPES:
            raise PeerattnError(
                f"{path}: {name} is stored as {header.dtypes[name]}, not as float32 or float16"
            )


def _first(names: list[str]) -> str:
    """List the first three names, and count the others."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
