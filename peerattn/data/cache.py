"""A cache on disk of arrays that take long to make, shared by all processes of a machine.

An entry is one `.npz` file whose name is the sha256 of everything that decides what is in it. It is written
under another name, forced to the disk and renamed: a process may be killed at any moment, and another never
reads half an entry. Each read checks the checksums of the arrays; a damaged entry is dropped and made anew.
The time of a file says when it was last used: beyond the limit, those used longest ago go first. The limit
lies in the folder, so that all processes keep to the same one. A process measures the folder when it first
stores something, then after every 256th part of the limit that it has stored, and leaves room for the next:
alone it keeps within the limit, several at the same time may exceed it by such a part for each further one.
"""

from __future__ import annotations

import contextlib
import hashlib
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
from peerattn.moved import moved

__getattr__ = moved(__name__)

Arrays = Mapping[str, NDArray[Any]]

_LIMIT_FILE = "limit"
_PARTS = 256  # of the limit
_UNFINISHED = ".part"
_ABANDONED = 3600.0  # s after which an unfinished file belongs to no living process


def key_of(**decisive: Any) -> str:
    """The name of an entry: the sha256 of all that decides what is in it."""
    text = json.dumps(decisive, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest(path: Path) -> str:
    """The sha256 of a file's bytes; of a folder, that of its files' names and bytes."""
    if path.is_dir():
        files = {file.name: digest(file) for file in sorted(path.iterdir()) if file.is_file()}
        return key_of(folder=files)
    status = path.stat()
    return _file_digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _file_digest(path: Path, size: int, changed: int) -> str:
    """The sha256 of a file's bytes, asked for again only when the file has changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Cache:
    """The entries in a folder, `limit` bytes of them at most."""

    folder: Path
    _room: int = field(default=0, init=False, repr=False, compare=False)
    """Bytes that this process may store before it measures the folder again."""

    def __post_init__(self) -> None:
        _ = self.limit  # nonsense is refused here rather than clip after clip

    @property
    def limit(self) -> int:
        """Bytes; raises PeerattnError where the folder's file of it holds no such number."""
        path = self.folder / _LIMIT_FILE
        try:
            said = path.read_bytes().strip()
        except OSError:
            return LIMIT
        if not said.isdigit() or not int(said):
            raise PeerattnError(f"{path} holds no number of bytes: delete it, then limit the cache again")
        return int(said)

    def keep_to(self, limit: int) -> None:
        """From now on all processes keep the folder to so many bytes; raises PeerattnError if that fails."""
        if limit < 1:
            raise PeerattnError(f"a cache of {limit} bytes holds nothing: give at least 1")
        write_atomically(self.folder / _LIMIT_FILE, f"{limit}\n".encode())
        self._make_room()

    def get(self, key: str) -> Arrays | None:
        """An entry's arrays; None where there is none that is whole."""
        path = self._path(key)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
                arrays = {name: entry[name] for name in entry.files}
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return arrays

    def has(self, key: str) -> bool:
        """Whether there is an entry, whole or not."""
        return self._path(key).is_file()

    def put(self, key: str, arrays: Arrays) -> bool:
        """Whether the entry could be stored; a full disk or a read-only folder is no error to a cache."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._room -= self._write(path, arrays)
            if self._room < 0:
                self._make_room()
        except OSError:
            return False
        return path.exists()

    def made(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """An entry's arrays, made and stored where there are none."""
        arrays = self.get(key)
        if arrays is None:
            arrays = make()
            self.put(key, arrays)
        return arrays

    def size(self) -> int:
        """Bytes of all entries."""
        return sum(size for _, size, _ in self._files())

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"

    def _write(self, path: Path, arrays: Arrays) -> int:
        """Store an entry whole; its bytes."""
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
        """Remove what was used longest ago, until the rest leaves room within the limit."""
        limit, files = self.limit, sorted(self._files())
        self._room = limit // _PARTS
        total = sum(size for _, size, _ in files)
        for used, size, path in files:
            abandoned = path.suffix == _UNFINISHED and used < time.time() - _ABANDONED
            if abandoned or (total > limit - self._room and path.suffix != _UNFINISHED):
                path.unlink(missing_ok=True)
                total -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each was last used, its bytes and its path; other processes may remove some meanwhile."""
        found = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found
