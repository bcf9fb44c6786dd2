"""Intervals of means and of other statistics of clips, by leaving out one source video after the other.

For scores that are no shares of right answers: a mean of errors, of intersections over union, a mean average
precision. Shares of right answers have intervals of their own in `intervals`. Shapes: N clips, G groups.
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
    numbered,
    quantile,
    tango_interval,
    too_few,
    wilson_interval,
)

HIGH = 0.95
"""Shares from here on, or under what they lack of 1, have an interval as wide at least as Wilson's."""

Values = NDArray[np.float64]


def mean_interval(
    values: Values,
    groups: Groups | Sequence[str] | None = None,
    *,
    share: bool = False,
    level: float = LEVEL,
) -> Interval | None:
    """The interval of the mean of values (N,), or of paired differences of them; None for too few clips.

    For `share`s of 0 to 1 it stays between these.
    """
    number = numbered(len(values), groups)
    if too_few(number):
        return None
    clips, sums = np.bincount(number), np.bincount(number, values)
    without = (values.sum() - sums) / (len(values) - clips)
    found = float(values.mean())
    if share:
        return of_share(found, without, effective_count(number), level=level)
    return of_value(found, without, level=level)


def statistic_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    groups: Groups | Sequence[str],
    *,
    level: float = LEVEL,
) -> Interval | None:
    """The interval of any share of 0 to 1 that clips, given by their numbers, have together.

    None for too few clips.
    """
    number = numbered(len(groups), np.asarray(groups))
    if too_few(number):
        return None
    clips = np.arange(len(number))
    without = np.array([statistic(clips[number != group]) for group in range(int(number.max()) + 1)])
    return of_share(statistic(clips), without, effective_count(number), level=level)


def of_value(found: float, without: Values, *, level: float = LEVEL) -> Interval:
    """The interval of what was found, given what is found without each of the groups (G,).

    It is longer on the side to which groups are skewed, as if t were Johnson's (JASA 73, 1978) there.
    """
    t, error = quantile(level, len(without) - 1), standard_error(without)
    lean = error * skewness(without.mean() - without) / math.sqrt(len(without)) * (1 / 6 + t * t / 3)
    return found - t * error + min(lean, 0.0), found + t * error + max(lean, 0.0)


def of_share(found: float, without: Values, clips: float, *, level: float = LEVEL) -> Interval:
    """The same of a share of 0 to 1, on the logit scale; `clips` is the effective number of clips behind it.

    Near 0 and 1, where few clips tell how much it varies, Wilson's interval of as many clips is joined to it.
    """
    t, nearest = quantile(level, len(without) - 1), 0.5 / (clips + 1)

    def logit(shares: Values) -> Values:
        inside = np.clip(shares, nearest, 1 - nearest)
        scaled: Values = np.log(inside / (1 - inside))
        return scaled

    middle, half = float(logit(np.array(found))), t * standard_error(logit(without))
    low, high = (1 / (1 + math.exp(-end)) for end in (middle - half, middle + half))
    if 1 - HIGH <= found <= HIGH:
        return low, high
    others = wilson_interval(found, clips, t)
    return min(low, others[0], found), max(high, others[1], found)


def of_difference(found: float, without: Values, clips: float, *, level: float = LEVEL) -> Interval:
    """The interval of a difference of shares: never narrower than where no answer of the `clips` changed."""
    low, high = of_value(found, without, level=level)
    least = tango_interval(0.0, 0.0, clips, quantile(level, len(without) - 1))
    return max(min(low, found + least[0]), -1.0), min(max(high, found + least[1]), 1.0)


def standard_error(without: Values) -> float:
    """Of a statistic, by the jackknife: from what it is without each of the groups (G,)."""
    return math.sqrt((len(without) - 1) * float(without.var()))


def skewness(values: Values) -> float:
    """The third moment of values about their mean, in standard deviations; 0 where they are all the same."""
    apart = values - values.mean()
    deviation = math.sqrt(float((apart**2).mean()))
    return float((apart**3).mean()) / deviation**3 if deviation > 0 else 0.0


def effective_count(number: NDArray[np.int64], counts: Values | None = None) -> float:
    """How many independent clips (or what is counted of each) tell as much, if a group's are half alike."""
    of_group = np.bincount(number, counts)
    total = float(of_group.sum())
    singly = np.ones(len(number)) if counts is None else counts
    size = float(of_group @ of_group) / float(singly @ singly)
    return total / (1 + max(size - 1, 0.0) * PRIOR)
