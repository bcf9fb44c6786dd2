"""What can be said of the same clips before and after: a difference, its interval, and both in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.intervals import METHOD, Interval, interval_json

BETTER, WORSE, SAME = "better", "worse", "not distinguishable"


@dataclass(frozen=True)
class Changes:
    """How many clips got another answer, and how many of these were right before only, or after only."""

    answers: int
    lost: int
    gained: int


@dataclass(frozen=True)
class Difference:
    """after − before in a score of 0 to 1, of the same n clips; where it has no interval, `remark` says why.

    `changes` counts answers, where each clip has one.
    """

    value: float
    interval: Interval | None
    remark: str
    n: int
    changes: Changes | None = None

    @property
    def verdict(self) -> str:
        """`better`, `worse` or `not distinguishable`; with too few clips, that they are too few."""
        if self.interval is None:
            return self.remark
        low, high = self.interval
        return BETTER if low > 0 else WORSE if high < 0 else SAME

    @property
    def words(self) -> str:
        """The verdict in one line; what is not distinguishable comes with the loss that is not excluded."""
        said = [self._changed(self.changes)] if self.changes else []
        if self.verdict == SAME:
            said.append(self.not_excluded)
        return f"{self.verdict}: {'; '.join(said)}" if said else self.verdict

    @property
    def not_excluded(self) -> str:
        """The greatest loss that the interval holds, in words; nothing where there is no interval."""
        if self.interval is None:
            return ""
        return f"a loss of up to {100 * max(-self.interval[0], 0.0):.1f} points is not excluded"

    def to_json(self) -> dict[str, Any]:
        interval = interval_json("difference_interval", self.interval, self.remark)
        said = {"difference": self.value, **interval, "interval_method": METHOD, "in_words": self.words}
        changes = self.changes
        if changes is None:
            return said
        return {**said, "answers_changed": changes.answers, "lost": changes.lost, "gained": changes.gained}

    def _changed(self, counts: Changes) -> str:
        said = f"{counts.answers} of {self.n} answers changed"
        if not counts.answers:
            return said
        return f"{said}, {counts.lost} from right to wrong and {counts.gained} from wrong to right"


def check_same(
    groups: Sequence[str], others: Sequence[str], truth: NDArray[Any], other: NDArray[Any]
) -> None:
    """Raises PeerattnError unless the groups and what is true of each clip are the same."""
    if groups != others or not np.array_equal(truth, other):
        raise PeerattnError("the two evaluations are of different clips: evaluate both on the same ones")
