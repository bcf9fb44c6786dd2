"""95 % intervals of any statistic, by drawing groups of clips again. Shapes: N clips, S statistics.

They have no width where nothing changes, and cover less than they promise where little does: shares and their
differences have intervals of their own in `intervals`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.intervals import Interval

RESAMPLES = 2_000


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
