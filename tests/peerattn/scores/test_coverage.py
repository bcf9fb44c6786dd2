"""Intervals contain the true value as often as they promise, on drawn clips that correlate within videos.

Bounds are set so that a method with a coverage of 95 % falls below them in well under 1 % of seeds. The
tables of `benchmarks.coverage` measure coverage in full.
"""

import math
from collections.abc import Callable, Sequence
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from benchmarks.verdicts import draw_evaluations, toss_coins
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

DrawOutcomes = Callable[..., Numbers]
BOTH_MODELS = pytest.mark.parametrize("draw_outcomes", [draw_shared_outcomes, draw_with_varying_shares])
CORRELATED = pytest.mark.parametrize("correlation", [0.2, 0.5])
EVEN = np.array([NormalDist().inv_cdf((place + 0.5) / 10**4) for place in range(10**4)])
"""Quantiles of the normal distribution, evenly spaced in probability: means over them are the true means."""

ALL_CLASS_0 = np.zeros(96, np.int64)


def coverage(draw: Callable[[Random], Interval | None], truth: float, draws: int) -> float:
    """Return the share of intervals that contain the true value; a missing interval does not."""
    rng = np.random.default_rng(7)
    intervals = [draw(rng) or (math.inf, -math.inf) for _ in range(draws)]
    return sum(low <= truth + 1e-12 and truth - 1e-12 <= high for low, high in intervals) / draws


@BOTH_MODELS
@CORRELATED
@pytest.mark.parametrize("groups", [10, 20, 60])
@pytest.mark.parametrize(("lost", "gained"), [(0.01, 0.0), (0.03, 0.01), (0.08, 0.02)])
def test_paired_differences(
    draw_outcomes: DrawOutcomes, correlation: float, groups: int, lost: float, gained: float
) -> None:
    def draw(rng: Random) -> Interval | None:
        clip_groups = draw_groups(rng, groups, 5 * groups)
        change = draw_outcomes(rng, clip_groups, (lost, gained, 1 - lost - gained), correlation)
        return paired_interval(change == 0, change == 1, clip_groups)

    assert coverage(draw, gained - lost, 400) >= 0.925


@BOTH_MODELS
@CORRELATED
def test_macro_accuracy_and_its_difference(draw_outcomes: DrawOutcomes, correlation: float) -> None:
    """Of eight classes, the worst is wrong, or changes, three times as often as the best."""
    factors = np.linspace(0.5, 1.5, 8)[np.arange(40) % 8]

    def draw(rng: Random, shares: Sequence[float]) -> tuple[Numbers, Numbers, np.ndarray]:
        clip_groups, outcomes = draw_groups(rng, 40, 192), np.outer(factors, shares)
        outcome = draw_outcomes(
            rng, clip_groups, np.column_stack([outcomes, 1 - outcomes.sum(axis=1)]), correlation
        )
        return outcome, clip_groups, class_weights((np.arange(40) % 8)[clip_groups])

    def single(rng: Random) -> Interval | None:
        outcome, clip_groups, weights = draw(rng, (0.05,))
        return share_interval(outcome == 1, clip_groups, weights)

    def paired(rng: Random) -> Interval | None:
        change, clip_groups, weights = draw(rng, (0.03, 0.01))
        return paired_interval(change == 0, change == 1, clip_groups, weights)

    assert coverage(single, 0.95, 400) >= 0.92
    assert coverage(paired, -0.02, 400) >= 0.93


@CORRELATED
@pytest.mark.parametrize("area", [0.72, 0.95, 0.995])
def test_areas_under_the_roc_curve(correlation: float, area: float) -> None:
    def draw(rng: Random) -> Interval | None:
        sides = draw_groups(rng, 30, 68), draw_groups(rng, 10, 21)
        return auroc_interval(*draw_ranked_scores(rng, sides, area, correlation))

    assert coverage(draw, area, 400) >= 0.915


def test_mean_average_precisions_and_their_difference() -> None:
    """The mean over all draws stands for the true value: in a small set, rare labels raise the score."""
    rng, names, values, changes = np.random.default_rng(7), [str(label) for label in range(6)], [], []
    for _ in range(150):
        clip_groups = draw_groups(rng, 20, 100)
        scores, truth = draw_label_scores(rng, clip_groups, 6, 0.2, 3.0, 0.2)
        moved = scores - truth + draw_normal(rng, clip_groups, 0.2, 6)
        before, after = (
            summarise_labels(each.astype(np.float32), truth, clip_groups.astype(str).tolist(), names)
            for each in (scores, moved)
        )
        values.append((before.map, before.map_interval))
        changed = paired_precision(before, after)
        changes.append((changed.value, changed.interval))
    for pairs in (values, changes):
        mean = np.mean([value for value, _ in pairs])
        assert np.mean([low <= mean <= high for _, (low, high) in pairs]) >= 0.91


@pytest.mark.parametrize("correlation", [0.0, 0.2])
def test_means_of_skewed_values_and_of_shares(correlation: float) -> None:
    def log_loss(level: np.ndarray) -> np.ndarray:
        return np.log1p(np.exp(-2 - 2 * level))  # −log p

    def iou(level: np.ndarray) -> np.ndarray:
        return np.clip(0.7 + 0.3 * level, 0, 1)

    for values, share in ((log_loss, False), (iou, True)):

        def draw(rng: Random, values=values, share=share) -> Interval | None:
            clip_groups = draw_groups(rng, 40, 192)
            return mean_interval(values(draw_normal(rng, clip_groups, correlation)), clip_groups, share=share)

        assert coverage(draw, float(values(EVEN).mean()), 400) >= 0.91


@pytest.mark.parametrize("answers", [4, 16])
def test_random_changes_rarely_give_a_verdict(answers: int) -> None:
    """Of 96 answers, 4 or 16 change; for each of 40 videos, a coin decides which network is right."""
    rng, same = np.random.default_rng(7), 0
    for _ in range(600):
        clip_groups, changes = draw_groups(rng, 40, 96), rng.permutation(96) < answers
        before, after = (
            summarise(
                np.eye(2, dtype=np.float32)[wrong],
                ALL_CLASS_0,
                clip_groups.astype(str).tolist(),
                ("one", "two"),
            )
            for wrong in (ALL_CLASS_0, changes.astype(int))
        )
        same += difference(*toss_coins(rng, before, after, clip_groups)).words.startswith(SAME)
    assert same / 600 >= 0.925


def test_a_loss_of_three_points_on_600_clips_is_detected() -> None:
    rng = np.random.default_rng(7)
    verdicts = [difference(*draw_evaluations(rng, 600, lost=0.04, gained=0.01)).verdict for _ in range(300)]
    assert verdicts.count(WORSE) / 300 >= 0.88


def test_quantiles_agree_with_scipy() -> None:
    for level, freedom in product((0.9, 0.95, 0.999), (1, 2, 3, 4, 9, 10, 47, 160, 959)):
        assert t_quantile(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-9)


@pytest.mark.parametrize(("right", "clips"), [(0, 20), (20, 20), (1, 48), (37, 48), (632, 640)])
def test_intervals_of_independent_clips_agree_with_scipy(right: int, clips: int) -> None:
    expected = stats.binomtest(right, clips).proportion_ci(0.95, method="wilson")
    assert share_interval(np.arange(clips) < right) == pytest.approx((expected.low, expected.high))
