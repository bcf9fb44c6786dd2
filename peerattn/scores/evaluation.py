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
from peerattn.scores.comparison import Changes, Difference, check_same
from peerattn.scores.intervals import (
    LEVEL,
    METHOD,
    OF_A_CLASS,
    Interval,
    interval_json,
    numbered,
    paired_interval,
    share_interval,
    too_few,
)


@dataclass(frozen=True)
class ClassResult:
    """How one class fared: `n` clips, the share of them recognised, its interval.

    `remark` says why there is no interval, where there is none.
    """

    name: str
    n: int
    accuracy: float
    interval: Interval | None
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        said = {"name": self.name, "n": self.n, "accuracy": self.accuracy}
        return {**said, **interval_json("interval", self.interval, self.remark)}


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
        """The keys that `evaluate --json` and a checkpoint's card hold."""
        said: dict[str, Any] = {"n": self.n, "groups": len(set(self.groups)), "interval_method": METHOD}
        for name in ("top1", "top5", "macro", "window_top1"):
            said[name] = getattr(self, name)
            said |= interval_json(f"{name}_interval", getattr(self, f"{name}_interval"), self.remark)
        classes = [row.to_json() for row in self.classes]
        objects = dict(self.objects)
        return {**said, "objects": objects, "classes": classes, "confusion": self.confusion.tolist()}

    @property
    def remark(self) -> str:
        """Why there are no intervals of all clips, where there are none."""
        return too_few(self.groups)


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

    of = numbered(len(labels), groups)

    rows = []
    for number, name in enumerate(class_names):
        own = labels == number
        n = int(own.sum())
        accuracy = float(correct[own].mean()) if n else 0.0
        interval = share_interval(correct[own], of[own], least=OF_A_CLASS)
        rows.append(ClassResult(name, n, accuracy, interval, too_few(of[own], OF_A_CLASS)))
    return Evaluation(
        n=len(labels),
        top1=float(correct.mean()),
        top1_interval=share_interval(correct, of),
        top5=float(among5.mean()),
        top5_interval=share_interval(among5, of),
        macro=float(class_weights(labels) @ correct),
        macro_interval=share_interval(correct, of, class_weights(labels)),
        window_top1=float(alone.mean()),
        window_top1_interval=share_interval(alone, of),
        classes=tuple(rows),
        confusion=confusion,
        correct=correct,
        groups=tuple(groups),
        probabilities=probabilities,
        labels=labels,
    )


def class_weights(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) what each clip weighs so that the classes that have clips count alike."""
    clips = np.bincount(labels)
    weights: NDArray[np.float64] = 1 / (clips[labels] * np.count_nonzero(clips))
    return weights


def paired_difference(before: Evaluation, after: Evaluation, *, level: float = LEVEL) -> Difference:
    """after − before in top-1 accuracy on the same clips, with its paired interval."""
    check_same(before.groups, after.groups, before.labels, after.labels)
    interval = paired_interval(before.correct, after.correct, np.array(before.groups), level=level)
    changes = Changes(
        answers=int((before.probabilities.argmax(axis=1) != after.probabilities.argmax(axis=1)).sum()),
        lost=int((before.correct & ~after.correct).sum()),
        gained=int((after.correct & ~before.correct).sum()),
    )
    return Difference((changes.gained - changes.lost) / before.n, interval, before.remark, before.n, changes)
