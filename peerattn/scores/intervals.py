"""Score intervals of shares and of their paired differences, on effective numbers of clips.

Clips of one source video tend to succeed and fail together, so they count as fewer. Their correlation is
estimated from the groups in which something differs and shrunk towards a prior of 0.5; without such groups
the prior is used alone. The intervals invert a test of the share or difference itself (Wilson 1927; Tango,
Statistics in Medicine 17, 1998), so they have a width even if no answer changed. Shapes: N clips.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError

LEVEL = 0.95
METHOD = "score"
"""Stored as `interval_method` with this package's intervals; intervals without it were bootstrapped."""
PRIOR, PRIOR_GROUPS = 0.5, 2
"""The prior correlation of clips of one group, and its weight as a number of groups in which something
differs.
"""
BISECTION_STEPS = 44
"""Number of bisections when searching for a bound; gives 13 digits of a share."""

Interval = tuple[float, float]
Hits = NDArray[np.bool_]
Groups = NDArray[np.str_] | NDArray[np.int64]
Weights = NDArray[np.float64]


class MinimumSize(NamedTuple):
    """The least numbers of clips and groups for which an interval is given."""

    clips: int
    groups: int


MIN_SET_SIZE, MIN_CLASS_SIZE = MinimumSize(20, 10), MinimumSize(5, 3)


def too_few(groups: Sequence[str] | Groups, least: MinimumSize = MIN_SET_SIZE) -> str:
    """Say why clips of these groups (N,) have no interval; empty if there are enough."""
    return _too_few(group_numbers(len(groups), groups), least)


def describe_clips(groups: Sequence[str] | Groups) -> str:
    """Return the number of clips, and of their source videos, in words."""
    n, count = len(groups), len(np.unique(np.asarray(groups)))
    return (
        f"{n} clips, each counted as a separate source video"
        if count == n
        else f"{n} clips of {count} source videos"
    )


def interval_json(name: str, interval: Interval | None, remark: str) -> dict[str, Any]:
    """Return {name: interval}; if there is none, null and the reason as `NAME_remark`."""
    return {name: list(interval)} if interval else {name: None, f"{name}_remark": remark}


def share_interval(
    hits: Hits,
    groups: Groups | None = None,
    weights: Weights | None = None,
    *,
    level: float = LEVEL,
    least: MinimumSize = MIN_SET_SIZE,
) -> Interval | None:
    """Return the interval of the share of hits (N,); without `groups` (N,) each clip is its own group.

    `weights` (N,) sum to 1; without them all clips count equally. None for fewer clips or groups than
    `least`.
    """
    number, weights = group_numbers(len(hits), groups), _weights(hits, weights)
    if _too_few(number, least):
        return None
    mixed = min(_count_groups(number, hits), _count_groups(number, ~hits))
    effective = effective_clips(hits.astype(float), number, weights, mixed)
    last = int(number.max())
    z = NormalDist().inv_cdf((1 + level) / 2) if last + 1 == len(hits) else t_quantile(level, last)
    share = float(weights[hits].sum() / weights.sum())  # exactly 1 if all are hits
    return wilson_interval(share, effective, z)


def paired_interval(
    before: Hits,
    after: Hits,
    groups: Groups | None = None,
    weights: Weights | None = None,
    *,
    level: float = LEVEL,
) -> Interval | None:
    """Return the interval of the share of hits after (N,) minus that before (N,), on the same clips.

    `groups` and `weights` are as in `share_interval`. None for fewer than 20 clips or 10 groups. Raises
    PeerattnError if the numbers of clips differ.
    """
    pairs = _changed_pairs(before, after, groups, weights)
    if pairs is None:
        return None
    return tango_interval(pairs.gained, pairs.lost, pairs.clips, t_quantile(level, pairs.freedom))


def paired_p(
    before: Hits, after: Hits, groups: Groups | None = None, weights: Weights | None = None
) -> float | None:
    """Return the p-value of no difference between the shares of hits before and after (N,), two-sided.

    It is that of the test which `paired_interval` inverts: the interval of level 1 − p just reaches 0. It is
    1 if no answer changed. None and errors as for `paired_interval`.
    """
    pairs = _changed_pairs(before, after, groups, weights)
    if pairs is None:
        return None
    changed = pairs.gained + pairs.lost  # also the variance of their difference if there is no true one
    return two_sided_p((pairs.gained - pairs.lost) / math.sqrt(changed), pairs.freedom) if changed else 1.0


class _ChangedPairs(NamedTuple):
    """Effective numbers of clips that were gained and lost, of all clips, and the degrees of freedom."""

    gained: float
    lost: float
    clips: float
    freedom: int


def _changed_pairs(
    before: Hits, after: Hits, groups: Groups | None, weights: Weights | None
) -> _ChangedPairs | None:
    if before.shape != after.shape:
        raise PeerattnError(
            f"{len(before)} clips before and {len(after)} after cannot be paired: use the same clips"
        )
    number, weights = group_numbers(len(before), groups), _weights(before, weights)
    if _too_few(number, MIN_SET_SIZE):
        return None
    change = after.astype(float) - before.astype(float)
    effective = effective_clips(change, number, weights, _count_groups(number, change != 0))
    gained, lost = float(weights @ (change > 0)), float(weights @ (change < 0))
    return _ChangedPairs(gained * effective, lost * effective, effective, int(number.max()))


def effective_clips(values: Weights, number: NDArray[np.int64], weights: Weights, varied: int) -> float:
    """Return the number of independent clips that carry as much information as these.

    `number` (N,) is each clip's group, counted from 0; `varied` is the number of groups in which values
    differ and which therefore inform the correlation of clips.
    """
    group_weights = np.bincount(number, weights)
    size = float(group_weights @ group_weights / (weights @ weights))  # 1 if each clip is its own group
    correlation = shrink_to_prior(intraclass_correlation(values, number), varied)
    return float(1 / (weights @ weights) / (1 + (size - 1) * correlation))


def shrink_to_prior(correlation: float, varied: float) -> float:
    """Shrink a correlation, estimated from `varied` groups in which something differs, towards its prior."""
    return (varied * correlation + PRIOR_GROUPS * PRIOR) / (varied + PRIOR_GROUPS)


def intraclass_correlation(values: Weights, number: NDArray[np.int64]) -> float:
    """Return the intraclass correlation of values (N,), by analysis of variance, clipped to 0 to 1."""
    sizes = np.bincount(number)
    clips, groups = len(values), len(sizes)
    if groups == clips or groups < 2:
        return 0.0
    means = np.bincount(number, values) / sizes
    between = float(sizes @ (means - values.mean()) ** 2) / (groups - 1)
    within = float(((values - means[number]) ** 2).sum()) / (clips - groups)
    typical = (clips - float(sizes @ sizes) / clips) / (groups - 1)
    spread = between + (typical - 1) * within
    return min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 0.0


def wilson_interval(share: float, clips: float, z: float) -> Interval:
    """Return Wilson's score interval of a share of `clips`, `z` standard errors to each side."""
    middle = (share + z * z / (2 * clips)) / (1 + z * z / clips)
    half = z * math.sqrt(share * (1 - share) / clips + z * z / (4 * clips**2)) / (1 + z * z / clips)
    return max(min(middle - half, share), 0.0), min(
        max(middle + half, share), 1.0
    )  # min and max guard against rounding


def tango_interval(gained: float, lost: float, clips: float, z: float) -> Interval:
    """Return Tango's score interval of (gained - lost) / clips; the counts of pairs need not be whole
    numbers.
    """

    def distance(difference: float) -> float:
        """Return the number of standard errors from `difference` to the observed one, if it were true."""
        b = -gained - lost + (2 * clips - gained + lost) * difference
        root = math.sqrt(max(b * b + 8 * clips * lost * difference * (1 - difference), 0.0))
        lost_share = (root - b) / (4 * clips)  # maximum likelihood estimate under this difference
        variance = clips * (2 * lost_share + difference * (1 - difference))
        deviation = gained - lost - clips * difference
        return deviation / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, deviation)

    return invert_test(distance, (gained - lost) / clips, (-1.0, 1.0), z)


def invert_test(distance: Callable[[float], float], observed: float, bounds: Interval, z: float) -> Interval:
    """Return the interval of values from which the observed one is at most `z` standard errors away.

    `distance`, in standard errors, decreases with the value.
    """
    low = crossing(lambda value: distance(value) > z, bounds[0], observed)
    high = crossing(lambda value: distance(value) >= -z, observed, bounds[1])
    return low, high


def crossing(before: Callable[[float], bool], low: float, high: float) -> float:
    """Return the point at which `before` changes from true to false, by bisection."""
    for _ in range(BISECTION_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if before(middle) else (low, middle)
    return (low + high) / 2


@cache
def t_quantile(level: float, freedom: int) -> float:
    """Return the t with P(|T| ≤ t) = level, for Student's distribution with `freedom` degrees."""
    return crossing(lambda t: _student_probability(t, max(freedom, 1)) < level, 0.0, 1000.0)


def two_sided_p(distance: float, freedom: int) -> float:
    """Return P(|T| ≥ |distance|) for Student's distribution with `freedom` degrees."""
    return max(1 - _student_probability(abs(distance), max(freedom, 1)), 0.0)


def _student_probability(t: float, freedom: int) -> float:
    """Return P(|T| ≤ t) for Student's distribution (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    steps = np.arange(2 + odd, freedom - 1 + odd, 2)  # denominators of the factors
    factors = np.concatenate([[1.0], (steps - 1.0) / steps]) if freedom > 1 + odd else np.zeros(0)
    powers = math.cos(angle) ** (2.0 * np.arange(len(factors)) + odd)
    total = math.sin(angle) * float(np.cumprod(factors) @ powers)
    return 2 / math.pi * (angle + total) if odd else total


def group_numbers(clips: int, groups: Groups | Sequence[str] | None) -> NDArray[np.int64]:
    """Return the number of each clip's group (N,), from 0; without groups each clip is its own group."""
    if groups is None:
        return np.arange(clips)
    number: NDArray[np.int64] = np.unique(groups, return_inverse=True)[1]
    return number


def _too_few(number: NDArray[np.int64], least: MinimumSize) -> str:
    clips, count = len(number), len(np.bincount(number))
    if count < min(clips, least.groups):
        return f"too few source videos ({count}, at least {least.groups} needed)"
    return f"too few clips ({clips}, at least {least.clips} needed)" if clips < least.clips else ""


def _weights(clips: Hits, weights: Weights | None) -> Weights:
    return np.full(len(clips), 1 / max(len(clips), 1)) if weights is None else weights


def _count_groups(number: NDArray[np.int64], which: NDArray[np.bool_]) -> int:
    """Return the number of groups with at least one of the clips in the mask `which`."""
    return int(np.count_nonzero(np.bincount(number[which])))
