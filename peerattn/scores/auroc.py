"""How well scores tell clips of known classes from others: the area under the ROC curve and its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.scores.intervals import (
    LEVEL,
    OF_A_CLASS,
    Interval,
    effective_clips,
    numbered,
    quantile,
    too_few,
    within,
)

Scores = NDArray[Any]


def auroc(known: Scores, unknown: Scores) -> float:
    """The share of pairs in which the known clip's score is the greater, ties counting half."""
    if not len(known) or not len(unknown):
        raise PeerattnError("this needs clips of known classes and clips of others: give both")
    return float(_ahead(known, unknown).mean())


def auroc_remark(known: NDArray[np.bool_], groups: Sequence[str]) -> str:
    """Why the area under the ROC curve has no interval, in words; nothing where it has one."""
    of = np.array(groups)
    sides = (("known classes", of[known]), ("other classes", of[~known]))
    few = [f"{why} of {side}" for side, own in sides if (why := too_few(own, OF_A_CLASS))]
    return too_few(of) or ", ".join(few)


def auroc_interval(
    scores: Scores, known: NDArray[np.bool_], groups: Sequence[str], *, level: float = LEVEL
) -> Interval | None:
    """The score interval of the area: scores (N,) of clips that are of `known` classes (N,) or not.

    Hanley and McNeil's variance at the area that is tried (Newcombe, Statistics in Medicine 25, 2006, method
    5), on effective numbers of known and of unknown clips. None where either are too few.
    """
    if auroc_remark(known, groups):
        return None
    of = np.array(groups)
    sides = (scores[known], of[known]), (scores[~known], of[~known])
    ahead = _ahead(scores[known], scores[~known]), 1 - _ahead(scores[~known], scores[known])
    m, n = (_effective(own, group) for own, (_, group) in zip(ahead, sides, strict=True))
    found, middle = float(ahead[0].mean()), (m + n) / 2

    def distance(area: float) -> float:
        """Standard errors from an area to the one that was found, were it the true one."""
        ties = (3 * middle - 3) / ((2 - area) * (1 + area))
        variance = area * (1 - area) * (2 * middle - 1 - ties) / (m * n)
        apart = found - area
        return apart / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, apart)

    return within(distance, found, (0.0, 1.0), quantile(level, len(np.unique(of)) - 1))


def _ahead(scores: Scores, others: Scores) -> NDArray[np.float64]:
    """(N,) the share of the others that each score is ahead of, ties counting half."""
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    shares: NDArray[np.float64] = (below + up_to) / (2 * len(others))
    return shares


def _effective(ahead: NDArray[np.float64], groups: NDArray[np.str_]) -> float:
    """How many independent clips tell as much; only groups in which something is misplaced tell how alike."""
    number, clips = numbered(len(ahead), groups), len(ahead)
    varied = min(len(np.unique(number[ahead < 1])), len(np.unique(number[ahead > 0])))
    return effective_clips(ahead, number, np.full(clips, 1 / clips), varied)
