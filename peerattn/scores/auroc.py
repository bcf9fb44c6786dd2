"""The area under the ROC curve, with its interval: how well scores separate known classes from others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.intervals import (
    LEVEL,
    MIN_CLASS_SIZE,
    Interval,
    effective_clips,
    group_numbers,
    invert_test,
    t_quantile,
    too_few,
)

Scores = NDArray[Any]


def auroc(known: Scores, unknown: Scores) -> float:
    """Return the share of pairs in which the known clip has the higher score; ties count half.

    Raises PeerattnError if there are no known or no unknown clips.
    """
    if not len(known) or not len(unknown):
        raise PeerattnError("the area needs clips of known classes and clips of other classes: provide both")
    return float(_ahead(known, unknown).mean())


def auroc_remark(known: NDArray[np.bool_], groups: Sequence[str]) -> str:
    """Say why the area under the ROC curve has no interval; empty if it has one."""
    group_of = np.array(groups)
    sides = (("known classes", group_of[known]), ("other classes", group_of[~known]))
    remarks = [f"{remark} of {side}" for side, own in sides if (remark := too_few(own, MIN_CLASS_SIZE))]
    return too_few(group_of) or ", ".join(remarks)


def auroc_interval(
    scores: Scores, known: NDArray[np.bool_], groups: Sequence[str], *, level: float = LEVEL
) -> Interval | None:
    """Return the score interval of the area, from scores (N,) and whether each clip is of a `known` class
    (N,).

    It uses Hanley and McNeil's variance at each candidate area (Newcombe, Statistics in Medicine 25, 2006,
    method 5), with effective numbers of known and unknown clips. None if there are too few of either.
    """
    if auroc_remark(known, groups):
        return None
    group_of = np.array(groups)
    sides = (scores[known], group_of[known]), (scores[~known], group_of[~known])
    ahead = _ahead(scores[known], scores[~known]), 1 - _ahead(scores[~known], scores[known])
    m, n = (_effective(own, group) for own, (_, group) in zip(ahead, sides, strict=True))
    observed, middle = float(ahead[0].mean()), (m + n) / 2

    def distance(area: float) -> float:
        """Return the number of standard errors from a candidate area to the observed one, if it were true."""
        ties = (3 * middle - 3) / ((2 - area) * (1 + area))
        variance = area * (1 - area) * (2 * middle - 1 - ties) / (m * n)
        difference = observed - area
        return difference / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, difference)

    return invert_test(distance, observed, (0.0, 1.0), t_quantile(level, len(np.unique(group_of)) - 1))


def _ahead(scores: Scores, others: Scores) -> NDArray[np.float64]:
    """Return, for each score (N,), the share of the other scores that it exceeds; ties count half."""
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    shares: NDArray[np.float64] = (below + up_to) / (2 * len(others))
    return shares


def _effective(ahead: NDArray[np.float64], groups: NDArray[np.str_]) -> float:
    """Return the effective number of clips. Only groups with misranked clips inform their correlation."""
    number, clips = group_numbers(len(ahead), groups), len(ahead)
    varied = min(len(np.unique(number[ahead < 1])), len(np.unique(number[ahead > 0])))
    return effective_clips(ahead, number, np.full(clips, 1 / clips), varied)
