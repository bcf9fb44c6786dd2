"""The files of a folder of labelled clips, with their classes, splits, groups and object maps.

A folder has one subfolder per class (or one per split, with one per class in it), or a `manifest.csv` with
the columns path, label and split, and optionally group (the source video: clips of the same group are not
independent) and mask_path (a file of object maps). The label of a clip with several classes lists them all,
as in `run|jump`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from peerattn.errors import PeerattnError

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif")
SPLITS = ("test", "val")
"""The splits that are evaluated by default: the first one that exists."""
MANIFEST = "manifest.csv"
COLUMNS = ("path", "label", "split", "group", "mask_path")
LABEL_SEPARATOR = "|"

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class LabelledFile:
    """A video file with its classes, source video (`group`), split and object maps.

    `others` are alternative object maps, which may replace `objects` in training (`Augmentation.others`).
    """

    path: Path
    labels: tuple[str, ...]
    group: str
    split: str = ""
    objects: Path | None = None
    others: Path | None = None

    @property
    def label(self) -> str:
        """The name of its only class; raises PeerattnError if it has several."""
        if len(self.labels) != 1:
            raise PeerattnError(f"{self.path.name} has {len(self.labels)} classes, but one is needed")
        return self.labels[0]


def labelled_files(folder: Path, *, split: str | None = None) -> tuple[LabelledFile, ...]:
    """Return the clips of a split (default: test, or else val); raise PeerattnError if there are none."""
    files = all_files(folder)
    splits = {file.split for file in files}
    if split is None and splits - {""}:
        split = next((name for name in SPLITS if name in splits), None)
        if split is None:
            available = ", ".join(sorted(splits - {""}))
            raise PeerattnError(f"{folder} has neither a test nor a val split: choose among {available}")
    selected = tuple(file for file in files if split is None or file.split == split)
    if not selected:
        raise PeerattnError(f"{folder} has no labelled clips of split {split!r}: {_advice(folder, splits)}")
    return selected


def _advice(folder: Path, splits: set[str]) -> str:
    """Say what to do if a split is missing: choose another one, or create splits."""
    if available := sorted(splits - {""}):
        return f"choose among {', '.join(available)}"
    return f"make splits with `peerattn data split {folder}`"


def all_files(folder: Path) -> tuple[LabelledFile, ...]:
    """Return the clips of all splits; raise PeerattnError if there are none or the manifest is invalid."""
    if folder.suffix.lower() == ".zip" and folder.is_file():
        raise PeerattnError(f"{folder} is a zip file, but its clips are read repeatedly: unpack it first")
    if not folder.is_dir():
        raise PeerattnError(f"{folder} is not a folder: choose one with a folder per class, or a {MANIFEST}")
    if (folder / MANIFEST).is_file():
        files = [_parse_line(folder, line, row) for line, row in manifest_rows(folder)]
    else:
        files = [file for path in find_videos(folder) if (file := file_by_path(folder, path))]
    if not files:
        raise PeerattnError(f"{folder} has no labelled clips: add a folder per class, or a {MANIFEST}")
    return tuple(files)


def with_alternative_maps(
    files: Sequence[LabelledFile], folder: Path, maps: Path
) -> tuple[LabelledFile, ...]:
    """Return the files with second object maps, which training may read instead of the files' own.

    They are in the folder `maps`, at the same relative paths.

    Raises PeerattnError if the maps of a file are missing.
    """
    result = []
    for file in files:
        others = maps / relative_path(folder, file.path).with_suffix(".npz")
        if not others.is_file():
            raise PeerattnError(
                f"{maps} has no object maps for {file.path.name}: make them, or remove the clip"
            )
        result.append(replace(file, others=others))
    return tuple(result)


def relative_path(folder: Path, path: Path) -> Path:
    """Return the path of a file relative to its folder; if the file is a link, that of the link."""
    return path.relative_to(folder if path.is_relative_to(folder) else folder.resolve())


def find_videos(folder: Path) -> list[Path]:
    """Return all files with a video's suffix, at any depth."""
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in VIDEO_SUFFIXES]


def file_by_path(folder: Path, path: Path) -> LabelledFile | None:
    """Return the clip at <class>/<clip> or <split>/<class>/<clip>, or None for any other path."""
    parents = path.relative_to(folder).parent.parts
    if len(parents) not in (1, 2):
        return None
    objects = path.with_suffix(".npz")
    split = parents[0] if len(parents) == 2 else ""
    return LabelledFile(path, (parents[-1],), str(path), split, objects if objects.is_file() else None)


def manifest_rows(folder: Path) -> list[tuple[int, Row]]:
    """Return the rows of the manifest with their line numbers; raise PeerattnError if it is not valid."""
    manifest = folder / MANIFEST
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets write a byte order mark
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


def _parse_line(folder: Path, line: int, row: Row) -> LabelledFile:
    """Return the clip of a manifest row; an error names the line."""
    try:
        return parse_row(folder, row)
    except PeerattnError as error:
        raise PeerattnError(f"line {line} of the manifest {error}") from None


def parse_row(folder: Path, row: Row) -> LabelledFile:
    """Return the clip of a manifest row; raise PeerattnError if its path, label or mask path is invalid."""
    path, mask = row["path"], row.get("mask_path")
    labels = tuple(label.strip() for label in (row["label"] or "").split(LABEL_SEPARATOR))
    if not path or not all(labels):
        raise PeerattnError("needs a path and a label: fill both in")
    if len(set(labels)) < len(labels):
        raise PeerattnError("names a class twice: remove one of the two")
    return LabelledFile(
        path=_resolve_inside(folder, path),
        labels=labels,
        group=row.get("group") or path,
        split=row.get("split") or "",
        objects=_resolve_inside(folder, mask) if mask else None,
    )


def _resolve_inside(folder: Path, name: str) -> Path:
    """Return the path of a file named in the manifest; raise PeerattnError if it is outside the folder."""
    if "\0" in name:
        raise PeerattnError(f"names {name!r}, which is not a valid file name: correct it")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PeerattnError(f"names {name!r}, which is outside the folder: move it inside")
    return path
