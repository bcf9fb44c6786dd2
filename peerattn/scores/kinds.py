"""How clips are scored, for each kind of answer.

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
"""The indices of the classes or labels that each clip has."""


@dataclass(frozen=True)
class Headline:
    """The one score by which networks are compared: its name in files and tables, its title and its short
    title.
    """

    name: str
    title: str
    short: str


def single_labels(labels: Labels) -> NDArray[np.int64]:
    """Return the class of each clip (N,); raises PeerattnError unless every clip has exactly one."""
    for own in labels:
        if len(own) != 1:
            raise PeerattnError(
                f"a clip has {len(own)} classes, but accuracy needs exactly one: use mean average precision"
            )
    return np.array([number for (number,) in labels], np.int64)


def label_matrix(labels: Labels, count: int) -> NDArray[np.bool_]:
    """Return which of `count` labels each clip has, (N, K)."""
    table = np.zeros((len(labels), count), bool)
    for row, own in zip(table, labels, strict=True):
        row[list(own)] = True
    return table


def _evaluate_classes(
    clips: Array, middle: Array, labels: Labels, groups: Groups, names: Groups
) -> Evaluation:
    return summarise(clips, single_labels(labels), groups, names, middle=middle)


def _evaluate_labels(
    clips: Array, middle: Array, labels: Labels, groups: Groups, names: Groups
) -> LabelsEvaluation:
    return summarise_labels(clips, label_matrix(labels, len(names)), groups, names)


def _precisions(evaluation: LabelsEvaluation) -> dict[str, Score]:
    scores = {name: score_of(evaluation, name) for name in ("map", "map_micro")}
    for row in evaluation.labels:
        if row.average_precision is not None:
            scores[f"map {row.name}"] = Score(row.average_precision, row.interval, evaluation.n, row.remark)
    return scores


EVALUATIONS: Mapping[str, Callable[[Array, Array, Labels, Groups, Groups], AnyEvaluation]] = {
    "classes": _evaluate_classes,
    "labels": _evaluate_labels,
}
"""Kind of answer → the function that evaluates probabilities (N, K).

Its arguments are the probabilities for the clips and for their middle windows alone, the labels and the group
of each clip, and the class names.
"""
SCORES: Mapping[str, Callable[[Any], dict[str, Score]]] = {"classes": accuracies, "labels": _precisions}
"""Kind of answer → the scores of an evaluation by name, as they are stored in histories and cards."""
HEADLINES: Mapping[str, Headline] = {
    "classes": Headline("top1", "top-1 accuracy", "top-1"),
    "labels": Headline("map", "mean average precision", "mAP"),
}
DIFFERENCES: Mapping[str, Callable[..., Difference]] = {
    "classes": paired_difference,
    "labels": paired_precision,
}
"""Kind of answer → after − before in the headline score on the same clips; takes the interval's `level`."""


def headline(evaluation: AnyEvaluation) -> Score:
    """Return the score by which networks with this kind of answer are compared."""
    return score_of(evaluation, HEADLINES[evaluation.kind].name)


def difference(before: AnyEvaluation, after: AnyEvaluation, *, comparisons: int = 1) -> Difference:
    """Return after − before in the headline score on the same clips, with its paired interval.

    The intervals of several `comparisons` hold simultaneously: each has the level 1 − 0.05 / comparisons.
    Raises PeerattnError if the evaluations differ in their clips or their kind of answer.
    """
    if before.kind != after.kind:
        raise PeerattnError(
            f"one network answers with {before.kind}, the other with {after.kind}: compare networks with the "
            "same kind of answer"
        )
    return DIFFERENCES[before.kind](before, after, level=1 - (1 - LEVEL) / comparisons)
