"""Score intervals of shares and of their paired differences, on effective numbers of clips.

Clips of one source video succeed and fail together, so they count as fewer: how alike they are is estimated
from the groups in which something differs, and drawn towards a prior of a half, which alone decides where
none does. The intervals invert a test of the share or difference itself (Wilson 1927; Tango, Statistics in
Medicine 17, 1998), so they have a width also where no answer changed. Shapes: N clips.
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
from peerattn.moved import moved

__getattr__ = moved(__name__)

LEVEL = 0.95
METHOD = "score"
"""Stands as `interval_method` beside intervals of this package; those that lack it were bootstrapped."""
PRIOR, PRIOR_GROUPS = 0.5, 2
"""The likeness of clips of one group, and as how many groups in which something differs it counts."""
STEPS = 44
"""Halvings of an interval in which a bound is looked for: 13 digits of a share."""

Interval = tuple[float, float]
Hits = NDArray[np.bool_]
Groups = NDArray[np.str_] | NDArray[np.int64]
Weights = NDArray[np.float64]


class Least(NamedTuple):
    """How many clips and groups an interval needs."""

    clips: int
    groups: int


OF_A_SET, OF_A_CLASS = Least(20, 10), Least(5, 3)


def too_few(groups: Sequence[str] | Groups, least: Least = OF_A_SET) -> str:
    """Why clips of these groups (N,) have no interval, in words; nothing where there are enough."""
    return _too_few(numbered(len(groups), groups), least)


def clips_of(groups: Sequence[str] | Groups) -> str:
    """How many clips of how many source videos, in words."""
    n, count = len(groups), len(np.unique(np.asarray(groups)))
    return f"{n} clips, each counted as its own" if count == n else f"{n} clips of {count} source videos"


def interval_json(name: str, interval: Interval | None, remark: str) -> dict[str, Any]:
    """The interval under its name; where there is none, null and beside it why, as `NAME_remark`."""
    return {name: list(interval)} if interval else {name: None, f"{name}_remark": remark}


def share_interval(
    hits: Hits,
    groups: Groups | None = None,
    weights: Weights | None = None,
    *,
    level: float = LEVEL,
    least: Least = OF_A_SET,
) -> Interval | None:
    """The interval of the share of hits (N,), each clip its own group unless `groups` (N,) are given.

    `weights` (N,) sum to 1; without them all clips count alike. None for fewer clips or groups than `least`.
    """
    number, weights = numbered(len(hits), groups), _weights(hits, weights)
    if _too_few(number, least):
        return None
    mixed = min(_count(number, hits), _count(number, ~hits))
    effective = effective_clips(hits.astype(float), number, weights, mixed)
    last = int(number.max())
    z = NormalDist().inv_cdf((1 + level) / 2) if last + 1 == len(hits) else quantile(level, last)
    share = float(weights[hits].sum() / weights.sum())  # exactly 1 where all are hits
    return wilson_interval(share, effective, z)


def paired_interval(
    before: Hits,
    after: Hits,
    groups: Groups | None = None,
    weights: Weights | None = None,
    *,
    level: float = LEVEL,
) -> Interval | None:
    """The interval of the share of hits after (N,) minus that before (N,), of the same clips.

    `groups` and `weights` are as in `share_interval`; None under 20 clips or 10 groups.
    """
    if before.shape != after.shape:
        raise PeerattnError(f"{len(before)} clips before and {len(after)} after cannot be paired")
    number, weights = numbered(len(before), groups), _weights(before, weights)
    if _too_few(number, OF_A_SET):
        return None
    change = after.astype(float) - before.astype(float)
    effective = effective_clips(change, number, weights, _count(number, change != 0))
    gained, lost = weights @ (change > 0), weights @ (change < 0)
    return tango_interval(
        float(gained) * effective, float(lost) * effective, effective, quantile(level, int(number.max()))
    )


def effective_clips(values: Weights, number: NDArray[np.int64], weights: Weights, varied: int) -> float:
    """How many independent clips tell as much as these; `varied` groups tell how alike their clips are.

    `number` (N,) counts the groups from 0.
    """
    of_group = np.bincount(number, weights)
    size = float(of_group @ of_group / (weights @ weights))  # 1 where each clip is its own group
    alike = drawn_to_prior(likeness(values, number), varied)
    return float(1 / (weights @ weights) / (1 + (size - 1) * alike))


def drawn_to_prior(alike: float, varied: float) -> float:
    """The likeness to count with, of one that was found in so many groups in which something differs."""
    return (varied * alike + PRIOR_GROUPS * PRIOR) / (varied + PRIOR_GROUPS)


def likeness(values: Weights, number: NDArray[np.int64]) -> float:
    """The correlation of values (N,) of one group, by analysis of variance, cut to 0 to 1."""
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
    """Wilson's score interval of a share of so many clips, `z` standard errors wide on each side."""
    middle = (share + z * z / (2 * clips)) / (1 + z * z / clips)
    half = z * math.sqrt(share * (1 - share) / clips + z * z / (4 * clips**2)) / (1 + z * z / clips)
    return max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)  # despite rounding


def tango_interval(gained: float, lost: float, clips: float, z: float) -> Interval:
    """Tango's score interval of (gained - lost) / clips, for counts of pairs that need not be whole."""

    def distance(difference: float) -> float:
        """Standard errors from a difference to the one that was found, under that difference."""
        b = -gained - lost + (2 * clips - gained + lost) * difference
        root = math.sqrt(max(b * b + 8 * clips * lost * difference * (1 - difference), 0.0))
        likeliest = (root - b) / (4 * clips)  # share of pairs lost, were the difference this one
        variance = clips * (2 * likeliest + difference * (1 - difference))
        apart = gained - lost - clips * difference
        return apart / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, apart)

    return within(distance, (gained - lost) / clips, (-1.0, 1.0), z)


def within(distance: Callable[[float], float], found: float, bounds: Interval, z: float) -> Interval:
    """All values of which what was found is at most `z` standard errors away; `distance` falls."""
    low = _crossing(lambda value: distance(value) > z, bounds[0], found)
    high = _crossing(lambda value: distance(value) >= -z, found, bounds[1])
    return low, high


def _crossing(before: Callable[[float], bool], low: float, high: float) -> float:
    """Where `before`, true below and false above, changes."""
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if before(middle) else (low, middle)
    return (low + high) / 2


@cache
def quantile(level: float, freedom: int) -> float:
    """The t with P(|T| ≤ t) = level, of Student's distribution of so many degrees of freedom (1 at least)."""
    return _crossing(lambda t: _within(t, max(freedom, 1)) < level, 0.0, 1000.0)


def _within(t: float, freedom: int) -> float:
    """P(|T| ≤ t) of Student's distribution (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    steps = np.arange(2 + odd, freedom - 1 + odd, 2)  # of the products in the sum
    factors = np.concatenate([[1.0], (steps - 1.0) / steps]) if freedom > 1 + odd else np.zeros(0)
    powers = math.cos(angle) ** (2.0 * np.arange(len(factors)) + odd)
    total = math.sin(angle) * float(np.cumprod(factors) @ powers)
    return 2 / math.pi * (angle + total) if odd else total


def numbered(clips: int, groups: Groups | Sequence[str] | None) -> NDArray[np.int64]:
    """(N,) the number of each clip's group, from 0; without groups each clip is its own."""
    if groups is None:
        return np.arange(clips)
    number: NDArray[np.int64] = np.unique(groups, return_inverse=True)[1]
    return number


def _too_few(number: NDArray[np.int64], least: Least) -> str:
    clips, count = len(number), len(np.bincount(number))
    if count < min(clips, least.groups):
        return f"too few source videos ({count})"
    return f"too few clips ({clips})" if clips < least.clips else ""


def _weights(clips: Hits, weights: Weights | None) -> Weights:
    return np.full(len(clips), 1 / max(len(clips), 1)) if weights is None else weights


def _count(number: NDArray[np.int64], which: NDArray[np.bool_]) -> int:
    """In how many groups this is so of a clip."""
    return int(np.count_nonzero(np.bincount(number[which])))
