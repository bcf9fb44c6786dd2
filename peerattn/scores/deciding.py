"""What a labelled set can decide, before anything is measured on it: which losses it finds, how sure it is.

From how many clips it has, of which source videos, and how alike the clips of one are. Shapes: G groups.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.evaluation import Evaluation
from peerattn.scores.intervals import (
    LEVEL,
    clips_of,
    drawn_to_prior,
    likeness,
    numbered,
    quantile,
    tango_interval,
    too_few,
    wilson_interval,
)
from peerattn.scores.labels import LabelsEvaluation

LIKENESSES: tuple[float, ...] = (0.0, 0.2, 0.5)
"""How alike clips of one video are in whether an answer changes: of real clips, 0.2 to 0.5."""
GAINED = 0.01
"""The share of clips that are gained beside those that are lost."""
LOST = 0.03
"""The share of clips lost of which the width of a difference is told."""
ACCURACY = 0.8
"""The accuracy of which the width is told."""
POWER = 0.9


@dataclass(frozen=True)
class Decision:
    """What a set can decide if the clips of a video are so alike (0: not at all, 1: wholly).

    `loss` is the smallest true loss that is found in 90 % of the time, with 1 % gained beside it; None where
    not even half of all clips lost would be. `width` is that of the interval of a difference, 3 % lost and
    1 % gained; `accuracy_width` that of an accuracy of 80 %. So many `clips_for_half`, in as large videos,
    halve `width`.
    """

    likeness: float
    loss: float | None
    width: float
    accuracy_width: float
    clips_for_half: int


@dataclass(frozen=True)
class Deciding:
    """What a set of clips can decide, for each likeness; `remark` says if it is too small for any of it."""

    clips: str
    remark: str
    decisions: tuple[Decision, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "clips": self.clips,
            **({"remark": self.remark} if self.remark else {}),
            "decisions": [vars(one) for one in self.decisions],
        }


def what_it_decides(groups: Sequence[str], likenesses: Sequence[float] = LIKENESSES) -> Deciding:
    """What clips of these source videos can decide; where each clip is its own, likeness plays no part."""
    sizes = np.unique(np.array(groups), return_counts=True)[1] if len(groups) else np.zeros(0, int)
    if remark := too_few(groups):
        return Deciding(clips_of(groups), remark, ())
    asked = likenesses if (sizes > 1).any() else (0.0,)
    return Deciding(clips_of(groups), "", tuple(_decision(sizes, one) for one in asked))


def alike(evaluation: Evaluation | LabelsEvaluation) -> float | None:
    """How alike clips of one video are in whether they are right; None where that cannot be told."""
    if isinstance(evaluation, LabelsEvaluation) or len(set(evaluation.groups)) in (1, evaluation.n):
        return None
    number = numbered(evaluation.n, evaluation.groups)
    return likeness(evaluation.correct.astype(float), number)


def _decision(sizes: NDArray[np.int64], likeness: float) -> Decision:
    width = _width(sizes, likeness)
    least, most = 1.0, 2.0  # times as many videos
    while _width(sizes, likeness, times=most) > width / 2:
        least, most = most, 2 * most
    for _ in range(8):
        middle = (least + most) / 2
        least, most = (middle, most) if _width(sizes, likeness, times=middle) > width / 2 else (least, middle)
    clips = int(sizes.sum())
    effective = _effective(sizes, likeness, 2 * ACCURACY * (1 - ACCURACY))
    low, high = wilson_interval(ACCURACY, effective, quantile(LEVEL, len(sizes) - 1))
    return Decision(likeness, _loss(sizes, likeness), width, high - low, math.ceil(most * clips))


def _width(sizes: NDArray[np.int64], likeness: float, *, times: float = 1) -> float:
    """Of the interval of a difference, with so many times the videos."""
    clips = times * _effective(sizes, likeness, LOST + GAINED, times=times)
    t = quantile(LEVEL, max(round(times * len(sizes)) - 1, 1))
    low, high = tango_interval(GAINED * clips, LOST * clips, clips, t)
    return high - low


def _effective(sizes: NDArray[np.int64], likeness: float, varied: float, *, times: float = 1) -> float:
    """How many independent clips these tell as much as, if this share of them varies.

    That is the number that `intervals.effective_clips` is to expect: the likeness found, drawn to its prior.
    """
    apart = sizes / (1 + (sizes - 1) * likeness)
    groups = times * float((1 - (1 - varied) ** apart).sum())
    return float(sizes.sum()) / _fewer(sizes, drawn_to_prior(likeness, groups))


def _fewer(sizes: NDArray[np.int64], alike: float) -> float:
    """How many clips of these videos tell as much as one independent clip."""
    return 1 + (float(sizes @ sizes) / float(sizes.sum()) - 1) * alike


def _loss(sizes: NDArray[np.int64], likeness: float) -> float | None:
    """The smallest loss that is found in 90 % of the time, to a tenth of a point."""
    if found_in(sizes, likeness, 0.5) < POWER:
        return None
    least, most = 0, 500  # thousandths
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if found_in(sizes, likeness, middle / 1000) >= POWER else (middle, most)
    return most / 1000


def found_in(sizes: NDArray[np.int64], likeness: float, loss: float) -> float:
    """How often such a loss is found, `GAINED` being gained beside it; `sizes` (G,) are clips a video."""
    lost, gained = loss + GAINED, GAINED
    clips = max(round(float(sizes.sum()) / _fewer(sizes, likeness)), 1)
    effective = _effective(sizes, likeness, lost + gained)
    t = quantile(LEVEL, len(sizes) - 1)
    counts = (_likely(clips * share, clips) for share in (lost, gained))
    losses, gains = np.meshgrid(*counts, indexing="ij")
    rest = clips - losses - gains
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, clips + 1)))])  # of factorials
    likely = np.where(
        rest >= 0,
        np.exp(
            logs[clips]
            - logs[losses]
            - logs[gains]
            - logs[np.maximum(rest, 0)]
            + losses * math.log(lost)
            + gains * math.log(gained)
            + rest * math.log(1 - lost - gained)
        ),
        0.0,
    )
    # The score test of no difference: its variance is that of the clips that changed.
    found = (losses > gains) & ((losses - gains) ** 2 * effective > t * t * (losses + gains) * clips)
    return float(likely[found].sum())


def _likely(mean: float, clips: int) -> NDArray[np.int64]:
    """Counts within 6 standard deviations."""
    reach = 6 * math.sqrt(mean) + 6
    return np.arange(max(int(mean - reach), 0), min(int(mean + reach), clips) + 1)
