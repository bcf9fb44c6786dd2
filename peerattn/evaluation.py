"""Accuracy with its interval: never a number, and never a difference, without one.

95 % intervals: Wilson's for the accuracy of independent clips; a bootstrap over groups where several clips
come from one source video, where there are enough of them; a paired bootstrap for a difference on the same
clips. Shapes: N clips, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.data import Example
from peerattn.errors import PeerattnError
from peerattn.moved import moved
from peerattn.network import Network
from peerattn.predictions import predict
from peerattn.stretches import Progress

Z95 = 1.959964  # standard deviations either side of the mean that hold 95 % of a normal distribution
RESAMPLES = 2_000
FEW_GROUPS = 10
"""Fewer are too few to draw from: a bootstrap's interval has no width where all clips are of one group."""
Interval = tuple[float, float]


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
    the classes that have clips.
    """

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

    def to_json(self) -> dict[str, Any]:
        """The keys that `evaluate --json` and a checkpoint's card hold."""
        kinds = ("top1", "top5", "macro", "window_top1")
        names = ("n", *(name for kind in kinds for name in (kind, f"{kind}_interval")))
        classes = [
            {"name": row.name, "n": row.n, "accuracy": row.accuracy, "interval": list(row.interval)}
            for row in self.classes
        ]
        numbers = {name: getattr(self, name) for name in names}
        return {**numbers, "classes": classes, "confusion": self.confusion.tolist()}


def wilson(successes: float, n: int) -> Interval:
    """The 95 % score interval of the share successes / n (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = successes / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], float], groups: Sequence[str], *, seed: int = 0
) -> Interval:
    """The 95 % percentile interval of a statistic of clip numbers, whole groups being drawn again."""
    names, group_of = np.unique(np.array(groups), return_inverse=True)
    order = np.argsort(group_of, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(group_of))[:-1])
    generator = np.random.default_rng(seed)
    draws = generator.integers(len(names), size=(RESAMPLES, len(names)))
    alone = len(names) == len(groups)
    values = [
        statistic(order[draw] if alone else np.concatenate([members[number] for number in draw]))
        for draw in draws
    ]
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def share_interval(hits: NDArray[np.bool_], groups: NDArray[np.str_]) -> Interval:
    """The 95 % interval of the share of hits: Wilson's where each clip is its own group, else a bootstrap.

    Of few groups Wilson's as well, with no more observations than there are groups.
    """
    count = len(np.unique(groups))
    if count == len(groups):
        return wilson(int(hits.sum()), count)
    if count < FEW_GROUPS:
        return wilson(float(hits.mean()) * count, count)
    return bootstrap(lambda drawn: float(hits[drawn].mean()), groups.tolist())


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
        rows.append(ClassResult(name, n, accuracy, share_interval(correct[own], of[own])))
    return Evaluation(
        n=len(labels),
        top1=float(correct.mean()),
        top1_interval=share_interval(correct, of),
        top5=float(among5.mean()),
        top5_interval=share_interval(among5, of),
        macro=_macro(correct, labels),
        macro_interval=bootstrap(lambda drawn: _macro(correct[drawn], labels[drawn]), groups),
        window_top1=float(alone.mean()),
        window_top1_interval=share_interval(alone, of),
        classes=tuple(rows),
        confusion=confusion,
        correct=correct,
        groups=tuple(groups),
        probabilities=probabilities,
        labels=labels,
    )


def _macro(correct: NDArray[np.bool_], labels: NDArray[np.int64]) -> float:
    clips = np.bincount(labels)
    hits = np.bincount(labels, weights=correct)
    return float((hits[clips > 0] / clips[clips > 0]).mean())


def paired_difference(before: Evaluation, after: Evaluation) -> tuple[float, Interval]:
    """after − before in top-1 accuracy on the same clips, with its paired interval."""
    if before.groups != after.groups or not np.array_equal(before.labels, after.labels):
        raise PeerattnError("the two evaluations are of different clips: evaluate both on the same ones")
    change = after.correct.astype(float) - before.correct.astype(float)
    return float(change.mean()), bootstrap(lambda drawn: float(change[drawn].mean()), before.groups)


def evaluate(
    network: Network,
    examples: Iterable[Example],
    *,
    window: int,
    batch: int = 16,
    progress: Progress | None = None,
) -> Evaluation:
    """Top-1, top-5 and macro accuracy of clip predictions, each the mean over the clip's windows.

    Raises PeerattnError where there is no clip, or one that has several labels.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    found = predict(network, examples, window=window, batch=batch, progress=progress)
    labels = np.array([_only(labels) for labels in found.labels], np.int64)
    return summarise(found.clips, labels, found.groups, network.class_names, middle=found.middle)


def _only(labels: tuple[int, ...]) -> int:
    if len(labels) != 1:
        raise PeerattnError(f"a clip has {len(labels)} classes, where accuracy needs one: look at its map")
    return labels[0]


__getattr__ = moved(__name__)
