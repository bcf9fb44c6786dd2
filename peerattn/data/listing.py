"""List the clips of a folder, with all faults of the list itself rather than the first one only."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from peerattn.data.folder import (
    COLUMNS,
    MANIFEST,
    LabelledFile,
    Row,
    file_by_path,
    find_videos,
    manifest_rows,
    parse_row,
    relative_path,
)
from peerattn.data.report import Fault
from peerattn.errors import PeerattnError

CHECKSUM = "sha256"
"""An optional column with the checksum of each file."""
_USUAL_SPLITS = ("train", "val", "test")
_UNREAD_SUFFIXES = (".mpg", ".mpeg", ".wmv", ".asf", ".flv", ".ts", ".mts", ".m2ts", ".3gp", ".ogv", ".vob")
"""Suffixes of common kinds of video that are not read."""


@dataclass(frozen=True)
class ListedClip:
    """A clip of a folder, and the place that faults are reported for: its path, or its manifest line."""

    place: str
    name: str  # its path within the folder
    file: LabelledFile
    sha256: str = ""  # the checksum in the manifest; empty if it has none


@dataclass(frozen=True)
class FolderListing:
    """The clips of a folder, the faults of its list, and remarks on what is ignored."""

    clips: tuple[ListedClip, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...] = ()


def list_clips(folder: Path) -> FolderListing:
    """List the clips of a folder; raise PeerattnError if it is not a folder."""
    if not folder.is_dir():
        raise PeerattnError(f"{folder} is not a folder: choose one with a folder per class, or a {MANIFEST}")
    listing = _from_manifest(folder) if (folder / MANIFEST).is_file() else _from_paths(folder)
    faults = [*listing.faults, *_name_faults(listing.clips)]
    if not listing.clips and not faults:
        faults.append(Fault(str(folder), "has no labelled clips: add a folder per class, or a manifest.csv"))
    return FolderListing(listing.clips, tuple(faults), listing.remarks)


def _from_paths(folder: Path) -> FolderListing:
    """List the clips at <class>/<clip> or <split>/<class>/<clip>."""
    clips, faults = [], []
    for path in find_videos(folder):
        name, file = relative_path(folder, path).as_posix(), file_by_path(folder, path)
        if file:
            clips.append(ListedClip(name, name, file))
        else:
            faults.append(Fault(name, "is not in the folder of a class: move it to CLASS/ or SPLIT/CLASS/"))
    ignored = ((path, _why_ignored(path)) for path in sorted(folder.rglob("*")))
    faults += [Fault(relative_path(folder, path).as_posix(), what) for path, what in ignored if what]
    return FolderListing(tuple(clips), tuple(faults))


def _why_ignored(path: Path) -> str:
    """Say why a folder or a video file yields no clips; empty if it is not ignored."""
    try:
        if not path.is_dir():
            unread = path.suffix.lower() in _UNREAD_SUFFIXES
            return "is a kind of video that is not read: convert it to mp4" if unread else ""
        if path.is_symlink():
            return "is a link to a folder, which is not followed: replace it by the folder itself"
        return "" if any(path.iterdir()) else "is empty: add clips or remove it"
    except OSError:
        return "cannot be read: change its permissions"


def _from_manifest(folder: Path) -> FolderListing:
    """List the clips of the manifest."""
    try:
        rows = manifest_rows(folder)
        columns = _columns(folder)
    except PeerattnError as error:
        return FolderListing((), (Fault(MANIFEST, str(error)),))
    clips, faults = [], _column_faults(columns)
    for line, row in rows:
        place = f"{MANIFEST} line {line}"
        try:
            if None in row:
                raise PeerattnError("has more cells than the first line: put texts with commas in quotes")
            clips.append(_listed(folder, place, row))
        except PeerattnError as error:
            faults.append(Fault(place, str(error)))
    faults += _duplicate_lines(clips)
    return FolderListing(tuple(clips), tuple(faults), _manifest_remarks(folder, columns, clips))


def _columns(folder: Path) -> Sequence[str]:
    with (folder / MANIFEST).open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file), [])


def _listed(folder: Path, place: str, row: Row) -> ListedClip:
    file = parse_row(folder, row)
    name = relative_path(folder, file.path).as_posix()
    return ListedClip(f"{place}, {name}", name, file, row.get(CHECKSUM) or "")


def _column_faults(columns: Sequence[str]) -> list[Fault]:
    """Return a fault for each column whose name is probably a misspelt known one."""
    faults = []
    for column in columns:
        similar = get_close_matches(column.strip().lower(), COLUMNS, n=1, cutoff=0.75)
        if column not in COLUMNS and similar and similar[0] not in columns:
            what = f"column {column!r} is not known: if {similar[0]!r} is meant, rename it"
            faults.append(Fault(f"{MANIFEST} line 1", what))
    return faults


def _duplicate_lines(clips: Iterable[ListedClip]) -> list[Fault]:
    first: dict[str, str] = {}
    return [
        Fault(clip.place, f"names the same file as {first[clip.name]}: remove one of the two")
        for clip in clips
        if first.setdefault(clip.name, clip.place) != clip.place
    ]


def _manifest_remarks(folder: Path, columns: Sequence[str], clips: Sequence[ListedClip]) -> tuple[str, ...]:
    """Return remarks on columns and videos that are ignored."""
    remarks = []
    if extra := [column for column in columns if column not in (*COLUMNS, CHECKSUM)]:
        remarks.append(f"these columns of the manifest are ignored: {', '.join(extra)}")
    listed = {clip.name for clip in clips}
    if unlisted := [
        path for path in find_videos(folder) if relative_path(folder, path).as_posix() not in listed
    ]:
        remarks.append(
            f"{len(unlisted)} videos are ignored because they are not in the manifest, "
            f"the first is {relative_path(folder, unlisted[0]).as_posix()}"
        )
    return tuple(remarks)


def _name_faults(clips: Sequence[ListedClip]) -> list[Fault]:
    """Return a fault for each name of a split or class that is probably misspelt."""
    return [*_split_faults(clips), *_class_faults(clips)]


def _split_faults(clips: Sequence[ListedClip]) -> list[Fault]:
    """Return a fault for each split that is missing or misspelt."""
    faults = []
    splits = Counter(clip.file.split for clip in clips)
    for clip in clips:
        if not clip.file.split and len(splits) > 1:
            faults.append(Fault(clip.place, "has no split while other clips have one: add its split"))
    for split in splits:
        similar = get_close_matches(split.lower(), _USUAL_SPLITS, n=1, cutoff=0.7)
        if similar and split not in _USUAL_SPLITS and similar[0] in splits:
            place = next(clip.place for clip in clips if clip.file.split == split)
            faults.append(Fault(place, f"split {split!r} is probably meant to be {similar[0]!r}: correct it"))
    return faults


def _class_faults(clips: Sequence[ListedClip]) -> list[Fault]:
    """Return a fault, at its first clip, for each class whose name differs from another in capitals only."""
    faults, spellings, seen = list[Fault](), dict[str, str](), set[str]()
    for clip in clips:
        for label in clip.file.labels:
            spelling = spellings.setdefault(label.casefold(), label)
            if spelling != label and label not in seen:
                what = f"class {label!r} is spelt {spelling!r} elsewhere: spell it the same"
                faults.append(Fault(clip.place, what))
            seen.add(label)
    return faults
