"""Clips drawn, or enumerated, to count how often an interval holds what is true: those of a group are alike.

Shapes: N clips, G groups, S outcomes, K labels.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.intervals import t_quantile, tango_interval

Random = np.random.Generator
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]
RARE = 1e-7
"""Numbers of clips lost and gained that are less likely than this are left out of the count."""


def unequal(rng: Random, groups: int, clips: int) -> Numbers:
    """(N,) the group of each clip: every group has one clip, the others are shared out unequally."""
    sizes = 1 + rng.multinomial(clips - groups, rng.dirichlet(np.full(groups, 2.0)))
    return np.repeat(np.arange(groups), sizes)


def following(rng: Random, number: Numbers, shares: Sequence[float] | Values, alike: float) -> Numbers:
    """(N,) outcomes of these shares (S,) or (G, S), of which some are one for their whole group.

    So many that outcomes of a group correlate by `alike`.
    """
    common = rng.random(int(number.max()) + 1)[number]
    follows = rng.random(len(number)) < math.sqrt(alike)
    return _outcomes(np.where(follows, common, rng.random(len(number))), number, np.asarray(shares))


def varying(rng: Random, number: Numbers, shares: Sequence[float] | Values, alike: float) -> Numbers:
    """The same, of which the shares of every group vary about these, by Dirichlet's distribution."""
    around = np.broadcast_to(shares, (int(number.max()) + 1, np.shape(shares)[-1]))
    if alike:
        drawn = rng.standard_gamma(around * (1 / alike - 1))
        around = drawn / drawn.sum(axis=1, keepdims=True)
    return _outcomes(rng.random(len(number)), number, around)


def _outcomes(chance: Values, number: Numbers, shares: Values) -> Numbers:
    ends = shares.cumsum(axis=-1)[..., :-1]
    found: Numbers = (chance[:, None] >= (ends[number] if ends.ndim == 2 else ends)).sum(axis=1)
    return found


def normal(rng: Random, number: Numbers, alike: float, *columns: int) -> Values:
    """(N, …) standard normal numbers that correlate by `alike` within a group."""
    common = rng.normal(size=(int(number.max()) + 1, *columns))[number]
    return math.sqrt(alike) * common + math.sqrt(1 - alike) * rng.normal(size=common.shape)


def ranked(
    rng: Random, sides: Sequence[Numbers], area: float, alike: float
) -> tuple[Values, NDArray[np.bool_], Numbers]:
    """Scores, which clips are of known classes, and groups (N,); the true area under the curve is given.

    `sides` has the groups of the known clips and those of the others.
    """
    ahead = NormalDist().inv_cdf(area) * math.sqrt(2)
    known, others = (normal(rng, number, alike) for number in sides)
    number = np.concatenate([sides[0], sides[1] + sides[0].max() + 1])
    return np.concatenate([known + ahead, others]), np.arange(len(number)) < len(known), number


def labelled(
    rng: Random, number: Numbers, labels: int, share: float, ahead: float, alike: float
) -> tuple[Values, NDArray[np.bool_]]:
    """Scores and truth (N, K) of labels that such a share of clips has; theirs are so far `ahead`.

    Scores correlate by `alike` within a group, whether clips have a label by 0.3.
    """
    truth = normal(rng, number, 0.3, labels) > NormalDist().inv_cdf(1 - share)
    return ahead * truth + normal(rng, number, alike, labels), truth


def enumerated(clips: int, shares: tuple[float, float]) -> tuple[float, float]:
    """The exact coverage of the paired interval, and its mean width."""
    found = width = 0.0
    z, most = t_quantile(0.95, clips - 1), [math.ceil(clips * share * 4) + 8 for share in shares]
    for lost in range(most[0] if shares[0] else 1):
        for gained in range(most[1] if shares[1] else 1):
            if (likely := _probability(clips, lost, gained, shares)) > RARE:
                low, high = tango_interval(gained, lost, clips, z)
                found += likely * (low <= shares[1] - shares[0] <= high)
                width += likely * (high - low)
    return found, width


def _probability(clips: int, lost: int, gained: int, shares: tuple[float, float]) -> float:
    """Of so many clips lost and gained among independent ones."""
    terms = ((lost, shares[0]), (gained, shares[1]), (clips - lost - gained, 1 - sum(shares)))
    if any(count and not share for count, share in terms):
        return 0.0
    logs = (count * math.log(share) - math.lgamma(count + 1) for count, share in terms if count)
    return math.exp(math.lgamma(clips + 1) + sum(logs))
