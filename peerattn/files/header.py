"""The header of a safetensors file, which describes the file's tensors before any of them is read.

A safetensors file is the header's length in 8 bytes (little-endian), a JSON header with the name, shape,
dtype and byte offsets of each tensor, and then the numbers. The header may also hold strings of our own, its
metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerattn.errors import PeerattnError

HEADER_LIMIT = 1_000_000
"""Largest header that is read, in bytes. A header of 400,000 names takes 27 MB on disk, but 551 MB once
parsed.
"""


@dataclass(frozen=True)
class Header:
    """The contents a safetensors file declares: tensor name → shape and dtype, and the metadata strings."""

    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    metadata: Mapping[str, str]


def read_header(path: Path, *, limit: int = HEADER_LIMIT) -> Header:
    """Read the header of a safetensors file; raises PeerattnError if it is invalid or over `limit` bytes."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= limit:
                raise PeerattnError(
                    f"{path} is not a safetensors file of weights: its header would have {length:,} bytes. "
                    "Save the checkpoint again"
                )
            entries = json.loads(file.read(length))
    except (OSError, RecursionError, ValueError) as error:
        if isinstance(error, PeerattnError):
            raise
        raise PeerattnError(f"{path} is not a safetensors file: save the checkpoint again") from error
    if not isinstance(entries, dict):
        raise PeerattnError(f"{path} is not a safetensors file: save the checkpoint again")
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise PeerattnError(f"{path}: the metadata in its header must be strings: save the file again")
    tensors = {name: entry if isinstance(entry, dict) else {} for name, entry in entries.items()}
    return Header(
        {name: _shape(entry.get("shape")) for name, entry in tensors.items()},
        {name: str(entry.get("dtype")) for name, entry in tensors.items()},
        metadata,
    )


def _shape(value: Any) -> tuple[int, ...]:
    """Return a shape from the header; an invalid one becomes (-1,), which matches no tensor."""
    if isinstance(value, list) and all(type(side) is int and side >= 0 for side in value):
        return tuple(value)
    return (-1,)
