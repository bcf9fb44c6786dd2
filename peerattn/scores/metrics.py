"""Scores by name, each with its 95 % interval: of one label a clip, and average precision for several.

Scores are of whole clips (the mean over their windows) unless their name begins with `window_` (the middle
window alone). Shapes: N clips, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.evaluation import Evaluation
from peerattn.scores.intervals import Interval, bootstrap


@dataclass(frozen=True)
class Score:
    """A share in [0, 1] over n clips, and its 95 % interval."""

    value: float
    interval: Interval
    n: int

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "interval": list(self.interval), "n": self.n}


def accuracies(evaluation: Evaluation) -> dict[str, Score]:
    """The accuracies of an evaluation."""
    return {
        name: Score(getattr(evaluation, name), getattr(evaluation, f"{name}_interval"), evaluation.n)
        for name in ("top1", "top5", "macro", "window_top1")
    }


def average_precision(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """Of one class: the mean, over its clips, of the precision among all clips that score at least as high.

    Clips of equal score count together. Not a number where no clip has the label.
    """
    if not labels.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], labels[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of equal scores
    found = np.cumsum(hits)[last]
    precision = found / (last + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / found[-1])


def mean_average_precision(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """The mean over the classes that occur of their average precision, of (N, K) scores and labels."""
    each = [average_precision(scores[:, k], labels[:, k]) for k in range(labels.shape[1])]
    occurring = [value for value in each if not np.isnan(value)]
    return float(np.mean(occurring)) if occurring else float("nan")


def several_labels(
    scores: NDArray[Any], labels: NDArray[np.bool_], groups: Sequence[str], class_names: Sequence[str]
) -> dict[str, Score]:
    """`map` and, for each class that occurs, `map <class>`: bootstrapped over groups.

    Raises PeerattnError where there are no clips, or none has a label.
    """
    if not labels.any():
        raise PeerattnError("no clip has a label: give clips with at least one")
    n = len(labels)
    found = {"map": Score(mean_average_precision(scores, labels), _interval(scores, labels, groups), n)}
    for k, name in enumerate(class_names):
        if labels[:, k].any():
            own = scores[:, [k]], labels[:, [k]]
            found[f"map {name}"] = Score(mean_average_precision(*own), _interval(*own, groups), n)
    return found


def _interval(scores: NDArray[Any], labels: NDArray[np.bool_], groups: Sequence[str]) -> Interval:
    """A draw in which no class occurs counts as all clips do."""
    undrawn = mean_average_precision(scores, labels)

    def drawn(clips: NDArray[np.int64]) -> float:
        value = mean_average_precision(scores[clips], labels[clips])
        return undrawn if np.isnan(value) else value

    return bootstrap(drawn, groups)
