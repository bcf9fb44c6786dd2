"""Atomic writing of files: after a crash or on a full disk, a file is complete, be it old or new."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from peerattn.errors import PeerattnError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file such that `path` is always the complete old file or the complete new one.

    The new data is written to a temporary file in the same folder and synced to disk before it replaces the
    old file. Raises PeerattnError if that fails; the old file is then unchanged, unless only the final sync
    of the folder failed, in which case the new file is already in place.
    """
    partial = path.with_name(partial_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise PeerattnError(
            f"{path} cannot be written ({error.strerror or error}): free some disk space or choose another "
            "folder; a file that was there before is still complete"
        ) from error


def partial_name(name: str) -> str:
    """Return the temporary name of a file while it is being written."""
    return f".{name}.partial"


def _sync_folder(folder: Path) -> None:
    """Sync a folder's entries to disk, on systems that can open a folder."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
