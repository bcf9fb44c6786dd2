"""Draw answers and scores of clips that correlate within groups, to measure the coverage of intervals.

`clip_groups` is the index of each clip's group. Shapes: N clips, G groups, S outcomes, K labels.
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


def draw_groups(rng: Random, groups: int, clips: int) -> Numbers:
    """Return the group of each clip (N,). Every group has at least one clip; their sizes are unequal."""
    sizes = 1 + rng.multinomial(clips - groups, rng.dirichlet(np.full(groups, 2.0)))
    return np.repeat(np.arange(groups), sizes)


def draw_shared_outcomes(
    rng: Random, clip_groups: Numbers, shares: Sequence[float] | Values, correlation: float
) -> Numbers:
    """Return outcomes (N,) drawn with shares (S,) or (G, S); some clips of a group share a single draw.

    As many share it as needed for outcomes within a group to have this correlation.
    """
    common = rng.random(int(clip_groups.max()) + 1)[clip_groups]
    follows = rng.random(len(clip_groups)) < math.sqrt(correlation)
    return _outcomes(np.where(follows, common, rng.random(len(clip_groups))), clip_groups, np.asarray(shares))


def draw_with_varying_shares(
    rng: Random, clip_groups: Numbers, shares: Sequence[float] | Values, correlation: float
) -> Numbers:
    """Return outcomes (N,) whose shares vary from group to group.

    The shares of each group are drawn from a Dirichlet distribution around `shares`.
    """
    around = np.broadcast_to(shares, (int(clip_groups.max()) + 1, np.shape(shares)[-1]))
    if correlation:
        gammas = rng.standard_gamma(around * (1 / correlation - 1))
        around = gammas / gammas.sum(axis=1, keepdims=True)
    return _outcomes(rng.random(len(clip_groups)), clip_groups, around)


def _outcomes(chance: Values, clip_groups: Numbers, shares: Values) -> Numbers:
    ends = shares.cumsum(axis=-1)[..., :-1]
    outcomes: Numbers = (chance[:, None] >= (ends[clip_groups] if ends.ndim == 2 else ends)).sum(axis=1)
    return outcomes


def draw_normal(rng: Random, clip_groups: Numbers, correlation: float, *columns: int) -> Values:
    """Return standard normal numbers (N, …) with this correlation within a group."""
    common = rng.normal(size=(int(clip_groups.max()) + 1, *columns))[clip_groups]
    return math.sqrt(correlation) * common + math.sqrt(1 - correlation) * rng.normal(size=common.shape)


def draw_ranked_scores(
    rng: Random, sides: Sequence[Numbers], area: float, correlation: float
) -> tuple[Values, NDArray[np.bool_], Numbers]:
    """Return scores with this true area under the ROC curve, whether clips are of a known class, and groups.

    All are (N,). `sides` holds the groups of the clips of known classes and those of the other clips.
    """
    lead = NormalDist().inv_cdf(area) * math.sqrt(2)  # of the mean score of the known clips
    known, others = (draw_normal(rng, clip_groups, correlation) for clip_groups in sides)
    clip_groups = np.concatenate([sides[0], sides[1] + sides[0].max() + 1])
    return np.concatenate([known + lead, others]), np.arange(len(clip_groups)) < len(known), clip_groups


def draw_label_scores(
    rng: Random, clip_groups: Numbers, labels: int, share: float, lead: float, correlation: float
) -> tuple[Values, NDArray[np.bool_]]:
    """Return scores and truth (N, K) of labels; this share of the clips has each label.

    The mean score of clips that have a label is higher by `lead` standard deviations. Within a group, scores
    have this correlation; whether clips have a label has a correlation of 0.3.
    """
    truth = draw_normal(rng, clip_groups, 0.3, labels) > NormalDist().inv_cdf(1 - share)
    return lead * truth + draw_normal(rng, clip_groups, correlation, labels), truth


def enumerate_coverage(clips: int, shares: tuple[float, float]) -> tuple[float, float]:
    """Return the exact coverage of the paired interval for independent clips, and its mean width.

    It is the sum over all numbers of lost and gained clips that are likely enough.
    """
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
    """Return the probability of these numbers of lost and gained clips among independent ones."""
    terms = ((lost, shares[0]), (gained, shares[1]), (clips - lost - gained, 1 - sum(shares)))
    if any(count and not share for count, share in terms):
        return 0.0
    logs = (count * math.log(share) - math.lgamma(count + 1) for count, share in terms if count)
    return math.exp(math.lgamma(clips + 1) + sum(logs))
