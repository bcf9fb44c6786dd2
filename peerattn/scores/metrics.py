"""Scores by name, each with its 95 % interval, and average precision.

Scores are those of whole clips (the mean over their windows), unless their name begins with `window_` (the
middle window alone). Shapes: N clips, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.evaluation import Evaluation
from peerattn.scores.intervals import Interval, interval_json


@dataclass(frozen=True)
class Score:
    """A share in [0, 1] over n clips, and its 95 % interval; if there is no interval, `remark` says why."""

    value: float
    interval: Interval | None
    n: int
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        interval = interval_json("interval", self.interval, self.remark)
        return {"value": self.value, **interval, "n": self.n}


def score_of(evaluation: Any, name: str) -> Score:
    """Return one score of an evaluation, by its name."""
    interval = getattr(evaluation, f"{name}_interval")
    return Score(getattr(evaluation, name), interval, evaluation.n, evaluation.remark)


def accuracies(evaluation: Evaluation) -> dict[str, Score]:
    """Return the accuracies of an evaluation, by name."""
    return {name: score_of(evaluation, name) for name in ("top1", "top5", "macro", "window_top1")}


def average_precision(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """Return the average precision of one class, from scores and labels (N,).

    It is the mean, over the clips of the class, of the precision among all clips that score at least as high.
    NaN if no clip has the label.
    """
    return float(average_precisions(scores[:, None], labels[:, None])[0])


def average_precisions(scores: NDArray[Any], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the average precision of each class (K,), from scores and labels (N, K)."""
    order = np.argsort(-scores, axis=0, kind="stable")
    ranked, hits = (np.take_along_axis(values, order, axis=0) for values in (scores, labels))
    ends = np.ones(hits.shape, bool)  # the last clip of each run of equal scores
    ends[:-1] = ranked[:-1] != ranked[1:]
    rows = np.where(ends, np.arange(len(hits))[:, None], len(hits))
    last = np.minimum.accumulate(rows[::-1], axis=0)[::-1]
    precision = np.take_along_axis(hits.cumsum(axis=0), last, axis=0) / (last + 1)
    clips = hits.sum(axis=0)
    average: NDArray[np.float64] = np.full(clips.shape, np.nan)
    np.divide((precision * hits).sum(axis=0), clips, out=average, where=clips > 0)
    return average


def precision_without(
    scores: NDArray[Any], labels: NDArray[np.bool_], number: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the average precision without each group (G,), from scores, labels and group numbers (N,).

    NaN if no clip outside the group has the label. Groups are processed in batches, which keeps memory within
    64 MiB.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits, number = scores[order], labels[order], number[order]
    ends = np.searchsorted(-ranked, -ranked[hits], "right") - 1  # last clip that scores as high
    counts, hit_counts = ends + 1.0, np.cumsum(hits)[ends].astype(float)
    batch = max(2**23 // len(scores), 1)
    without = []
    for start in range(0, int(number.max()) + 1, batch):
        in_group = number[:, None] == np.arange(start, min(start + batch, int(number.max()) + 1))
        others = counts[:, None] - np.cumsum(in_group, axis=0, dtype=np.int32)[ends]
        right = hit_counts[:, None] - np.cumsum(in_group & hits[:, None], axis=0, dtype=np.int32)[ends]
        kept = ~in_group[hits]
        with np.errstate(invalid="ignore"):
            shares = np.divide(right, others, out=np.zeros(kept.shape), where=kept)
            without.append(shares.sum(axis=0) / kept.sum(axis=0))
    return np.concatenate(without)


def mean_average_precision(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """Return the mean average precision over the classes that occur, from scores and labels (N, K)."""
    return mean_of_occurring(average_precisions(scores, labels))


def mean_of_occurring(precisions: NDArray[np.float64]) -> float:
    """Return the mean of the precisions that are not NaN; NaN if there are none."""
    occurring = precisions[~np.isnan(precisions)]
    return float(occurring.mean()) if len(occurring) else float("nan")
