"""Power analysis of a labelled set: which losses of accuracy it can detect, and how wide its intervals will
be.

It depends on the number of clips, their source videos, and the correlation (`likeness`) between clips of one
video; nothing has to be measured on the set. Shapes: G groups (source videos).
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
    describe_clips,
    group_numbers,
    intraclass_correlation,
    shrink_to_prior,
    t_quantile,
    tango_interval,
    too_few,
    wilson_interval,
)
from peerattn.scores.labels import LabelsEvaluation

CORRELATIONS: tuple[float, ...] = (0.0, 0.2, 0.5)
"""Correlations between clips of one video in whether an answer changes; 0.2 to 0.5 for real clips."""
GAINED = 0.01
"""The assumed share of clips that become right, in addition to those that become wrong."""
LOST = 0.03
"""The share of clips that become wrong for which the width of a difference's interval is given."""
ACCURACY = 0.8
"""The accuracy for which the width of its interval is given."""
POWER = 0.9
"""The probability with which the smallest detectable loss is detected."""


@dataclass(frozen=True)
class Decision:
    """What a set can detect if clips of one video correlate by `likeness` (0: independent, 1: identical).

    `loss` is the smallest true loss that is detected 90 % of the time if 1 % of the clips are gained as well;
    None if not even losing half of all clips would be. `width` is the width of the interval of a difference
    with 3 % lost and 1 % gained, and `accuracy_width` that of an accuracy of 80 %. `clips_for_half` is the
    number of clips, in videos of the same size, that would halve `width`.
    """

    likeness: float
    loss: float | None
    width: float
    accuracy_width: float
    clips_for_half: int


@dataclass(frozen=True)
class DetectableDifferences:
    """What a set of clips can detect, for each correlation; `remark` says so if the set is too small."""

    clips: str
    remark: str
    decisions: tuple[Decision, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "clips": self.clips,
            **({"remark": self.remark} if self.remark else {}),
            "decisions": [vars(one) for one in self.decisions],
        }


def detectable_differences(
    groups: Sequence[str], likenesses: Sequence[float] = CORRELATIONS
) -> DetectableDifferences:
    """Return what clips of these source videos can detect; correlations do not matter with one clip per
    video.
    """
    sizes = np.unique(np.array(groups), return_counts=True)[1] if len(groups) else np.zeros(0, int)
    if remark := too_few(groups):
        return DetectableDifferences(describe_clips(groups), remark, ())
    relevant = likenesses if (sizes > 1).any() else (0.0,)
    return DetectableDifferences(describe_clips(groups), "", tuple(_decision(sizes, one) for one in relevant))


def measured_correlation(evaluation: Evaluation | LabelsEvaluation) -> float | None:
    """Return the correlation between clips of one video in being right; None if it cannot be estimated."""
    if isinstance(evaluation, LabelsEvaluation) or len(set(evaluation.groups)) in (1, evaluation.n):
        return None
    number = group_numbers(evaluation.n, evaluation.groups)
    return intraclass_correlation(evaluation.correct.astype(float), number)


def _decision(sizes: NDArray[np.int64], likeness: float) -> Decision:
    width = _width(sizes, likeness)
    least, most = 1.0, 2.0  # factors by which the number of videos grows
    while _width(sizes, likeness, times=most) > width / 2:
        least, most = most, 2 * most
    for _ in range(8):
        middle = (least + most) / 2
        least, most = (middle, most) if _width(sizes, likeness, times=middle) > width / 2 else (least, middle)
    clips = int(sizes.sum())
    effective = _effective(sizes, likeness, 2 * ACCURACY * (1 - ACCURACY))
    low, high = wilson_interval(ACCURACY, effective, t_quantile(LEVEL, len(sizes) - 1))
    return Decision(likeness, _loss(sizes, likeness), width, high - low, math.ceil(most * clips))


def _width(sizes: NDArray[np.int64], likeness: float, *, times: float = 1) -> float:
    """Return the width of the interval of a difference, with `times` as many videos."""
    clips = times * _effective(sizes, likeness, LOST + GAINED, times=times)
    t = t_quantile(LEVEL, max(round(times * len(sizes)) - 1, 1))
    low, high = tango_interval(GAINED * clips, LOST * clips, clips, t)
    return high - low


def _effective(sizes: NDArray[np.int64], likeness: float, varied: float, *, times: float = 1) -> float:
    """Return the effective number of clips if the answers of a share `varied` of them change.

    It is what `intervals.effective_clips` should yield: with this correlation, shrunk towards its prior.
    """
    independent = sizes / (1 + (sizes - 1) * likeness)
    groups = times * float((1 - (1 - varied) ** independent).sum())
    return float(sizes.sum()) / _design_effect(sizes, shrink_to_prior(likeness, groups))


def _design_effect(sizes: NDArray[np.int64], correlation: float) -> float:
    """Return how many clips of these videos carry as much information as one independent clip."""
    return 1 + (float(sizes @ sizes) / float(sizes.sum()) - 1) * correlation


def _loss(sizes: NDArray[np.int64], likeness: float) -> float | None:
    """Return the smallest loss that is detected 90 % of the time, to a tenth of a point."""
    if detection_probability(sizes, likeness, 0.5) < POWER:
        return None
    least, most = 0, 500  # thousandths
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (
            (least, middle)
            if detection_probability(sizes, likeness, middle / 1000) >= POWER
            else (middle, most)
        )
    return most / 1000


def detection_probability(sizes: NDArray[np.int64], likeness: float, loss: float) -> float:
    """Return the probability of detecting a net loss, if `GAINED` of the clips become right as well.

    `sizes` (G,) are the numbers of clips per video.
    """
    lost, gained = loss + GAINED, GAINED
    clips = max(round(float(sizes.sum()) / _design_effect(sizes, likeness)), 1)
    effective = _effective(sizes, likeness, lost + gained)
    t = t_quantile(LEVEL, len(sizes) - 1)
    counts = (_likely_counts(clips * share, clips) for share in (lost, gained))
    losses, gains = np.meshgrid(*counts, indexing="ij")
    unchanged = clips - losses - gains
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, clips + 1)))])
    probability = np.where(
        unchanged >= 0,
        np.exp(
            log_factorials[clips]
            - log_factorials[losses]
            - log_factorials[gains]
            - log_factorials[np.maximum(unchanged, 0)]
            + losses * math.log(lost)
            + gains * math.log(gained)
            + unchanged * math.log(1 - lost - gained)
        ),
        0.0,
    )
    # The score test of no difference, whose variance comes from the clips that changed.
    detected = (losses > gains) & ((losses - gains) ** 2 * effective > t * t * (losses + gains) * clips)
    return float(probability[detected].sum())


def _likely_counts(mean: float, clips: int) -> NDArray[np.int64]:
    """Return the counts within 6 standard deviations of the mean."""
    reach = 6 * math.sqrt(mean) + 6
    return np.arange(max(int(mean - reach), 0), min(int(mean + reach), clips) + 1)
