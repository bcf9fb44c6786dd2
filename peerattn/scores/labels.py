"""What an evaluation of several labels a clip found: average precisions, each with its interval.

Shapes: N clips, K labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.comparison import Difference, check_same
from peerattn.scores.intervals import (
    LEVEL,
    METHOD,
    OF_A_CLASS,
    Interval,
    effective_clips,
    interval_json,
    numbered,
    too_few,
)
from peerattn.scores.jackknife import effective_count, of_difference, of_share
from peerattn.scores.metrics import average_precision, precision_without


@dataclass(frozen=True)
class LabelResult:
    """How one label fared: `n` clips have it; its average precision, None where none has.

    `remark` says why there is no interval, where there is none.
    """

    name: str
    n: int
    average_precision: float | None
    interval: Interval | None
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        said = {"name": self.name, "n": self.n, "average_precision": self.average_precision}
        return {**said, **interval_json("interval", self.interval, self.remark)}


@dataclass(frozen=True)
class LabelsEvaluation:
    """Average precisions in [0, 1] over n clips: `map` the mean over the labels that occur, `map_micro` of
    all pairs of a clip and a label together.

    `groups` (N,), `probabilities` (N, K) and `truth` (N, K), which labels each clip has, line up with the
    examples, so that two evaluations of the same clips can be paired. `objects` says where object maps came
    from, and of how many clips.
    """

    kind: ClassVar[str] = "labels"
    n: int
    map: float
    map_interval: Interval | None
    map_micro: float
    map_micro_interval: Interval | None
    labels: tuple[LabelResult, ...]
    groups: tuple[str, ...]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.bool_]
    objects: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The keys that `evaluate --json` holds."""
        said: dict[str, Any] = {"n": self.n, "groups": len(set(self.groups)), "interval_method": METHOD}
        for name in ("map", "map_micro"):
            said[name] = getattr(self, name)
            said |= interval_json(f"{name}_interval", getattr(self, f"{name}_interval"), self.remark)
        return {**said, "objects": dict(self.objects), "labels": [row.to_json() for row in self.labels]}

    @property
    def remark(self) -> str:
        """Why there are no intervals of all clips, where there are none."""
        return too_few(self.groups)


def summarise_labels(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.bool_],
    groups: Sequence[str],
    class_names: Sequence[str],
) -> LabelsEvaluation:
    """The evaluation of predictions (N, K) of clips against the labels (N, K) that they have.

    Intervals leave out one group after the other, and hold for what such a set of as many clips gives on
    average: rare labels flatter small sets. Raises PeerattnError where there are no clips, or none has a
    label.
    """
    if not truth.any():
        raise PeerattnError("no clip has a label: give clips with at least one")
    number = numbered(len(truth), np.array(groups))
    remark, each = too_few(groups), _precisions(probabilities, truth, number)
    found, without = _mean(each)
    micro, micro_without = _micro(probabilities, truth, number)
    behind = effective_count(number, truth.sum(axis=1).astype(float))
    rows = []
    for label, name in enumerate(class_names):
        own, few = truth[:, label], remark or too_few(np.array(groups)[truth[:, label]], OF_A_CLASS)
        if label not in each:
            rows.append(LabelResult(name, 0, None, None, few))
            continue
        value, others = each[label]
        interval = None if few else of_share(value, others, effective_count(number, own.astype(float)))
        rows.append(LabelResult(name, int(own.sum()), value, interval, few))
    return LabelsEvaluation(
        n=len(truth),
        map=found,
        map_interval=None if remark else of_share(found, without, behind),
        map_micro=micro,
        map_micro_interval=None if remark else of_share(micro, micro_without, behind),
        labels=tuple(rows),
        groups=tuple(groups),
        probabilities=probabilities,
        truth=truth,
    )


def paired_precision(
    before: LabelsEvaluation, after: LabelsEvaluation, *, level: float = LEVEL
) -> Difference:
    """after − before in mean average precision on the same clips, with its paired interval."""
    check_same(before.groups, after.groups, before.truth, after.truth)
    value, interval = after.map - before.map, None
    if not before.remark:
        number = numbered(before.n, np.array(before.groups))
        means = [_mean(_precisions(one.probabilities, one.truth, number))[1] for one in (before, after)]
        clips = effective_clips(np.zeros(before.n), number, np.full(before.n, 1 / before.n), 0)
        interval = of_difference(value, means[1] - means[0], clips, level=level)
    return Difference(value, interval, before.remark, before.n)


Precisions = dict[int, tuple[float, NDArray[np.float64]]]
"""Label that occurs → its average precision, and that without each group (G,)."""


def _precisions(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], number: NDArray[np.int64]
) -> Precisions:
    """Where no clip outside of a group has a label, the label counts as it does with the group."""
    found = {}
    for label in np.flatnonzero(truth.any(axis=0)).tolist():
        value = average_precision(probabilities[:, label], truth[:, label])
        without = precision_without(probabilities[:, label], truth[:, label], number)
        found[label] = value, np.where(np.isnan(without), value, without)
    return found


def _mean(each: Precisions) -> tuple[float, NDArray[np.float64]]:
    """Of all labels that occur, and that without each group."""
    values, without = zip(*each.values(), strict=True)
    return float(np.mean(values)), np.mean(without, axis=0)


def _micro(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], number: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """Of all pairs of a clip and a label together, and that without each group."""
    pairs = probabilities.ravel(), truth.ravel()
    value = average_precision(*pairs)
    without = precision_without(*pairs, np.repeat(number, truth.shape[1]))
    return value, np.where(np.isnan(without), value, without)
