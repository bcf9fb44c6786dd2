"""Unpack a zip of labelled clips, after checking its directory before a byte is written.

A file is written only inside the target folder, and never larger than the archive's directory says. Links and
encrypted files are refused; files that do not belong to clips are left out.
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

MAX_BYTES = 2 * 2**30
"""The most bytes that all files together may unpack to."""
MAX_FILES = 5_000
MAX_DEPTH = 12  # nested folders
KINDS = {*VIDEO_SUFFIXES, ".npz", ".json", ".png", ".csv"}
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
SPLITS = ("train", "val", "test")
_CHUNK = 2**20
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)
"""The exceptions that zipfile raises for archives that are damaged or have a wrong directory."""


@dataclass(frozen=True)
class UnpackedFolder:
    """The folder of classes, and the number of files that were left out because of their kind."""

    folder: Path
    left_out: int


def unpack(content: bytes | memoryview | Path, folder: Path) -> UnpackedFolder:
    """Unpack a zip, passed as bytes or as a file's path, into a new folder.

    Raises PeerattnError if it is damaged, unsafe or too large; then no folder is left.
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
        raise PeerattnError(f"this is not a complete zip file ({error}): pack the folder again") from error
    return UnpackedFolder(_classes_folder(folder), len(files) - len(wanted))


def _is_system(part: zipfile.ZipInfo) -> bool:
    """Whether an operating system has added this file: a hidden file, or one in macOS's folder of icons."""
    parts = PurePosixPath(part.filename).parts
    hidden = bool(parts) and parts[-1].startswith(".") and "\\" not in part.filename
    return hidden or parts[:1] == ("__MACOSX",)


def _check(files: Iterable[zipfile.ZipInfo]) -> None:
    """Check the archive's directory before anything is unpacked; raise PeerattnError for any fault."""
    files = list(files)
    if len(files) > MAX_FILES:
        raise PeerattnError(
            f"this zip has {len(files):,} files, but at most {MAX_FILES:,} are unpacked: split it"
        )
    if (size := sum(part.file_size for part in files)) > MAX_BYTES:
        limit = f"at most {MAX_BYTES / 2**30:.0f} GiB are unpacked"
        raise PeerattnError(f"this zip unpacks to {size / 2**30:,.1f} GiB, but {limit}: split it")
    if len({part.filename for part in files}) < len(files):
        raise PeerattnError("this zip has two files of the same name: pack the folder again")
    for part in files:
        for is_wrong, fault in _possible_faults(part):
            if is_wrong:
                raise PeerattnError(f"this zip contains {part.filename[:80]!r}, {fault}")


def _possible_faults(part: zipfile.ZipInfo) -> Iterator[tuple[bool, str]]:
    """Yield, for each possible fault of a file, whether it has it, and the message."""
    path, kind = PurePosixPath(part.filename), stat.S_IFMT(part.external_attr >> 16)
    outside = path.is_absolute() or ".." in path.parts or "\\" in part.filename or ":" in part.filename
    yield outside or "\0" in part.orig_filename, "a path that leads outside of it: pack the folder again"
    yield kind not in (0, stat.S_IFREG), "which is a link or not a regular file: pack the file itself"
    yield bool(part.flag_bits & 1), "which is encrypted: pack it without a password"
    yield part.compress_type not in PACKED, "which is compressed in an unusual way: use plain zip"
    yield len(path.parts) > MAX_DEPTH, f"nested deeper than {MAX_DEPTH} folders: pack a folder of classes"


def _write(archive: zipfile.ZipFile, part: zipfile.ZipInfo, folder: Path) -> None:
    """Write a file, but never more bytes than the archive's directory says."""
    path = folder.joinpath(*PurePosixPath(part.filename).parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(part) as packed, path.open("xb") as file:
        left = part.file_size
        while left and (chunk := packed.read(min(left, _CHUNK))):
            file.write(chunk)
            left -= len(chunk)


def _classes_folder(folder: Path) -> Path:
    """Return the folder of classes: a zip often has a single top folder, which may be nested itself."""
    while True:
        inside = list(folder.iterdir())
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].name in SPLITS:
            return folder
        if not _has_classes(inside[0]):
            return folder
        folder = inside[0]


def _has_classes(folder: Path) -> bool:
    """Whether a folder contains classes or a manifest, rather than the clips of one class."""
    inside = list(folder.iterdir())
    return any(path.name == "manifest.csv" for path in inside) or all(path.is_dir() for path in inside)
