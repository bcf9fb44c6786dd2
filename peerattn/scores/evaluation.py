"""What an evaluation found: accuracies, per class too, each with its interval, and differences with theirs.

Shapes: N clips, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.intervals import Interval, paired_interval, share_interval


@dataclass(frozen=True)
class ClassResult:
    """How one class fared: `n` clips, the share of them recognised, its interval."""

    name: str
    n: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True)
class Evaluation:
    """Accuracies in [0, 1] over n clips; `confusion` (K, K) counts clips, rows true, columns predicted.

    `correct` (N,), `groups` (N,), `probabilities` (N, K) and `labels` (N,) line up with the examples, so that
    two evaluations of the same clips can be paired. A clip's prediction is the mean over its windows; for
    `window_top1` it is that of its middle window alone. `macro` is the mean of the class accuracies, over
    the classes that have clips. `objects` says where object maps came from (true, attached, estimated), and
    of how many clips.
    """

    kind: ClassVar[str] = "classes"
    n: int
    top1: float
    top1_interval: Interval
    top5: float
    top5_interval: Interval
    macro: float
    macro_interval: Interval
    window_top1: float
    window_top1_interval: Interval
    classes: tuple[ClassResult, ...]
    confusion: NDArray[np.int64]
    correct: NDArray[np.bool_]
    groups: tuple[str, ...]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    objects: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The keys that `evaluate --json` and a checkpoint's card hold."""
        kinds = ("top1", "top5", "macro", "window_top1")
        names = ("n", *(name for kind in kinds for name in (kind, f"{kind}_interval")))
        classes = [
            {"name": row.name, "n": row.n, "accuracy": row.accuracy, "interval": list(row.interval)}
            for row in self.classes
        ]
        numbers = {name: getattr(self, name) for name in names}
        objects = dict(self.objects)
        return {**numbers, "objects": objects, "classes": classes, "confusion": self.confusion.tolist()}


def summarise(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    class_names: Sequence[str],
    *,
    middle: NDArray[np.float32] | None = None,
) -> Evaluation:
    """The evaluation of predictions (N, K) of clips, and of their middle windows, against labels (N,)."""
    if len(labels) == 0:
        raise PeerattnError("there are no clips to evaluate on: give at least one")
    order = np.argsort(-probabilities, axis=1, kind="stable")
    predicted = order[:, 0]
    correct, among5 = predicted == labels, (order[:, :5] == labels[:, None]).any(axis=1)
    confusion = np.zeros((len(class_names),) * 2, np.int64)
    np.add.at(confusion, (labels, predicted), 1)

    alone = correct if middle is None else middle.argmax(axis=1) == labels

    of = np.array(groups)

    rows = []
    for number, name in enumerate(class_names):
        own = labels == number
        n = int(own.sum())
        accuracy = float(correct[own].mean()) if n else 0.0
        interval = share_interval(correct[own], of[own])
        rows.append(ClassResult(name, n, accuracy, interval))
    return Evaluation(
        n=len(labels),
        top1=float(correct.mean()),
        top1_interval=share_interval(correct, of),
        top5=float(among5.mean()),
        top5_interval=share_interval(among5, of),
        macro=float(_alike_classes(labels) @ correct),
        macro_interval=share_interval(correct, of, _alike_classes(labels)),
        window_top1=float(alone.mean()),
        window_top1_interval=share_interval(alone, of),
        classes=tuple(rows),
        confusion=confusion,
        correct=correct,
        groups=tuple(groups),
        probabilities=probabilities,
        labels=labels,
    )


def _alike_classes(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) what each clip weighs so that the classes that have clips count alike."""
    clips = np.bincount(labels)
    weights: NDArray[np.float64] = 1 / (clips[labels] * np.count_nonzero(clips))
    return weights


def paired_difference(before: Evaluation, after: Evaluation) -> tuple[float, Interval]:
    """after − before in top-1 accuracy on the same clips, with its paired interval."""
    if before.groups != after.groups or not np.array_equal(before.labels, after.labels):
        raise PeerattnError("the two evaluations are of different clips: evaluate both on the same ones")
    change = after.correct.astype(float) - before.correct.astype(float)
    interval = paired_interval(before.correct, after.correct, np.array(before.groups))
    return float(change.mean()), interval
