"""Splits that share no source video: whole groups are dealt out, classes as evenly as groups allow."""

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
    BETWEEN_LABELS,
    COLUMNS,
    MANIFEST,
    LabelledFile,
    Row,
    labelled_file,
    manifest_rows,
    place_of,
)
from peerattn.errors import PeerattnError
from peerattn.files.writing import write_atomically


def split_files(
    files: Sequence[LabelledFile], shares: Mapping[str, float], *, seed: int = 0
) -> tuple[LabelledFile, ...]:
    """The files with splits in these shares; the clips of a group are in one split.

    Groups go, the largest first and those of one size in a random order, to the split that lacks their
    classes most. Raises PeerattnError for shares that do not add up to 1, or more splits than groups.
    """
    groups: dict[str, Counter[str]] = {}
    for file in files:
        groups.setdefault(file.group, Counter()).update(file.labels)
    _check(shares, len(groups))
    names = sorted(groups)
    np.random.default_rng(seed).shuffle(names)
    names.sort(key=lambda group: -groups[group].total())
    totals = Counter(label for file in files for label in file.labels)
    lacking = {split: {label: share * totals[label] for label in totals} for split, share in shares.items()}
    chosen: dict[str, str] = {}
    for place, group in enumerate(names):
        empty = [split for split in shares if split not in chosen.values()]
        candidates = empty if len(names) - place <= len(empty) else list(shares)
        split = min(candidates, key=lambda split: _lack(lacking[split], groups[group], totals))
        chosen[group] = split
        for label, count in groups[group].items():
            lacking[split][label] -= count
    return tuple(replace(file, split=chosen[file.group]) for file in files)


def _lack(
    lacking: Mapping[str, float], group: Mapping[str, int], totals: Mapping[str, int]
) -> tuple[float, float]:
    """What to make small: how far a group moves a split from its share of classes, then how full it is."""
    moved = sum(
        ((lacking[label] - count) ** 2 - lacking[label] ** 2) / totals[label]
        for label, count in group.items()
    )
    return round(moved, 9), -sum(lacking.values())


def _check(shares: Mapping[str, float], groups: int) -> None:
    if not shares or not all(share > 0 for share in shares.values()) or not all(shares):
        raise PeerattnError("each split needs a name and a share above 0, as in train=0.8,val=0.2")
    if not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-6):
        raise PeerattnError(f"the shares add up to {sum(shares.values()):g}: make it 1")
    if groups < len(shares):
        raise PeerattnError(
            f"{groups} groups cannot be in {len(shares)} splits: give more clips, or less splits"
        )


def manifest_text(folder: Path, files: Sequence[LabelledFile]) -> str:
    """The text of a manifest of these files of a folder, with the other columns of one that is there."""
    more, known = _other_columns(folder)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*COLUMNS, *more))
    for file in files:
        path = _name(folder, file.path)
        labels = BETWEEN_LABELS.join(file.labels)
        group = path if file.group == str(file.path) else file.group
        objects = _name(folder, file.objects) if file.objects else ""
        row = known.get(file.path, {})
        table.writerow((path, labels, file.split, group, objects, *(row.get(column) for column in more)))
    return text.getvalue()


def _other_columns(folder: Path) -> tuple[list[str], dict[Path, Row]]:
    """The columns of the folder's manifest that say nothing here, and the row of each of its clips."""
    if not (folder / MANIFEST).is_file():
        return [], {}
    rows = [row for _, row in manifest_rows(folder)]
    # A line with more cells than the first one has them under None.
    more = [column for column in (rows[0] if rows else ()) if column not in (*COLUMNS, None)]
    return more, {labelled_file(folder, row).path: row for row in rows}


def write_manifest(folder: Path, files: Sequence[LabelledFile], *, replacing: bool = False) -> Path:
    """A folder's manifest, written whole; raises PeerattnError where there is one, unless `replacing`."""
    path = folder / MANIFEST
    if path.exists() and not replacing:
        raise PeerattnError(f"{path} is there already: move it away, or replace it by force")
    write_atomically(path, manifest_text(folder, files).encode())
    return path


def _name(folder: Path, path: Path) -> str:
    """How a manifest names a file; raises PeerattnError for a link to a place that none may name."""
    name = place_of(folder, path).as_posix()
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PeerattnError(
            f"{name} is a link out of {folder}, which no manifest may name: copy the file there"
        )
    return name
