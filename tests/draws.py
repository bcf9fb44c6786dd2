"""Draw or enumerate clips that correlate within groups, to measure the coverage of intervals.

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
"""Numbers of lost and gained clips with a lower probability than this are not enumerated."""


def unequal(rng: Random, groups: int, clips: int) -> Numbers:
    """(N,): the group of each clip. Every group has at least one; their sizes are unequal."""
    sizes = 1 + rng.multinomial(clips - groups, rng.dirichlet(np.full(groups, 2.0)))
    return np.repeat(np.arange(groups), sizes)


def following(rng: Random, number: Numbers, shares: Sequence[float] | Values, correlation: float) -> Numbers:
    """(N,): outcomes drawn with these shares (S,) or (G, S); some clips share one draw for their whole group.

    So many clips share it that outcomes of a group have this correlation.
    """
    common = rng.random(int(number.max()) + 1)[number]
    follows = rng.random(len(number)) < math.sqrt(correlation)
    return _outcomes(np.where(follows, common, rng.random(len(number))), number, np.asarray(shares))


def varying(rng: Random, number: Numbers, shares: Sequence[float] | Values, correlation: float) -> Numbers:
    """(N,): outcomes whose shares vary from group to group, by a Dirichlet distribution around these."""
    around = np.broadcast_to(shares, (int(number.max()) + 1, np.shape(shares)[-1]))
    if correlation:
        drawn = rng.standard_gamma(around * (1 / correlation - 1))
        around = drawn / drawn.sum(axis=1, keepdims=True)
    return _outcomes(rng.random(len(number)), number, around)


def _outcomes(chance: Values, number: Numbers, shares: Values) -> Numbers:
    ends = shares.cumsum(axis=-1)[..., :-1]
    outcomes: Numbers = (chance[:, None] >= (ends[number] if ends.ndim == 2 else ends)).sum(axis=1)
    return outcomes


def normal(rng: Random, number: Numbers, correlation: float, *columns: int) -> Values:
    """(N, …): standard normal numbers with this correlation within a group."""
    common = rng.normal(size=(int(number.max()) + 1, *columns))[number]
    return math.sqrt(correlation) * common + math.sqrt(1 - correlation) * rng.normal(size=common.shape)


def ranked(
    rng: Random, sides: Sequence[Numbers], area: float, correlation: float
) -> tuple[Values, NDArray[np.bool_], Numbers]:
    """Scores (N,) with this true area under the ROC curve, whether a clip is of a known class, and groups.

    `sides` holds the groups of the known clips and those of the other clips.
    """
    lead = NormalDist().inv_cdf(area) * math.sqrt(2)
    known, others = (normal(rng, number, correlation) for number in sides)
    number = np.concatenate([sides[0], sides[1] + sides[0].max() + 1])
    return np.concatenate([known + lead, others]), np.arange(len(number)) < len(known), number


def labelled(
    rng: Random, number: Numbers, labels: int, share: float, lead: float, correlation: float
) -> tuple[Values, NDArray[np.bool_]]:
    """Scores and truth (N, K) of labels that this share of the clips has; their scores lead by `lead`.

    Within a group, scores have this correlation; whether clips have a label correlates by 0.3.
    """
    truth = normal(rng, number, 0.3, labels) > NormalDist().inv_cdf(1 - share)
    return lead * truth + normal(rng, number, correlation, labels), truth


def enumerated(clips: int, shares: tuple[float, float]) -> tuple[float, float]:
    """The exact coverage of the paired interval for independent clips, and its mean width."""
    coverage = width = 0.0
    z, most = t_quantile(0.95, clips - 1), [math.ceil(clips * share * 4) + 8 for share in shares]
    for lost in range(most[0] if shares[0] else 1):
        for gained in range(most[1] if shares[1] else 1):
            if (likely := _probability(clips, lost, gained, shares)) > RARE:
                low, high = tango_interval(gained, lost, clips, z)
                coverage += likely * (low <= shares[1] - shares[0] <= high)
                width += likely * (high - low)
    return coverage, width


def _probability(clips: int, lost: int, gained: int, shares: tuple[float, float]) -> float:
    """The probability of these numbers of lost and gained clips among independent ones."""
    terms = ((lost, shares[0]), (gained, shares[1]), (clips - lost - gained, 1 - sum(shares)))
    if any(count and not share for count, share in terms):
        return 0.0
    logs = (count * math.log(share) - math.lgamma(count + 1) for count, share in terms if count)
    return math.exp(math.lgamma(clips + 1) + sum(logs))
