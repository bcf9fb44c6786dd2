"""Evaluations of networks that predict any number of labels: average precisions with their intervals.

Shapes: N clips, K labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.comparison import Difference, check_same_clips
from peerattn.scores.intervals import (
    LEVEL,
    METHOD,
    MIN_CLASS_SIZE,
    Interval,
    effective_clips,
    group_numbers,
    interval_json,
    too_few,
)
from peerattn.scores.jackknife import (
    difference_interval,
    difference_p,
    effective_count,
    jackknife_share_interval,
)
from peerattn.scores.metrics import average_precision, precision_without


@dataclass(frozen=True)
class LabelResult:
    """The average precision of one label, which `n` clips have; None if no clip has it.

    If there is no interval, `remark` says why.
    """

    name: str
    n: int
    average_precision: float | None
    interval: Interval | None
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        fields = {"name": self.name, "n": self.n, "average_precision": self.average_precision}
        return {**fields, **interval_json("interval", self.interval, self.remark)}


@dataclass(frozen=True)
class LabelsEvaluation:
    """Average precisions in [0, 1] over n clips.

    `map` is the mean over the labels that occur, and `map_micro` the average precision over all pairs of a
    clip and a label. `groups` (N,), `probabilities` (N, K) and `truth` (N, K), which labels each clip has,
    are in the order of the examples, so two evaluations of the same clips can be paired. `objects` maps the
    origin of object maps to the number of clips.
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
        """Return the results in the form of `evaluate --json`."""
        scores: dict[str, Any] = {"n": self.n, "groups": len(set(self.groups)), "interval_method": METHOD}
        for name in ("map", "map_micro"):
            scores[name] = getattr(self, name)
            scores |= interval_json(f"{name}_interval", getattr(self, f"{name}_interval"), self.remark)
        return {**scores, "objects": dict(self.objects), "labels": [row.to_json() for row in self.labels]}

    @property
    def remark(self) -> str:
        """Why the scores over all clips have no intervals; empty if they have."""
        return too_few(self.groups)


def summarise_labels(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.bool_],
    groups: Sequence[str],
    class_names: Sequence[str],
) -> LabelsEvaluation:
    """Evaluate the predictions (N, K) for clips against the labels (N, K) that they have.

    Intervals leave out one group at a time. They cover the average score of sets with as many clips, which is
    inflated for small sets, where labels are rare. Raises PeerattnError if no clip has a label.
    """
    if not truth.any():
        raise PeerattnError("no clip has a label: provide clips with at least one")
    number = group_numbers(len(truth), np.array(groups))
    remark, precisions = too_few(groups), _precisions(probabilities, truth, number)
    mean, mean_without = _mean(precisions)
    micro, micro_without = _micro(probabilities, truth, number)
    effective = effective_count(number, truth.sum(axis=1).astype(float))
    rows = []
    for label, name in enumerate(class_names):
        own = truth[:, label]
        own_remark = remark or too_few(np.array(groups)[own], MIN_CLASS_SIZE)
        if label not in precisions:
            rows.append(LabelResult(name, 0, None, None, own_remark))
            continue
        value, without = precisions[label]
        interval = None
        if not own_remark:
            interval = jackknife_share_interval(value, without, effective_count(number, own.astype(float)))
        rows.append(LabelResult(name, int(own.sum()), value, interval, own_remark))
    return LabelsEvaluation(
        n=len(truth),
        map=mean,
        map_interval=None if remark else jackknife_share_interval(mean, mean_without, effective),
        map_micro=micro,
        map_micro_interval=None if remark else jackknife_share_interval(micro, micro_without, effective),
        labels=tuple(rows),
        groups=tuple(groups),
        probabilities=probabilities,
        truth=truth,
    )


def paired_precision(
    before: LabelsEvaluation, after: LabelsEvaluation, *, level: float = LEVEL
) -> Difference:
    """Return after − before in mean average precision on the same clips, with its paired interval.

    Raises PeerattnError if the clips differ.
    """
    check_same_clips(before.groups, after.groups, before.truth, after.truth)
    value, interval, p = after.map - before.map, None, None
    if not before.remark:
        number = group_numbers(before.n, np.array(before.groups))
        means = [_mean(_precisions(one.probabilities, one.truth, number))[1] for one in (before, after)]
        clips = effective_clips(np.zeros(before.n), number, np.full(before.n, 1 / before.n), 0)
        interval = difference_interval(value, means[1] - means[0], clips, level=level)
        p = difference_p(value, means[1] - means[0], clips)
    return Difference(value, interval, before.remark, before.n, p=p)


def paired_label_precisions(
    before: LabelsEvaluation, after: LabelsEvaluation, *, pointwise: bool = False
) -> dict[str, Difference]:
    """Return label → after − before in its average precision, for each label that occurs.

    The intervals leave out one group at a time, hold for all labels at once unless `pointwise`, and are at
    least as wide as if nothing had changed for the clips that have the label; there is none if those are too
    few. Raises PeerattnError if the clips differ.
    """
    check_same_clips(before.groups, after.groups, before.truth, after.truth)
    number, groups = group_numbers(before.n, np.array(before.groups)), np.array(before.groups)
    first, second = (_precisions(one.probabilities, one.truth, number) for one in (before, after))
    level, differences = LEVEL if pointwise else 1 - (1 - LEVEL) / len(first), {}
    for label, (value, without) in first.items():
        own = before.truth[:, label]
        change, interval, remark = second[label][0] - value, None, too_few(groups[own])
        if not remark:
            clips = effective_count(number, own.astype(float))
            interval = difference_interval(change, second[label][1] - without, clips, level=level)
        differences[before.labels[label].name] = Difference(change, interval, remark, int(own.sum()))
    return differences


Precisions = dict[int, tuple[float, NDArray[np.float64]]]
"""Index of each label that occurs → its average precision, and that without each of the groups (G,)."""


def _precisions(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], number: NDArray[np.int64]
) -> Precisions:
    """Return the precision of each label. If all its clips are in one group, leaving that out changes
    nothing.
    """
    precisions = {}
    for label in np.flatnonzero(truth.any(axis=0)).tolist():
        value = average_precision(probabilities[:, label], truth[:, label])
        without = precision_without(probabilities[:, label], truth[:, label], number)
        precisions[label] = value, np.where(np.isnan(without), value, without)
    return precisions


def _mean(precisions: Precisions) -> tuple[float, NDArray[np.float64]]:
    """Return the mean average precision over the labels that occur, and that without each of the groups."""
    values, without = zip(*precisions.values(), strict=True)
    return float(np.mean(values)), np.mean(without, axis=0)


def _micro(
    probabilities: NDArray[np.float32], truth: NDArray[np.bool_], number: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """Return the average precision over all pairs of a clip and a label, and that without each group."""
    pairs = probabilities.ravel(), truth.ravel()
    value = average_precision(*pairs)
    without = precision_without(*pairs, np.repeat(number, truth.shape[1]))
    return value, np.where(np.isnan(without), value, without)
