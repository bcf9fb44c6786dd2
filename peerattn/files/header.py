"""The header of a safetensors file: what the file says it holds, before any of it is read.

A safetensors file is 8 bytes of length (little-endian), a JSON header of names, shapes, kinds of number and
places, and the numbers. The header may carry a few texts of our own: the metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerattn.errors import PeerattnError

HEADER_LIMIT = 1_000_000
"""Bytes; a header of 400,000 names takes 27 MB in the file and 551 MB once read."""


@dataclass(frozen=True)
class Header:
    """What a file says it holds: name → shape and kind of number, and its own texts."""

    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    metadata: Mapping[str, str]


def read_header(path: Path, *, limit: int = HEADER_LIMIT) -> Header:
    """The header of a safetensors file, at most `limit` bytes; raises PeerattnError when it cannot be one."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= limit:
                raise PeerattnError(f"{path}: a header of {length:,} bytes is not that of a weights file")
            entries = json.loads(file.read(length))
    except (OSError, RecursionError, ValueError) as error:
        if isinstance(error, PeerattnError):
            raise
        raise PeerattnError(f"{path} is not a safetensors file: save the checkpoint again") from error
    if not isinstance(entries, dict):
        raise PeerattnError(f"{path} is not a safetensors file: save the checkpoint again")
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise PeerattnError(f"{path}: its metadata are not texts: save it again")
    tensors = {name: entry if isinstance(entry, dict) else {} for name, entry in entries.items()}
    return Header(
        {name: _shape(entry.get("shape")) for name, entry in tensors.items()},
        {name: str(entry.get("dtype")) for name, entry in tensors.items()},
        metadata,
    )


def _shape(given: Any) -> tuple[int, ...]:
    """A shape as the header gives it; one that is none becomes one that no tensor has."""
    if isinstance(given, list) and all(type(side) is int and side >= 0 for side in given):
        return tuple(given)
    return (-1,)
