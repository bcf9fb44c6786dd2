"""Comparison of two evaluations of the same clips: the difference of a score, its interval, and both in
words.
"""

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
    """The number of clips whose answer changed, and of those that were right only before or only after."""

    answers: int
    lost: int
    gained: int


@dataclass(frozen=True)
class Difference:
    """after − before in a score from 0 to 1, on the same n clips; if there is no interval, `remark` says why.

    `changes` counts changed answers, if each clip has exactly one answer. `p` is the two-sided p-value of no
    difference, from the test that the interval inverts; None if there is no interval.
    """

    value: float
    interval: Interval | None
    remark: str
    n: int
    changes: Changes | None = None
    p: float | None = None

    @property
    def verdict(self) -> str:
        """`better`, `worse` or `not distinguishable`; or, with too few clips, a remark that says so."""
        if self.interval is None:
            return self.remark
        low, high = self.interval
        return BETTER if low > 0 else WORSE if high < 0 else SAME

    @property
    def words(self) -> str:
        """The verdict in one line; if not distinguishable, with the greatest loss that is not excluded."""
        details = [self.changed] if self.changes else []
        if self.verdict == SAME:
            details.append(self.not_excluded)
        return f"{self.verdict}: {'; '.join(details)}" if details else self.verdict

    @property
    def not_excluded(self) -> str:
        """The greatest loss within the interval, in words; empty if there is no interval."""
        if self.interval is None:
            return ""
        return f"a loss of up to {100 * max(-self.interval[0], 0.0):.1f} points is not excluded"

    def to_json(self) -> dict[str, Any]:
        """Return the difference, its interval with its method, the verdict in words, and the changes."""
        interval = interval_json("difference_interval", self.interval, self.remark)
        document = {"difference": self.value, **interval, "interval_method": METHOD, "in_words": self.words}
        changes = self.changes
        if changes is None:
            return document
        return {
            **document,
            "answers_changed": changes.answers,
            "lost": changes.lost,
            "gained": changes.gained,
        }

    @property
    def changed(self) -> str:
        """How many answers changed, in words; empty if a clip may have several answers."""
        counts = self.changes
        if counts is None:
            return ""
        text = f"{counts.answers} of {self.n} answers changed"
        if not counts.answers:
            return text
        return f"{text}, {counts.lost} from right to wrong and {counts.gained} from wrong to right"


def check_same_clips(
    groups: Sequence[str], others: Sequence[str], truth: NDArray[Any], other: NDArray[Any]
) -> None:
    """Raise PeerattnError unless both evaluations have the same groups and true classes or labels."""
    if groups != others or not np.array_equal(truth, other):
        raise PeerattnError("the two evaluations used different clips: evaluate both on the same clips")
