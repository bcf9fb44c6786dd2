"""A folder of labelled clips: which files it holds, and what is known of each.

A folder holds one folder a class (or one a split, and in it one a class), or a `manifest.csv` with the
columns path, label and split, and optionally group (the source video: clips of one group are not independent)
and mask_path (an object-map file). A clip of several classes has them all in its label, as in `run|jump`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from peerattn.errors import PeerattnError

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif")
SPLITS = ("test", "val")
"""Which split is evaluated when none is chosen: the first that the manifest has."""
MANIFEST = "manifest.csv"
COLUMNS = ("path", "label", "split", "group", "mask_path")
BETWEEN_LABELS = "|"

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class LabelledFile:
    """A video file, its classes, and what else a manifest says of it.

    `others` are object maps that may stand for `objects` in training (`Augmentation.others`).
    """

    path: Path
    labels: tuple[str, ...]
    group: str
    split: str = ""
    objects: Path | None = None
    others: Path | None = None

    @property
    def label(self) -> str:
        """Its only class; raises PeerattnError where it has several."""
        if len(self.labels) != 1:
            raise PeerattnError(f"{self.path.name} has {len(self.labels)} classes where one is needed")
        return self.labels[0]


def labelled_files(folder: Path, *, split: str | None = None) -> tuple[LabelledFile, ...]:
    """The clips of a split (default: test, else val); raises PeerattnError when there are none."""
    files = every_file(folder)
    splits = {file.split for file in files}
    if split is None and splits - {""}:
        split = next((name for name in SPLITS if name in splits), None)
        if split is None:
            found = ", ".join(sorted(splits - {""}))
            raise PeerattnError(f"{folder} has neither a test nor a val split: choose among {found}")
    chosen = tuple(file for file in files if split is None or file.split == split)
    if not chosen:
        raise PeerattnError(f"{folder} has no labelled clips of split {split!r}: {_instead(folder, splits)}")
    return chosen


def _instead(folder: Path, splits: set[str]) -> str:
    """What to do where a split is missing and there are these."""
    if named := sorted(splits - {""}):
        return f"choose among {', '.join(named)}"
    return f"`peerattn data split {folder}` makes splits"


def every_file(folder: Path) -> tuple[LabelledFile, ...]:
    """The clips of all splits; raises PeerattnError when there are none, or the manifest cannot be read."""
    if folder.suffix.lower() == ".zip" and folder.is_file():
        raise PeerattnError(f"{folder} is a zip, of which the clips go on being read: unpack it first")
    if not folder.is_dir():
        raise PeerattnError(f"{folder} is not a folder: give one with a folder a class, or a {MANIFEST}")
    if (folder / MANIFEST).is_file():
        files = [_of_line(folder, line, row) for line, row in manifest_rows(folder)]
    else:
        files = [file for path in videos(folder) if (file := file_by_place(folder, path))]
    if not files:
        raise PeerattnError(f"{folder} has no labelled clips")
    return tuple(files)


def with_others(files: Sequence[LabelledFile], folder: Path, maps: Path) -> tuple[LabelledFile, ...]:
    """The files of a folder with other object maps: those in the folder `maps`, at the places of their clips.

    Raises PeerattnError when a file has none there.
    """
    found = []
    for file in files:
        others = maps / place_of(folder, file.path).with_suffix(".npz")
        if not others.is_file():
            raise PeerattnError(
                f"{maps} has no object maps for {file.path.name}: make them, or remove the clip"
            )
        found.append(replace(file, others=others))
    return tuple(found)


def place_of(folder: Path, path: Path) -> Path:
    """Where a file of a folder lies in it, also where the file itself is a link to another place."""
    return path.relative_to(folder if path.is_relative_to(folder) else folder.resolve())


def videos(folder: Path) -> list[Path]:
    """Every file with a video's name, at any depth."""
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in VIDEO_SUFFIXES]


def file_by_place(folder: Path, path: Path) -> LabelledFile | None:
    """The clip at <class>/<clip> or <split>/<class>/<clip>; None for one that lies elsewhere."""
    parents = path.relative_to(folder).parent.parts
    if len(parents) not in (1, 2):
        return None
    objects = path.with_suffix(".npz")
    split = parents[0] if len(parents) == 2 else ""
    return LabelledFile(path, (parents[-1],), str(path), split, objects if objects.is_file() else None)


def manifest_rows(folder: Path) -> list[tuple[int, Row]]:
    """The manifest's lines, each with its number; raises PeerattnError when it is no such table."""
    manifest = folder / MANIFEST
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets begin with a mark
            reader = csv.DictReader(file)
            rows: list[tuple[int, Row]] = [(reader.line_num, row) for row in reader]
            columns = reader.fieldnames or ()
    except (UnicodeDecodeError, csv.Error) as error:
        raise PeerattnError(f"{manifest} needs the columns path, label and split ({error})") from error
    if missing := [name for name in ("path", "label") if columns and name not in columns]:
        raise PeerattnError(
            f"{manifest} needs the columns path, label and split: it lacks {' and '.join(missing)}"
        )
    return rows


def _of_line(folder: Path, line: int, row: Row) -> LabelledFile:
    """The clip of one line; an error says which line."""
    try:
        return labelled_file(folder, row)
    except PeerattnError as error:
        raise PeerattnError(f"line {line} of the manifest {error}") from None


def labelled_file(folder: Path, row: Row) -> LabelledFile:
    """The clip of one line; raises PeerattnError where the line does not say which, or of which class."""
    path, mask = row["path"], row.get("mask_path")
    labels = tuple(label.strip() for label in (row["label"] or "").split(BETWEEN_LABELS))
    if not path or not all(labels):
        raise PeerattnError("needs a path and a label: fill both in")
    if len(set(labels)) < len(labels):
        raise PeerattnError("names a class twice: keep one of the two")
    return LabelledFile(
        path=_inside(folder, path),
        labels=labels,
        group=row.get("group") or path,
        split=row.get("split") or "",
        objects=_inside(folder, mask) if mask else None,
    )


def _inside(folder: Path, name: str) -> Path:
    if "\0" in name:
        raise PeerattnError(f"names {name!r}, which is no file's name")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PeerattnError(f"names {name!r}, which lies outside its folder: move it inside")
    return path
