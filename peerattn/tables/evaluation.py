"""Evaluations, class by class or label by label, and the contents of a folder of labelled clips."""

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
    """The attributes of a clip that the tables read."""

    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def split(self) -> str: ...


class Fault(Protocol):
    """The attributes of a fault in a folder that the tables read."""

    @property
    def place(self) -> str: ...
    @property
    def what(self) -> str: ...


def interval_columns(interval: Interval | None, remark: str) -> dict[str, Any]:
    """Return the columns `low`, `high` and `remark`; the remark says why the bounds are NaN, if they are."""
    low, high = interval or (math.nan, math.nan)
    return {"low": low, "high": high, "remark": remark}


def classes_table(classes: Iterable[ClassResult]) -> pd.DataFrame:
    """Return one row per class that has clips: number of clips, share recognised and its 95 % interval."""
    rows: list[dict[str, Any]] = [
        {
            "class": row.name,
            "n": row.n,
            "accuracy": row.accuracy,
            **interval_columns(row.interval, row.remark),
        }
        for row in classes
        if row.n
    ]
    return pd.DataFrame(rows, columns=pd.Index(["class", "n", "accuracy", "low", "high", "remark"]))


def labels_table(labels: Iterable[LabelResult]) -> pd.DataFrame:
    """Return one row per label that clips have: number of clips, average precision and its 95 % interval."""
    rows: list[dict[str, Any]] = [
        {
            "label": row.name,
            "n": row.n,
            "average_precision": row.average_precision,
            **interval_columns(row.interval, row.remark),
        }
        for row in labels
        if row.n
    ]
    return pd.DataFrame(rows, columns=pd.Index(["label", "n", "average_precision", "low", "high", "remark"]))


RESULTS: Mapping[str, Callable[[Any], pd.DataFrame]] = {
    "classes": lambda evaluation: classes_table(evaluation.classes),
    "labels": lambda evaluation: labels_table(evaluation.labels),
}
"""Kind of answer → the table of an evaluation, one row per class or label."""


def confusion_table(confusion: NDArray[np.int64], class_names: Sequence[str]) -> pd.DataFrame:
    """Return one row per pair that occurs: true and predicted class, clips, and their share of the true
    class.
    """
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
    """Return the number of clips, one row per class and one column per split; `all` is their sum."""
    pairs = [(label, clip.split or "no split") for clip in clips for label in clip.labels]
    table = pd.crosstab(
        pd.Series([label for label, _ in pairs], name="class", dtype=object),
        pd.Series([split for _, split in pairs], name="split", dtype=object),
    )
    table["all"] = table.sum(axis=1)
    return table.rename_axis(columns=None).reset_index()


def faults_table(faults: Iterable[Fault]) -> pd.DataFrame:
    """Return one row per fault: where it is and what is wrong."""
    rows = [{"place": fault.place, "what": fault.what} for fault in faults]
    return pd.DataFrame(rows, columns=pd.Index(["place", "what"]))


def occurring_classes(confusion: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the classes that have clips or were predicted, ascending."""
    indices: NDArray[np.int64] = np.flatnonzero(confusion.sum(axis=0) + confusion.sum(axis=1))
    return indices
