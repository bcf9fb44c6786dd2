"""A zip of labelled clips as a folder: what it says of itself is checked before a byte is written.

A name in it becomes a path only where it stays inside the folder, and no file becomes larger than the
archive's directory says. A link or an encrypted file is refused; what is neither a clip nor goes with one
stays out.
"""

from __future__ import annotations

import io
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from peerattn.data.folder import VIDEO_SUFFIXES
from peerattn.errors import PeerattnError

MOST_BYTES = 2 * 2**30
"""Of all files together, unpacked."""
MOST_FILES = 5_000
DEEPEST = 12  # folders in one another
KINDS = {*VIDEO_SUFFIXES, ".npz", ".json", ".png", ".csv"}
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
SPLITS = ("train", "val", "test")
_PIECE = 2**20
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)
"""What Python's reader raises for archives that are damaged, or lie about where things are."""


@dataclass(frozen=True)
class Unpacked:
    """The folder of classes, and how many files stayed out as of another kind."""

    folder: Path
    left_out: int


def unpack(content: bytes | memoryview | Path, folder: Path) -> Unpacked:
    """Unpack a zip, or the file that it is, into a new folder.

    Raises PeerattnError with one plain line, and then leaves no folder.
    """
    try:
        with zipfile.ZipFile(content if isinstance(content, Path) else io.BytesIO(content)) as archive:
            files = [part for part in archive.infolist() if not part.is_dir() and not _is_system(part)]
            _check(files)
            wanted = [part for part in files if PurePosixPath(part.filename).suffix.lower() in KINDS]
            folder.mkdir(parents=True)
            for part in wanted:
                _write(archive, part, folder)
    except (*DAMAGED, PeerattnError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, PeerattnError):
            raise
        raise PeerattnError(f"this is not a whole zip file ({error}): pack the folder again") from error
    return Unpacked(_inner(folder), len(files) - len(wanted))


def _is_system(part: zipfile.ZipInfo) -> bool:
    """What some systems add: hidden files, and a folder that holds icons of the others."""
    parts = PurePosixPath(part.filename).parts
    hidden = bool(parts) and parts[-1].startswith(".") and "\\" not in part.filename
    return hidden or parts[:1] == ("__MACOSX",)


def _check(files: Iterable[zipfile.ZipInfo]) -> None:
    """By what the archive's directory says, before anything is unpacked."""
    files = list(files)
    if len(files) > MOST_FILES:
        raise PeerattnError(
            f"this zip holds {len(files):,} files, at most {MOST_FILES:,} are unpacked: split it"
        )
    if (size := sum(part.file_size for part in files)) > MOST_BYTES:
        most = f"at most {MOST_BYTES / 2**30:.0f} GiB are unpacked"
        raise PeerattnError(f"this zip unpacks to {size / 2**30:,.1f} GiB, {most}: split it")
    if len({part.filename for part in files}) < len(files):
        raise PeerattnError("this zip holds two files of one name: pack the folder again")
    for part in files:
        for holds, wrong in _wrongs(part):
            if holds:
                raise PeerattnError(f"this zip holds {part.filename[:80]!r}, {wrong}")


def _wrongs(part: zipfile.ZipInfo) -> Iterator[tuple[bool, str]]:
    """What may be wrong with one file."""
    path, kind = PurePosixPath(part.filename), stat.S_IFMT(part.external_attr >> 16)
    outside = path.is_absolute() or ".." in path.parts or "\\" in part.filename or ":" in part.filename
    yield outside or "\0" in part.orig_filename, "a path that leads outside of it: pack the folder again"
    yield kind not in (0, stat.S_IFREG), "a link or no plain file: put the file itself there"
    yield bool(part.flag_bits & 1), "which is encrypted: pack it without a password"
    yield part.compress_type not in PACKED, "which is packed in an unusual way: use plain zip"
    yield len(path.parts) > DEEPEST, f"deeper than {DEEPEST} folders: pack a folder of classes"


def _write(archive: zipfile.ZipFile, part: zipfile.ZipInfo, folder: Path) -> None:
    """As many bytes as the directory says, never more."""
    path = folder.joinpath(*PurePosixPath(part.filename).parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(part) as packed, path.open("xb") as file:
        left = part.file_size
        while left and (piece := packed.read(min(left, _PIECE))):
            file.write(piece)
            left -= len(piece)


def _inner(folder: Path) -> Path:
    """The folder of classes: a zip of a folder often holds that folder alone."""
    while True:
        inside = list(folder.iterdir())
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].name in SPLITS:
            return folder
        if not _holds_folders(inside[0]):
            return folder
        folder = inside[0]


def _holds_folders(folder: Path) -> bool:
    """Whether it holds classes or a list of clips, rather than clips of one class."""
    inside = list(folder.iterdir())
    return any(path.name == "manifest.csv" for path in inside) or all(path.is_dir() for path in inside)
