"""Jackknife intervals of means and other statistics of clips, leaving out one source video at a time.

For scores that are not shares of right answers: mean errors, mean intersection over union, mean average
precision. The intervals of shares of right answers are in `intervals`. Shapes: N clips, G groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.intervals import (
    LEVEL,
    PRIOR,
    Groups,
    Interval,
    crossing,
    group_numbers,
    t_quantile,
    tango_interval,
    too_few,
    two_sided_p,
    wilson_interval,
)

HIGH_SHARE = 0.95
"""A share above this, or below 1 minus this, has an interval at least as wide as Wilson's."""
GREATEST_T = 100.0
"""A difference that is further from 0, in standard errors, has the p-value of this distance."""

Values = NDArray[np.float64]


def mean_interval(
    values: Values,
    groups: Groups | Sequence[str] | None = None,
    *,
    share: bool = False,
    level: float = LEVEL,
) -> Interval | None:
    """Return the interval of the mean of values (N,), or of paired differences; None for too few clips.

    With `share`, values are from 0 to 1 and so are the bounds.
    """
    number = group_numbers(len(values), groups)
    if too_few(number):
        return None
    clips, sums = np.bincount(number), np.bincount(number, values)
    without = (values.sum() - sums) / (len(values) - clips)
    mean = float(values.mean())
    if share:
        return jackknife_share_interval(mean, without, effective_count(number), level=level)
    return value_interval(mean, without, level=level)


def statistic_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    groups: Groups | Sequence[str],
    *,
    level: float = LEVEL,
) -> Interval | None:
    """Return the interval of a statistic from 0 to 1, which is computed from the indices of the clips to use.

    None for too few clips.
    """
    number = group_numbers(len(groups), np.asarray(groups))
    if too_few(number):
        return None
    clips = np.arange(len(number))
    without = np.array([statistic(clips[number != group]) for group in range(int(number.max()) + 1)])
    return jackknife_share_interval(statistic(clips), without, effective_count(number), level=level)


def value_interval(observed: float, without: Values, *, level: float = LEVEL) -> Interval:
    """Return the interval of an observed value, from its values without each of the groups (G,).

    It is longer on the side to which the groups are skewed, with the correction of Johnson's t (JASA 73,
    1978).
    """
    return _value_interval(observed, without, t_quantile(level, len(without) - 1))


def _value_interval(observed: float, without: Values, t: float) -> Interval:
    error = standard_error(without)
    shift = error * skewness(without.mean() - without) / math.sqrt(len(without)) * (1 / 6 + t * t / 3)
    return observed - t * error + min(shift, 0.0), observed + t * error + max(shift, 0.0)


def jackknife_share_interval(
    observed: float, without: Values, clips: float, *, level: float = LEVEL
) -> Interval:
    """Return the interval of a share, on the logit scale, from its values without each of the groups (G,).

    `clips` is the effective number of clips. Near 0 and 1, where few clips reveal how much the share varies,
    it is extended to include Wilson's interval for that number of clips.
    """
    t, nearest = t_quantile(level, len(without) - 1), 0.5 / (clips + 1)

    def logit(shares: Values) -> Values:
        inside = np.clip(shares, nearest, 1 - nearest)
        scaled: Values = np.log(inside / (1 - inside))
        return scaled

    middle, half = float(logit(np.array(observed))), t * standard_error(logit(without))
    low, high = (1 / (1 + math.exp(-end)) for end in (middle - half, middle + half))
    if 1 - HIGH_SHARE <= observed <= HIGH_SHARE:
        return low, high
    wilson = wilson_interval(observed, clips, t)
    return min(low, wilson[0], observed), max(high, wilson[1], observed)


def difference_interval(observed: float, without: Values, clips: float, *, level: float = LEVEL) -> Interval:
    """Return the interval of a difference of shares, at least as wide as if no answer of the clips had
    changed.
    """
    return _difference_interval(observed, without, clips, t_quantile(level, len(without) - 1))


def _difference_interval(observed: float, without: Values, clips: float, t: float) -> Interval:
    low, high = _value_interval(observed, without, t)
    least = tango_interval(0.0, 0.0, clips, t)
    return max(min(low, observed + least[0]), -1.0), min(max(high, observed + least[1]), 1.0)


def difference_p(observed: float, without: Values, clips: float) -> float:
    """Return the p-value of no difference of shares, two-sided: `difference_interval` of level 1 − p just
    reaches 0.
    """

    def excludes_zero(t: float) -> bool:
        low, high = _difference_interval(observed, without, clips, t)
        return low > 0 or high < 0

    return two_sided_p(crossing(excludes_zero, 0.0, GREATEST_T), len(without) - 1)


def standard_error(without: Values) -> float:
    """Return the jackknife standard error of a statistic, from its values without each of the groups (G,)."""
    return math.sqrt((len(without) - 1) * float(without.var()))


def skewness(values: Values) -> float:
    """Return the standardised third central moment of values, or 0 if they are all the same."""
    deviations = values - values.mean()
    spread = math.sqrt(float((deviations**2).mean()))
    return float((deviations**3).mean()) / spread**3 if spread > 0 else 0.0


def effective_count(number: NDArray[np.int64], counts: Values | None = None) -> float:
    """Return the effective number of clips, or of what `counts` counts in each, at the prior correlation."""
    group_counts = np.bincount(number, counts)
    total = float(group_counts.sum())
    clip_counts = np.ones(len(number)) if counts is None else counts
    size = float(group_counts @ group_counts) / float(clip_counts @ clip_counts)
    return total / (1 + max(size - 1, 0.0) * PRIOR)
