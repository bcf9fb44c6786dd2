"""What an evaluation of several labels a clip found: average precisions, each with its interval.

Shapes: N clips, K labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.bootstrap import bootstrap, bootstrap_each
from peerattn.scores.intervals import Interval
from peerattn.scores.metrics import (
    average_precision,
    average_precisions,
    mean_average_precision,
    mean_of_occurring,
)


@dataclass(frozen=True)
class LabelResult:
    """How one label fared: `n` clips have it; its average precision and interval, None where none has."""

    name: str
    n: int
    average_precision: float | None
    interval: Interval | None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "interval": list(self.interval) if self.interval else None}


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
    map_interval: Interval
    map_micro: float
    map_micro_interval: Interval
    labels: tuple[LabelResult, ...]
    groups: tuple[str, ...]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.bool_]
    objects: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The keys that `evaluate --json` holds."""
        names = ("n", *(name for kind in ("map", "map_micro") for name in (kind, f"{kind}_interval")))
        numbers = {name: getattr(self, name) for name in names}
        return {**numbers, "objects": dict(self.objects), "labels": [row.to_json() for row in self.labels]}


def summarise_labels(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.bool_],
    groups: Sequence[str],
    class_names: Sequence[str],
) -> LabelsEvaluation:
    """The evaluation of predictions (N, K) of clips against the labels (N, K) that they have.

    Intervals are bootstrapped over groups; in a draw in which a label does not occur, it counts as it does
    among all clips. Raises PeerattnError where there are no clips, or none has a label.
    """
    if not truth.any():
        raise PeerattnError("no clip has a label: give clips with at least one")
    occurring = np.flatnonzero(truth.any(axis=0))

    def measured(clips: NDArray[np.int64]) -> NDArray[np.float64]:
        """Over all pairs, the mean over the labels, and of each label that occurs."""
        shares, own = probabilities[clips], truth[clips]
        each = average_precisions(shares[:, occurring], own[:, occurring])
        return np.array([average_precision(shares.ravel(), own.ravel()), mean_of_occurring(each), *each])

    whole = measured(np.arange(len(truth)))

    def drawn(clips: NDArray[np.int64]) -> NDArray[np.float64]:
        found = measured(clips)
        return np.where(np.isnan(found), whole, found)

    micro, mean, *each = zip(whole.tolist(), bootstrap_each(drawn, groups), strict=True)
    scores: dict[int, tuple[float, Interval]] = dict(zip(occurring.tolist(), each, strict=True))
    rows = [
        LabelResult(name, int(truth[:, number].sum()), *scores.get(number, (None, None)))
        for number, name in enumerate(class_names)
    ]
    return LabelsEvaluation(len(truth), *mean, *micro, tuple(rows), tuple(groups), probabilities, truth)


def paired_precision(before: LabelsEvaluation, after: LabelsEvaluation) -> tuple[float, Interval]:
    """after − before in mean average precision on the same clips, with its paired interval."""
    if before.groups != after.groups or not np.array_equal(before.truth, after.truth):
        raise PeerattnError("the two evaluations are of different clips: evaluate both on the same ones")
    undrawn = after.map - before.map

    def change(clips: NDArray[np.int64]) -> float:
        own = before.truth[clips]
        maps = [mean_average_precision(one.probabilities[clips], own) for one in (before, after)]
        return undrawn if math.isnan(maps[0]) else maps[1] - maps[0]

    return undrawn, bootstrap(change, before.groups)
