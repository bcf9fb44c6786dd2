"""How clips are scored, by the kind of what the network was asked.

Shapes: N clips, K class names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.comparison import Difference
from peerattn.scores.evaluation import Evaluation, paired_difference, summarise
from peerattn.scores.intervals import LEVEL
from peerattn.scores.labels import LabelsEvaluation, paired_precision, summarise_labels
from peerattn.scores.metrics import Score, accuracies, score_of

AnyEvaluation = Evaluation | LabelsEvaluation
Array = NDArray[np.float32]
Groups = Sequence[str]
Labels = Sequence[Sequence[int]]
"""The numbers of the classes that each clip has."""


@dataclass(frozen=True)
class Headline:
    """The one score by which networks are compared: its name in files and tables, and in words."""

    name: str
    title: str
    short: str


def one_class(labels: Labels) -> NDArray[np.int64]:
    """(N,) the class of each clip; raises PeerattnError for a clip of several."""
    for own in labels:
        if len(own) != 1:
            raise PeerattnError(f"a clip has {len(own)} classes, where accuracy needs one: look at its map")
    return np.array([number for (number,) in labels], np.int64)


def any_labels(labels: Labels, count: int) -> NDArray[np.bool_]:
    """(N, K) which of so many labels each clip has."""
    table = np.zeros((len(labels), count), bool)
    for row, own in zip(table, labels, strict=True):
        row[list(own)] = True
    return table


def _of_classes(clips: Array, middle: Array, labels: Labels, groups: Groups, names: Groups) -> Evaluation:
    return summarise(clips, one_class(labels), groups, names, middle=middle)


def _of_labels(
    clips: Array, middle: Array, labels: Labels, groups: Groups, names: Groups
) -> LabelsEvaluation:
    return summarise_labels(clips, any_labels(labels, len(names)), groups, names)


def _precisions(evaluation: LabelsEvaluation) -> dict[str, Score]:
    scores = {name: score_of(evaluation, name) for name in ("map", "map_micro")}
    for row in evaluation.labels:
        if row.average_precision is not None:
            scores[f"map {row.name}"] = Score(row.average_precision, row.interval, evaluation.n, row.remark)
    return scores


EVALUATIONS: Mapping[str, Callable[[Array, Array, Labels, Groups, Groups], AnyEvaluation]] = {
    "classes": _of_classes,
    "labels": _of_labels,
}
"""Kind → what probabilities (N, K) are worth, of clips and of their middle windows alone.

Then come the labels and the group of each clip, and the class names.
"""
SCORES: Mapping[str, Callable[[Any], dict[str, Score]]] = {"classes": accuracies, "labels": _precisions}
"""Kind → the scores of an evaluation by name, as histories and cards hold them."""
HEADLINES: Mapping[str, Headline] = {
    "classes": Headline("top1", "top-1 accuracy", "top-1"),
    "labels": Headline("map", "mean average precision", "mAP"),
}
DIFFERENCES: Mapping[str, Callable[..., Difference]] = {
    "classes": paired_difference,
    "labels": paired_precision,
}
"""Kind → after − before in the headline score on the same clips; `level=` of its interval."""


def headline(evaluation: AnyEvaluation) -> Score:
    """The score by which networks of this kind are compared."""
    return score_of(evaluation, HEADLINES[evaluation.kind].name)


def difference(before: AnyEvaluation, after: AnyEvaluation, *, comparisons: int = 1) -> Difference:
    """after − before in the headline score on the same clips, with its paired interval.

    Of several comparisons side by side the intervals hold at once: each has the level 1 − 0.05 / comparisons.
    Raises PeerattnError for evaluations of other clips, or of another kind of answer.
    """
    if before.kind != after.kind:
        raise PeerattnError(
            f"one network answers with {before.kind}, the other with {after.kind}: compare networks that "
            "are asked the same"
        )
    return DIFFERENCES[before.kind](before, after, level=1 - (1 - LEVEL) / comparisons)
