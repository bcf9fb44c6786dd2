"""Files written whole or not at all: in a crash, or on a full disk, the old one stays."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from peerattn.errors import PeerattnError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that at every moment, in a crash or on a full disk too, it is the old one or the new.

    The new file is written beside the old one and forced to the disk before it takes the name. Raises
    PeerattnError when that fails; the old file then stays.
    """
    partial = path.with_name(partial_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _to_disk(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise PeerattnError(
            f"{path} cannot be written ({error.strerror or error}): make room or choose another folder, "
            "what was saved before is as it was"
        ) from error


def partial_name(name: str) -> str:
    """What a file is called while it is written."""
    return f".{name}.partial"


def _to_disk(folder: Path) -> None:
    """Forces a folder's names to the disk, where the system can open a folder."""
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
