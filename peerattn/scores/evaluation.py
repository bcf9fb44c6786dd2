"""Evaluations of networks that predict classes: accuracies, overall and per class, with their intervals.

Shapes: N clips, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.comparison import Changes, Difference, check_same_clips
from peerattn.scores.intervals import (
    LEVEL,
    METHOD,
    MIN_CLASS_SIZE,
    Interval,
    group_numbers,
    interval_json,
    paired_interval,
    paired_p,
    share_interval,
    too_few,
)


@dataclass(frozen=True)
class ClassResult:
    """The accuracy of one class: the share of its `n` clips that were recognised, with its interval.

    If there is no interval, `remark` says why.
    """

    name: str
    n: int
    accuracy: float
    interval: Interval | None
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        fields = {"name": self.name, "n": self.n, "accuracy": self.accuracy}
        return {**fields, **interval_json("interval", self.interval, self.remark)}


@dataclass(frozen=True)
class Evaluation:
    """Accuracies in [0, 1] over n clips; `confusion` (K, K) counts clips by true (row) and predicted (column)
    class.

    `correct` (N,), `groups` (N,), `probabilities` (N, K) and `labels` (N,) are in the order of the examples,
    so two evaluations of the same clips can be paired. A clip's prediction is the mean over its windows;
    `window_top1` uses its middle window alone. `macro` is the mean accuracy of the classes that have clips.
    `objects` maps the origin of object maps (true, attached, estimated) to the number of clips.
    """

    kind: ClassVar[str] = "classes"
    n: int
    top1: float
    top1_interval: Interval | None
    top5: float
    top5_interval: Interval | None
    macro: float
    macro_interval: Interval | None
    window_top1: float
    window_top1_interval: Interval | None
    classes: tuple[ClassResult, ...]
    confusion: NDArray[np.int64]
    correct: NDArray[np.bool_]
    groups: tuple[str, ...]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    objects: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the results in the form of `evaluate --json` and of a checkpoint's card."""
        scores: dict[str, Any] = {"n": self.n, "groups": len(set(self.groups)), "interval_method": METHOD}
        for name in ("top1", "top5", "macro", "window_top1"):
            scores[name] = getattr(self, name)
            scores |= interval_json(f"{name}_interval", getattr(self, f"{name}_interval"), self.remark)
        classes = [row.to_json() for row in self.classes]
        objects = dict(self.objects)
        return {**scores, "objects": objects, "classes": classes, "confusion": self.confusion.tolist()}

    @property
    def remark(self) -> str:
        """Why the scores over all clips have no intervals; empty if they have."""
        return too_few(self.groups)


def summarise(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    class_names: Sequence[str],
    *,
    middle: NDArray[np.float32] | None = None,
) -> Evaluation:
    """Evaluate the predictions (N, K) for clips, and for their middle windows, against the labels (N,).

    Raises PeerattnError if there are no clips.
    """
    if len(labels) == 0:
        raise PeerattnError("there are no clips to evaluate on: provide at least one")
    order = np.argsort(-probabilities, axis=1, kind="stable")
    predicted = order[:, 0]
    correct, in_top5 = predicted == labels, (order[:, :5] == labels[:, None]).any(axis=1)
    confusion = np.zeros((len(class_names),) * 2, np.int64)
    np.add.at(confusion, (labels, predicted), 1)

    window_correct = correct if middle is None else middle.argmax(axis=1) == labels
    group_of = group_numbers(len(labels), groups)
    rows = []
    for number, name in enumerate(class_names):
        own = labels == number
        n = int(own.sum())
        accuracy = float(correct[own].mean()) if n else 0.0
        interval = share_interval(correct[own], group_of[own], least=MIN_CLASS_SIZE)
        rows.append(ClassResult(name, n, accuracy, interval, too_few(group_of[own], MIN_CLASS_SIZE)))
    return Evaluation(
        n=len(labels),
        top1=float(correct.mean()),
        top1_interval=share_interval(correct, group_of),
        top5=float(in_top5.mean()),
        top5_interval=share_interval(in_top5, group_of),
        macro=float(class_weights(labels) @ correct),
        macro_interval=share_interval(correct, group_of, class_weights(labels)),
        window_top1=float(window_correct.mean()),
        window_top1_interval=share_interval(window_correct, group_of),
        classes=tuple(rows),
        confusion=confusion,
        correct=correct,
        groups=tuple(groups),
        probabilities=probabilities,
        labels=labels,
    )


def class_weights(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return clip weights (N,) with which all classes that have clips count equally."""
    clips = np.bincount(labels)
    weights: NDArray[np.float64] = 1 / (clips[labels] * np.count_nonzero(clips))
    return weights


def paired_difference(before: Evaluation, after: Evaluation, *, level: float = LEVEL) -> Difference:
    """Return after − before in top-1 accuracy on the same clips, with its paired interval.

    Raises PeerattnError if the clips differ.
    """
    check_same_clips(before.groups, after.groups, before.labels, after.labels)
    pairs = before.correct, after.correct, np.array(before.groups)
    interval, p = paired_interval(*pairs, level=level), paired_p(*pairs)
    changes = Changes(
        answers=int((before.probabilities.argmax(axis=1) != after.probabilities.argmax(axis=1)).sum()),
        lost=int((before.correct & ~after.correct).sum()),
        gained=int((after.correct & ~before.correct).sum()),
    )
    value = (changes.gained - changes.lost) / before.n
    return Difference(value, interval, before.remark, before.n, changes, p)
