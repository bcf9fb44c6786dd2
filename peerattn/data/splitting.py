"""Split clips so that no source video is in two splits, and classes are spread as evenly as possible."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from peerattn.data.folder import (
    COLUMNS,
    LABEL_SEPARATOR,
    MANIFEST,
    LabelledFile,
    Row,
    manifest_rows,
    parse_row,
    relative_path,
)
from peerattn.errors import PeerattnError
from peerattn.files.writing import write_atomically


def split_files(
    files: Sequence[LabelledFile], shares: Mapping[str, float], *, seed: int = 0
) -> tuple[LabelledFile, ...]:
    """Return the files with splits in these shares; all clips of a group are in the same split.

    Groups are assigned one by one, the largest first and those of the same size in random order, to the split
    that needs their classes most. Raises PeerattnError for shares that do not add up to 1, or more splits
    than groups.
    """
    groups: dict[str, Counter[str]] = {}
    for file in files:
        groups.setdefault(file.group, Counter()).update(file.labels)
    _check(shares, len(groups))
    names = sorted(groups)
    np.random.default_rng(seed).shuffle(names)
    names.sort(key=lambda group: -groups[group].total())
    totals = Counter(label for file in files for label in file.labels)
    missing = {split: {label: share * totals[label] for label in totals} for split, share in shares.items()}
    split_of: dict[str, str] = {}
    for position, group in enumerate(names):
        empty = [split for split in shares if split not in split_of.values()]
        candidates = empty if len(names) - position <= len(empty) else list(shares)
        split = min(candidates, key=lambda split: _cost(missing[split], groups[group], totals))
        split_of[group] = split
        for label, count in groups[group].items():
            missing[split][label] -= count
    return tuple(replace(file, split=split_of[file.group]) for file in files)


def _cost(
    missing: Mapping[str, float], group: Mapping[str, int], totals: Mapping[str, int]
) -> tuple[float, float]:
    """Return the cost of adding a group to a split: first its deviation from the class shares, then how full
    it is.

    `missing` are the clips of each class that the split still needs.
    """
    deviation = sum(
        ((missing[label] - count) ** 2 - missing[label] ** 2) / totals[label]
        for label, count in group.items()
    )
    return round(deviation, 9), -sum(missing.values())


def _check(shares: Mapping[str, float], groups: int) -> None:
    if not shares or not all(share > 0 for share in shares.values()) or not all(shares):
        raise PeerattnError("each split needs a name and a share above 0, as in train=0.8,val=0.2")
    if not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-6):
        raise PeerattnError(f"the shares add up to {sum(shares.values()):g}: make them add up to 1")
    if groups < len(shares):
        raise PeerattnError(
            f"{groups} groups cannot fill {len(shares)} splits: add clips, or make fewer splits"
        )


def manifest_text(folder: Path, files: Sequence[LabelledFile]) -> str:
    """Return the text of a manifest of these files, with further columns of the folder's own manifest."""
    more, rows = _other_columns(folder)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*COLUMNS, *more))
    for file in files:
        path = _name(folder, file.path)
        labels = LABEL_SEPARATOR.join(file.labels)
        group = path if file.group == str(file.path) else file.group
        objects = _name(folder, file.objects) if file.objects else ""
        row = rows.get(file.path, {})
        table.writerow((path, labels, file.split, group, objects, *(row.get(column) for column in more)))
    return text.getvalue()


def _other_columns(folder: Path) -> tuple[list[str], dict[Path, Row]]:
    """Return the further columns of the folder's manifest, and path → row."""
    if not (folder / MANIFEST).is_file():
        return [], {}
    rows = [row for _, row in manifest_rows(folder)]
    # csv.DictReader keeps the surplus cells of a line under None.
    more = [column for column in (rows[0] if rows else ()) if column not in (*COLUMNS, None)]
    return more, {parse_row(folder, row).path: row for row in rows}


def write_manifest(folder: Path, files: Sequence[LabelledFile], *, replacing: bool = False) -> Path:
    """Write a folder's manifest and return its path; raise PeerattnError if it exists, unless `replacing`."""
    path = folder / MANIFEST
    if path.exists() and not replacing:
        raise PeerattnError(f"{path} exists already: move it away, or pass replacing=True")
    write_atomically(path, manifest_text(folder, files).encode())
    return path


def _name(folder: Path, path: Path) -> str:
    """Return a file's name in the manifest; raise PeerattnError for a link to a file outside the folder."""
    name = relative_path(folder, path).as_posix()
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PeerattnError(
            f"{name} is a link out of {folder}, which a manifest may not contain: copy the file there"
        )
    return name
