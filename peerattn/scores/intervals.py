"""95 % intervals of shares and differences.

Wilson's for the share of independent clips; a bootstrap over groups where several clips come from one source
video and there are enough of them. Shapes: N clips.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959964  # standard deviations either side of the mean that hold 95 % of a normal distribution
RESAMPLES = 2_000
FEW_GROUPS = 10
"""Fewer are too few to draw from: a bootstrap's interval has no width where all clips are of one group."""
Interval = tuple[float, float]


def wilson(successes: float, n: int) -> Interval:
    """The 95 % score interval of the share successes / n (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = successes / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], float], groups: Sequence[str], *, seed: int = 0
) -> Interval:
    """The 95 % percentile interval of a statistic of clip numbers, whole groups being drawn again."""
    [interval] = bootstrap_each(lambda drawn: np.array([statistic(drawn)]), groups, seed=seed)
    return interval


def bootstrap_each(
    statistics: Callable[[NDArray[np.int64]], NDArray[np.float64]], groups: Sequence[str], *, seed: int = 0
) -> list[Interval]:
    """The intervals of several statistics (S,) of clip numbers, all of the same draws."""
    names, group_of = np.unique(np.array(groups), return_inverse=True)
    order = np.argsort(group_of, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(group_of))[:-1])
    generator = np.random.default_rng(seed)
    draws = generator.integers(len(names), size=(RESAMPLES, len(names)))
    alone = len(names) == len(groups)
    values = [
        statistics(order[draw] if alone else np.concatenate([members[number] for number in draw]))
        for draw in draws
    ]
    bounds = np.percentile(np.array(values), (2.5, 97.5), axis=0)
    return [(float(low), float(high)) for low, high in bounds.T]


def share_interval(hits: NDArray[np.bool_], groups: NDArray[np.str_]) -> Interval:
    """The 95 % interval of the share of hits: Wilson's where each clip is its own group, else a bootstrap.

    Of few groups Wilson's as well, with no more observations than there are groups.
    """
    count = len(np.unique(groups))
    if count == len(groups):
        return wilson(int(hits.sum()), count)
    if count < FEW_GROUPS:
        return wilson(float(hits.mean()) * count, count)
    return bootstrap(lambda drawn: float(hits[drawn].mean()), groups.tolist())
