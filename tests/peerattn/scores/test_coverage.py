"""Intervals hold what is true as often as they say, on drawn clips of which those of a video are alike.

Bounds are set so that what holds 95 % is read below them in well under 1 % of seeds; the tables of
`benchmarks.coverage` say more.
"""

import math
from collections.abc import Callable, Sequence
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from benchmarks.verdicts import changed, tossed
from peerattn.scores.auroc import auroc_interval
from peerattn.scores.comparison import SAME, WORSE
from peerattn.scores.evaluation import class_weights, summarise
from peerattn.scores.intervals import Interval, paired_interval, share_interval, t_quantile
from peerattn.scores.jackknife import mean_interval
from peerattn.scores.kinds import difference
from peerattn.scores.labels import paired_precision, summarise_labels
from tests.draws import (
    Numbers,
    Random,
    draw_groups,
    draw_label_scores,
    draw_normal,
    draw_ranked_scores,
    draw_shared_outcomes,
    draw_with_varying_shares,
)

Drawn = Callable[..., Numbers]
EITHER = pytest.mark.parametrize("drawn", [draw_shared_outcomes, draw_with_varying_shares])
ALIKE = pytest.mark.parametrize("alike", [0.2, 0.5])
EVEN = np.array([NormalDist().inv_cdf((place + 0.5) / 10**4) for place in range(10**4)])
"""Evenly likely normal numbers: their mean is the true one."""

ALL_ONE = np.zeros(96, np.int64)


def coverage(draw: Callable[[Random], Interval | None], truth: float, draws: int) -> float:
    """The share of intervals that hold what is true; one that is lacking holds nothing."""
    rng = np.random.default_rng(7)
    found = [draw(rng) or (math.inf, -math.inf) for _ in range(draws)]
    return sum(low <= truth + 1e-12 and truth - 1e-12 <= high for low, high in found) / draws


@EITHER
@ALIKE
@pytest.mark.parametrize("groups", [10, 20, 60])
@pytest.mark.parametrize(("lost", "gained"), [(0.01, 0.0), (0.03, 0.01), (0.08, 0.02)])
def test_paired_differences(drawn: Drawn, alike: float, groups: int, lost: float, gained: float) -> None:
    def draw(rng: Random) -> Interval | None:
        clip_groups = draw_groups(rng, groups, 5 * groups)
        change = drawn(rng, clip_groups, (lost, gained, 1 - lost - gained), alike)
        return paired_interval(change == 0, change == 1, clip_groups)

    assert coverage(draw, gained - lost, 400) >= 0.925


@EITHER
@ALIKE
def test_macro_accuracy_and_its_difference(drawn: Drawn, alike: float) -> None:
    """Eight classes, of which the worst is thrice as often wrong, or changed, as the best."""
    often = np.linspace(0.5, 1.5, 8)[np.arange(40) % 8]

    def draw(rng: Random, shares: Sequence[float]) -> tuple[Numbers, Numbers, np.ndarray]:
        clip_groups, outcomes = draw_groups(rng, 40, 192), np.outer(often, shares)
        outcome = drawn(rng, clip_groups, np.column_stack([outcomes, 1 - outcomes.sum(axis=1)]), alike)
        return outcome, clip_groups, class_weights((np.arange(40) % 8)[clip_groups])

    def single(rng: Random) -> Interval | None:
        outcome, clip_groups, weights = draw(rng, (0.05,))
        return share_interval(outcome == 1, clip_groups, weights)

    def paired(rng: Random) -> Interval | None:
        change, clip_groups, weights = draw(rng, (0.03, 0.01))
        return paired_interval(change == 0, change == 1, clip_groups, weights)

    assert coverage(single, 0.95, 400) >= 0.92
    assert coverage(paired, -0.02, 400) >= 0.93


@ALIKE
@pytest.mark.parametrize("area", [0.72, 0.95, 0.995])
def test_areas_under_the_roc_curve(alike: float, area: float) -> None:
    def draw(rng: Random) -> Interval | None:
        sides = draw_groups(rng, 30, 68), draw_groups(rng, 10, 21)
        return auroc_interval(*draw_ranked_scores(rng, sides, area, alike))

    assert coverage(draw, area, 400) >= 0.915


def test_mean_average_precisions_and_their_difference() -> None:
    """Held is the mean over all draws: labels that few clips have flatter a small set."""
    rng, names, found, changes = np.random.default_rng(7), [str(label) for label in range(6)], [], []
    for _ in range(150):
        clip_groups = draw_groups(rng, 20, 100)
        scores, truth = draw_label_scores(rng, clip_groups, 6, 0.2, 3.0, 0.2)
        moved = scores - truth + draw_normal(rng, clip_groups, 0.2, 6)
        before, after = (
            summarise_labels(each.astype(np.float32), truth, clip_groups.astype(str).tolist(), names)
            for each in (scores, moved)
        )
        found.append((before.map, before.map_interval))
        changed = paired_precision(before, after)
        changes.append((changed.value, changed.interval))
    for pairs in (found, changes):
        mean = np.mean([value for value, _ in pairs])
        assert np.mean([low <= mean <= high for _, (low, high) in pairs]) >= 0.91


@pytest.mark.parametrize("alike", [0.0, 0.2])
def test_means_of_skewed_values_and_of_shares(alike: float) -> None:
    def surprise(level: np.ndarray) -> np.ndarray:
        return np.log1p(np.exp(-2 - 2 * level))  # −log p

    def overlap(level: np.ndarray) -> np.ndarray:
        return np.clip(0.7 + 0.3 * level, 0, 1)

    for values, share in ((surprise, False), (overlap, True)):

        def draw(rng: Random, values=values, share=share) -> Interval | None:
            clip_groups = draw_groups(rng, 40, 192)
            return mean_interval(values(draw_normal(rng, clip_groups, alike)), clip_groups, share=share)

        assert coverage(draw, float(values(EVEN).mean()), 400) >= 0.91


@pytest.mark.parametrize("answers", [4, 16])
def test_a_coin_is_not_a_verdict(answers: int) -> None:
    """So many of 96 answers change, and a coin decides for each of 40 videos which network is right."""
    rng, same = np.random.default_rng(7), 0
    for _ in range(600):
        clip_groups, changes = draw_groups(rng, 40, 96), rng.permutation(96) < answers
        before, after = (
            summarise(
                np.eye(2, dtype=np.float32)[wrong], ALL_ONE, clip_groups.astype(str).tolist(), ("one", "two")
            )
            for wrong in (ALL_ONE, changes.astype(int))
        )
        same += difference(*tossed(rng, before, after, clip_groups)).words.startswith(SAME)
    assert same / 600 >= 0.925


def test_a_loss_of_three_points_of_600_clips_is_found() -> None:
    rng = np.random.default_rng(7)
    found = [difference(*changed(rng, 600, lost=0.04, gained=0.01)).verdict for _ in range(300)]
    assert found.count(WORSE) / 300 >= 0.88


def test_quantiles_are_those_of_scipy() -> None:
    for level, freedom in product((0.9, 0.95, 0.999), (1, 2, 3, 4, 9, 10, 47, 160, 959)):
        assert t_quantile(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-9)


@pytest.mark.parametrize(("right", "clips"), [(0, 20), (20, 20), (1, 48), (37, 48), (632, 640)])
def test_shares_of_independent_clips_are_those_of_scipy(right: int, clips: int) -> None:
    expected = stats.binomtest(right, clips).proportion_ci(0.95, method="wilson")
    assert share_interval(np.arange(clips) < right) == pytest.approx((expected.low, expected.high))
