"""Scores by name, each with its 95 % interval: of one label a clip, and average precision for several.

Scores are of whole clips (the mean over their windows) unless their name begins with `window_` (the middle
window alone). Shapes: N clips, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.moved import moved
from peerattn.scores.evaluation import Evaluation
from peerattn.scores.intervals import Interval, interval_json

__getattr__ = moved(__name__)


@dataclass(frozen=True)
class Score:
    """A share in [0, 1] over n clips, and its 95 % interval; where there is none, `remark` says why."""

    value: float
    interval: Interval | None
    n: int
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        interval = interval_json("interval", self.interval, self.remark)
        return {"value": self.value, **interval, "n": self.n}


def score_of(evaluation: Any, name: str) -> Score:
    """One score of an evaluation by its name."""
    interval = getattr(evaluation, f"{name}_interval")
    return Score(getattr(evaluation, name), interval, evaluation.n, evaluation.remark)


def accuracies(evaluation: Evaluation) -> dict[str, Score]:
    """The accuracies of an evaluation."""
    return {name: score_of(evaluation, name) for name in ("top1", "top5", "macro", "window_top1")}


def average_precision(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """Of one class: the mean, over its clips, of the precision among all clips that score at least as high.

    Clips of equal score count together. Not a number where no clip has the label.
    """
    return float(average_precisions(scores[:, None], labels[:, None])[0])


def average_precisions(scores: NDArray[Any], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`average_precision` of each class (K,), of (N, K) scores and labels."""
    order = np.argsort(-scores, axis=0, kind="stable")
    ranked, hits = (np.take_along_axis(values, order, axis=0) for values in (scores, labels))
    ends = np.ones(hits.shape, bool)  # of each run of equal scores
    ends[:-1] = ranked[:-1] != ranked[1:]
    rows = np.where(ends, np.arange(len(hits))[:, None], len(hits))
    last = np.minimum.accumulate(rows[::-1], axis=0)[::-1]
    precision = np.take_along_axis(hits.cumsum(axis=0), last, axis=0) / (last + 1)
    clips = hits.sum(axis=0)
    found: NDArray[np.float64] = np.full(clips.shape, np.nan)
    np.divide((precision * hits).sum(axis=0), clips, out=found, where=clips > 0)
    return found


def precision_without(
    scores: NDArray[Any], labels: NDArray[np.bool_], number: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(G,) `average_precision` of (N,) scores and labels without each group; `number` (N,) counts groups.

    Not a number where no clip outside of the group has the label. Groups are gone through some at a time, so
    that memory stays within 64 MiB.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits, number = scores[order], labels[order], number[order]
    ends = np.searchsorted(-ranked, -ranked[hits], "right") - 1  # last clip that scores as high
    counts, found = ends + 1.0, np.cumsum(hits)[ends].astype(float)
    at_once = max(2**23 // len(scores), 1)
    without = []
    for start in range(0, int(number.max()) + 1, at_once):
        of = number[:, None] == np.arange(start, min(start + at_once, int(number.max()) + 1))
        others = counts[:, None] - np.cumsum(of, axis=0, dtype=np.int32)[ends]
        right = found[:, None] - np.cumsum(of & hits[:, None], axis=0, dtype=np.int32)[ends]
        kept = ~of[hits]
        with np.errstate(invalid="ignore"):
            shares = np.divide(right, others, out=np.zeros(kept.shape), where=kept)
            without.append(shares.sum(axis=0) / kept.sum(axis=0))
    return np.concatenate(without)


def mean_average_precision(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """The mean over the classes that occur of their average precision, of (N, K) scores and labels."""
    return mean_of_occurring(average_precisions(scores, labels))


def mean_of_occurring(precisions: NDArray[np.float64]) -> float:
    """The mean of those that are numbers; not a number where none is."""
    occurring = precisions[~np.isnan(precisions)]
    return float(occurring.mean()) if len(occurring) else float("nan")
