"""What an evaluation found, class by class or label by label, and what is in a folder of labelled clips."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peerattn.scores.evaluation import ClassResult
from peerattn.scores.intervals import Interval
from peerattn.scores.labels import LabelResult


class Labelled(Protocol):
    """What the tables read of a clip."""

    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def split(self) -> str: ...


class Fault(Protocol):
    """What the tables read of one thing that is wrong."""

    @property
    def place(self) -> str: ...
    @property
    def what(self) -> str: ...


def bounds(interval: Interval | None, remark: str) -> dict[str, Any]:
    """The columns `low`, `high` and `remark` of a row; the remark says why the two are not numbers."""
    low, high = interval or (math.nan, math.nan)
    return {"low": low, "high": high, "remark": remark}


def classes_table(classes: Iterable[ClassResult]) -> pd.DataFrame:
    """One row a class that has clips: their number, the share recognised, its 95 % interval."""
    rows: list[dict[str, Any]] = [
        {
            "class": row.name,
            "n": row.n,
            "accuracy": row.accuracy,
            **bounds(row.interval, row.remark),
        }
        for row in classes
        if row.n
    ]
    return pd.DataFrame(rows, columns=pd.Index(["class", "n", "accuracy", "low", "high", "remark"]))


def labels_table(labels: Iterable[LabelResult]) -> pd.DataFrame:
    """One row a label that clips have: their number, its average precision, its 95 % interval."""
    rows: list[dict[str, Any]] = [
        {
            "label": row.name,
            "n": row.n,
            "average_precision": row.average_precision,
            **bounds(row.interval, row.remark),
        }
        for row in labels
        if row.n
    ]
    return pd.DataFrame(rows, columns=pd.Index(["label", "n", "average_precision", "low", "high", "remark"]))


RESULTS: Mapping[str, Callable[[Any], pd.DataFrame]] = {
    "classes": lambda evaluation: classes_table(evaluation.classes),
    "labels": lambda evaluation: labels_table(evaluation.labels),
}
"""Kind of answer → what an evaluation found, a row a class or label."""


def confusion_table(confusion: NDArray[np.int64], class_names: Sequence[str]) -> pd.DataFrame:
    """One row a pair that occurs: true class, predicted class, clips, and their share of the true class's."""
    rows: list[dict[str, Any]] = [
        {
            "true": class_names[true],
            "predicted": class_names[predicted],
            "clips": int(confusion[true, predicted]),
            "share": float(confusion[true, predicted] / confusion[true].sum()),
        }
        for true, predicted in np.argwhere(confusion)
    ]
    return pd.DataFrame(rows, columns=pd.Index(["true", "predicted", "clips", "share"]))


def clips_table(clips: Iterable[Labelled]) -> pd.DataFrame:
    """One row a class, one column a split: how many clips; `all` is their sum."""
    found = [(label, clip.split or "no split") for clip in clips for label in clip.labels]
    table = pd.crosstab(
        pd.Series([label for label, _ in found], name="class", dtype=object),
        pd.Series([split for _, split in found], name="split", dtype=object),
    )
    table["all"] = table.sum(axis=1)
    return table.rename_axis(columns=None).reset_index()


def faults_table(faults: Iterable[Fault]) -> pd.DataFrame:
    """One row a fault: where it is, and what is wrong."""
    rows = [{"place": fault.place, "what": fault.what} for fault in faults]
    return pd.DataFrame(rows, columns=pd.Index(["place", "what"]))


def present(confusion: NDArray[np.int64]) -> NDArray[np.int64]:
    """The classes that have clips or were predicted, in their order."""
    found: NDArray[np.int64] = np.flatnonzero(confusion.sum(axis=0) + confusion.sum(axis=1))
    return found
