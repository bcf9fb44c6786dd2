"""A disk cache of arrays that are slow to compute, shared by all processes of a machine.

An entry is one `.npz` file named by the sha256 of everything that determines its content. It is written under
a temporary name, flushed to disk and renamed, so that no process ever reads half an entry, even if another
one is killed. Each read verifies the arrays' checksums; a damaged entry is deleted and computed again.

A file's modification time is the time of its last use: when the cache exceeds its limit, the least recently
used entries are deleted first. The limit is stored in the folder, so that all processes keep to the same one.
A process measures the folder after it has stored its first entry, then each time it has stored another 1/256
of the limit, and leaves that much space free. A single process therefore stays within the limit, apart from
the entry just being written; several at once may exceed it by 1/256 for each additional process.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.data.cache_folder import LIMIT
from peerattn.errors import PeerattnError
from peerattn.files.writing import write_atomically

Arrays = Mapping[str, NDArray[Any]]

_LIMIT_FILE = "limit"
_PORTIONS = 256  # of the limit: after storing one, a process measures the folder again
_UNFINISHED = ".part"
_ABANDONED = 3600.0  # s; older .part files are assumed to be left over from a dead process


def entry_key(**inputs: Any) -> str:
    """Return the key of an entry: the sha256 of everything that determines its content."""
    text = json.dumps(inputs, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes, or of the names and bytes of a folder's files."""
    if path.is_dir():
        files = {file.name: file_digest(file) for file in sorted(path.iterdir()) if file.is_file()}
        return entry_key(folder=files)
    status = path.stat()
    return _cached_digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _cached_digest(path: Path, size: int, changed: int) -> str:
    """Return the sha256 of a file's bytes; computed again only if size or modification time change."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Cache:
    """The entries in a folder, limited to `limit` bytes.

    Raises PeerattnError if the folder's `limit` file is invalid.
    """

    folder: Path
    _room: int = field(default=0, init=False, repr=False, compare=False)
    """Bytes that this process may store before it measures the folder again."""

    def __post_init__(self) -> None:
        _ = self.limit  # an invalid limit fails here, once, rather than on every access

    @property
    def limit(self) -> int:
        """The limit in bytes; raises PeerattnError if the folder's `limit` file is invalid."""
        path = self.folder / _LIMIT_FILE
        try:
            text = path.read_bytes().strip()
        except OSError:
            return LIMIT
        if not text.isdigit() or not int(text):
            raise PeerattnError(f"{path} is not a number of bytes: delete it, then limit the cache again")
        return int(text)

    def set_limit(self, limit: int) -> None:
        """Set the limit, in bytes, for all processes from now on, and delete what exceeds it.

        Raises PeerattnError if the limit cannot be stored or entries cannot be deleted.
        """
        if limit < 1:
            raise PeerattnError(f"the limit of the cache is {limit} bytes, but must be at least 1")
        write_atomically(self.folder / _LIMIT_FILE, f"{limit}\n".encode())
        try:
            self._make_room()
        except OSError as error:
            raise PeerattnError(
                f"{error.filename or self.folder} cannot be deleted ({error.strerror or error}), so "
                "the cache may exceed its new limit: make the folder writable, or delete it"
            ) from error

    def get(self, key: str) -> Arrays | None:
        """Return an entry's arrays, or None if there is no entry, or it cannot be read or is damaged."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:  # absent, or unreadable for now: it may be intact
            return None
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as entry:
                arrays = {name: entry[name] for name in entry.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):  # the time of last use cannot be set in a read-only folder
            os.utime(path)
        return arrays

    def has(self, key: str) -> bool:
        """Whether there is an entry, damaged or not."""
        return self._path(key).is_file()

    def put(self, key: str, arrays: Arrays) -> bool:
        """Store an entry; return whether that worked, since a full disk or read-only folder is no error."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._room -= self._write(path, arrays)
            if self._room < 0:
                self._make_room()
        except OSError:
            return False
        return path.exists()

    def get_or_make(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """Return an entry's arrays; if there is no entry, make and store it."""
        arrays = self.get(key)
        if arrays is None:
            arrays = make()
            self.put(key, arrays)
        return arrays

    def size(self) -> int:
        """Return the total size in bytes of all entries, including those still being written."""
        return sum(size for _, size, _ in self._files())

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"

    def _write(self, path: Path, arrays: Arrays) -> int:
        """Store an entry atomically; return its size in bytes."""
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=_UNFINISHED, delete=False) as file:
            try:
                np.savez(file, allow_pickle=False, **dict(arrays))
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        Path(file.name).replace(path)
        return size

    def _make_room(self) -> None:
        """Delete abandoned files, and the least recently used entries until there is room again."""
        limit, files = self.limit, sorted(self._files())
        self._room = limit // _PORTIONS
        total = sum(size for _, size, _ in files)
        for used, size, path in files:
            abandoned = path.suffix == _UNFINISHED and used < time.time() - _ABANDONED
            if abandoned or (total > limit - self._room and path.suffix != _UNFINISHED):
                path.unlink(missing_ok=True)
                total -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Return each file's time of last use, size in bytes and path."""
        files = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):  # other processes may delete files meanwhile
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        return files
