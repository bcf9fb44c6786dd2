"""Which clips a folder lists, and what is wrong with the list itself: every fault, not the first one only."""

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
    file_by_place,
    labelled_file,
    manifest_rows,
    place_of,
    videos,
)
from peerattn.data.report import Fault
from peerattn.errors import PeerattnError

CHECKSUM = "sha256"
"""A column that may say what a file's bytes are."""
_USUAL_SPLITS = ("train", "val", "test")
_UNREAD_SUFFIXES = (".mpg", ".mpeg", ".wmv", ".asf", ".flv", ".ts", ".mts", ".m2ts", ".3gp", ".ogv", ".vob")
"""Of common videos whose kind is not among those that are opened."""


@dataclass(frozen=True)
class Listed:
    """A clip of the list, and where that names it."""

    place: str
    name: str  # its path in the folder
    file: LabelledFile
    sha256: str = ""  # what the list says its bytes are


@dataclass(frozen=True)
class Listing:
    """What a folder lists."""

    clips: tuple[Listed, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...] = ()


def listing(folder: Path) -> Listing:
    """The clips of a folder; raises PeerattnError when it is none."""
    if not folder.is_dir():
        raise PeerattnError(f"{folder} is not a folder: give one with a folder a class, or a {MANIFEST}")
    found = _by_manifest(folder) if (folder / MANIFEST).is_file() else _by_place(folder)
    faults = [*found.faults, *_name_faults(found.clips)]
    if not found.clips and not faults:
        faults.append(Fault(str(folder), "holds no labelled clips: add a folder a class, or a manifest.csv"))
    return Listing(found.clips, tuple(faults), found.remarks)


def _by_place(folder: Path) -> Listing:
    """<class>/<clip>, or <split>/<class>/<clip>."""
    clips, faults = [], []
    for path in videos(folder):
        name, file = place_of(folder, path).as_posix(), file_by_place(folder, path)
        if file:
            clips.append(Listed(name, name, file))
        else:
            faults.append(Fault(name, "lies in no folder of a class: move it to CLASS/ or SPLIT/CLASS/"))
    others = ((path, _passed_over(path)) for path in sorted(folder.rglob("*")))
    faults += [Fault(place_of(folder, path).as_posix(), what) for path, what in others if what]
    return Listing(tuple(clips), tuple(faults))


def _passed_over(path: Path) -> str:
    """Why no clip is found in a folder, or in a file with a video's name; nothing where it is not so."""
    try:
        if not path.is_dir():
            unread = path.suffix.lower() in _UNREAD_SUFFIXES
            return "is a kind of video that is not read: convert it to mp4" if unread else ""
        if path.is_symlink():
            return "is a link to a folder, which is not followed: put the folder itself there"
        return "" if any(path.iterdir()) else "is empty: add clips or remove it"
    except OSError:
        return "may not be read: change its permissions"


def _by_manifest(folder: Path) -> Listing:
    """The lines of the manifest."""
    try:
        rows = manifest_rows(folder)
        columns = _columns(folder)
    except PeerattnError as error:
        return Listing((), (Fault(MANIFEST, str(error)),))
    clips, faults = [], _column_faults(columns)
    for line, row in rows:
        place = f"{MANIFEST} line {line}"
        try:
            if None in row:
                raise PeerattnError("has more cells than the first line: put a text with commas in quotes")
            clips.append(_listed(folder, place, row))
        except PeerattnError as error:
            faults.append(Fault(place, str(error)))
    faults += _double_lines(clips)
    return Listing(tuple(clips), tuple(faults), _manifest_remarks(folder, columns, clips))


def _columns(folder: Path) -> Sequence[str]:
    with (folder / MANIFEST).open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file), [])


def _listed(folder: Path, place: str, row: Row) -> Listed:
    file = labelled_file(folder, row)
    name = place_of(folder, file.path).as_posix()
    return Listed(f"{place}, {name}", name, file, row.get(CHECKSUM) or "")


def _column_faults(columns: Sequence[str]) -> list[Fault]:
    """Columns whose name is nearly one that has a meaning."""
    faults = []
    for column in columns:
        near = get_close_matches(column.strip().lower(), COLUMNS, n=1, cutoff=0.75)
        if column not in COLUMNS and near and near[0] not in columns:
            what = f"column {column!r} is not known: it is {near[0]!r} that has a meaning, rename it"
            faults.append(Fault(f"{MANIFEST} line 1", what))
    return faults


def _double_lines(clips: Iterable[Listed]) -> list[Fault]:
    first: dict[str, str] = {}
    return [
        Fault(clip.place, f"names the same file as {first[clip.name]}: remove one of the two")
        for clip in clips
        if first.setdefault(clip.name, clip.place) != clip.place
    ]


def _manifest_remarks(folder: Path, columns: Sequence[str], clips: Sequence[Listed]) -> tuple[str, ...]:
    """What is passed over."""
    remarks = []
    if extra := [column for column in columns if column not in (*COLUMNS, CHECKSUM)]:
        remarks.append(f"columns without a meaning here: {', '.join(extra)}")
    listed = {clip.name for clip in clips}
    if others := [path for path in videos(folder) if place_of(folder, path).as_posix() not in listed]:
        remarks.append(
            f"{len(others)} videos are in no line of the manifest, "
            f"the first is {place_of(folder, others[0]).as_posix()}"
        )
    return tuple(remarks)


def _name_faults(clips: Sequence[Listed]) -> list[Fault]:
    """Names of splits and classes that are probably meant to be another's."""
    return [*_split_faults(clips), *_class_faults(clips)]


def _split_faults(clips: Sequence[Listed]) -> list[Fault]:
    """Splits that are missing or misspelt."""
    faults = []
    splits = Counter(clip.file.split for clip in clips)
    for clip in clips:
        if not clip.file.split and len(splits) > 1:
            faults.append(Fault(clip.place, "has no split while others have one: give it one"))
    for split in splits:
        near = get_close_matches(split.lower(), _USUAL_SPLITS, n=1, cutoff=0.7)
        if near and split not in _USUAL_SPLITS and near[0] in splits:
            where = next(clip.place for clip in clips if clip.file.split == split)
            faults.append(Fault(where, f"split {split!r} is probably meant to be {near[0]!r}: correct it"))
    return faults


def _class_faults(clips: Sequence[Listed]) -> list[Fault]:
    """Classes whose names differ in capitals only, each where it is met first."""
    faults, spelling, met = list[Fault](), dict[str, str](), set[str]()
    for clip in clips:
        for label in clip.file.labels:
            known = spelling.setdefault(label.casefold(), label)
            if known != label and label not in met:
                faults.append(Fault(clip.place, f"class {label!r} is {known!r} elsewhere: write it one way"))
            met.add(label)
    return faults
