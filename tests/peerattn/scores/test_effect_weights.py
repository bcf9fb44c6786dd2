"""Effect against weight: the rank correlation, its interval, and the sentence."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from peerattn.scores.effect_answers import About, EffectAnswers
from peerattn.scores.effect_weights import (
    WeightComparison,
    clip_rises,
    compare_with_shares,
    compare_with_weights,
    rank_correlation,
    rank_correlations,
    redrawn_interval,
)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=4, max_size=12))
def test_the_rank_correlation_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, float).T
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert rank_correlation(first, second) is None
    else:
        assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)


def test_many_rank_correlations_are_those_of_each_row() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 4, (40, 7)).astype(float), rng.normal(size=(40, 7))
    first[3] = 1.0  # all equal
    many = rank_correlations(first, second)
    assert np.isnan(many[3])
    for row, value in enumerate(many):
        if row != 3:
            assert value == pytest.approx(spearmanr(first[row], second[row]).statistic)
    single = rank_correlations(first[:1], second)
    assert single[5] == pytest.approx(spearmanr(first[0], second[5]).statistic)


def answers(losses: list[float], *, clips: int = 60, noise: float = 0.2) -> EffectAnswers:
    """Two classes; without component number k, −log p of the true class rises by about losses[k]."""
    rng, names = np.random.default_rng(3), tuple(f"c{number}" for number in range(len(losses)))
    labels = tuple((number % 2,) for number in range(clips))
    columns = np.array(labels)[:, 0]
    before, after = np.full((clips, 2), 0.1, np.float32), {}
    before[np.arange(clips), columns] = 0.9
    for name, loss in zip(names, losses, strict=True):
        true = 0.9 * np.exp(-np.maximum(loss + noise * rng.normal(size=clips), 0))
        after[name] = np.repeat((1 - true)[:, None], 2, axis=1).astype(np.float32)
        after[name][np.arange(clips), columns] = true
    groups = tuple(str(clip // 2) for clip in range(clips))
    clip_names = tuple(map(str, range(clips)))
    about = About(
        "connection", "remove", "classes", ("a", "b"), names, clip_names, labels, groups, clips, {}, (), {}
    )
    return EffectAnswers(about, before, after)


def test_a_network_whose_weights_are_its_effects_says_so() -> None:
    losses = [0.0, 0.3, 0.6, 0.9, 1.2, 1.5]
    weights = {f"c{number}": 0.1 + 0.15 * number for number in range(6)}
    found = compare_with_weights(answers(losses), weights)
    assert found.rho == pytest.approx(1) and found.interval and found.interval[0] > 0.7
    assert found.halves == pytest.approx(1) and "mostly those that matter" in found.sentence
    assert [round(one.rise, 1) for one in found.rises][1:] == losses[1:]
    assert all(one.interval and one.interval[0] < one.rise < one.interval[1] for one in found.rises)
    opposite = compare_with_weights(answers(losses), {name: -weight for name, weight in weights.items()})
    assert opposite.rho == pytest.approx(-1) and "matter less" in opposite.sentence


def test_two_halves_are_the_median_of_many_splits() -> None:
    """A single split is far from it: with this noise their correlations differ by more than 0.3."""
    measured = answers([0.0, 0.05, 0.1, 0.15, 0.2, 0.25], noise=0.4)
    names = list(measured.about.components)
    rises, number = clip_rises(measured, names), np.arange(60) // 2
    rng, single = np.random.default_rng(9), []
    for _ in range(400):
        first = np.isin(number, rng.permutation(30)[:15])
        halves = rises[:, first].mean(axis=1), rises[:, ~first].mean(axis=1)
        single.append(spearmanr(*halves).statistic)
    found = compare_with_weights(measured, {name: n / 6 for n, name in enumerate(names)}).halves
    assert found == pytest.approx(np.median(single), abs=0.06)
    assert np.ptp(single) > 0.3


def test_weights_unrelated_to_effects_are_not_shown_to_mean_anything() -> None:
    found = compare_with_weights(answers([0.0] * 12), {f"c{number}": number / 12 for number in range(12)})
    assert found.interval and found.interval[0] < 0 < found.interval[1]
    assert "not shown to mean an important connection" in found.sentence


def test_what_cannot_be_compared_says_why() -> None:
    few = compare_with_weights(answers([0.0, 1.0, 0.5, 0.2], clips=8), dict.fromkeys(["c0", "c1"], 0.5))
    assert few.rho is None and "nothing to compare" in few.sentence
    small = compare_with_weights(
        answers([0.0, 1.0, 0.5, 0.2], clips=8), {f"c{number}": number / 4 for number in range(4)}
    )
    assert small.rho is not None and small.interval is None
    assert "unknown: too few source videos (4, at least 10 needed)" in small.sentence
    equal = compare_with_weights(answers([0.0, 1.0, 0.5, 0.2]), {f"c{number}": 0.5 for number in range(4)})
    assert equal.rho is None


def test_delivered_shares_are_drawn_again_with_their_clips() -> None:
    measured = answers([0.0, 0.3, 0.6, 0.9, 1.2, 1.5])
    rng = np.random.default_rng(0)
    like = {f"c{n}": np.clip(0.1 * n + 0.02 * rng.normal(size=60), 0, 1).astype(np.float32) for n in range(6)}
    found = compare_with_shares(replace(measured, shares=like))
    assert found.axis == "delivered_share" and found.rho == pytest.approx(1)
    assert found.interval and found.interval[0] > 0.7
    assert "connections that deliver a great share are mostly those that matter" in found.sentence
    assert [one.weight for one in found.rises] == pytest.approx([share.mean() for share in like.values()])
    noisy = {name: (share + rng.normal(size=60)).astype(np.float32) for name, share in like.items()}
    wide = compare_with_shares(replace(measured, shares=noisy)).interval
    fixed = compare_with_weights(
        measured, {name: float(share.mean()) for name, share in noisy.items()}, "attention_weight"
    )
    assert wide and fixed.interval and wide[1] - wide[0] > fixed.interval[1] - fixed.interval[0]
    assert "attention" in fixed.sentence
    assert not compare_with_shares(measured).rises  # they were not measured


def test_labels_count_what_is_true_of_each() -> None:
    single = answers([1.0, 0.0, 0.0, 0.0])
    labels = EffectAnswers(
        About(**{**vars(single.about), "kind": "labels"}), single.before, dict(single.after)
    )
    # Both labels of a clip change alike here: the true one falls as much as the other rises.
    rises = clip_rises(labels, ["c0"])
    assert np.allclose(rises, clip_rises(single, ["c0"]), atol=1e-5)


def test_the_interval_covers_the_rank_correlation_of_the_true_effects() -> None:
    """30 connections, 60 videos of 4 clips: the truth is inside in at least 20 of 25 drawings."""
    rng, inside = np.random.default_rng(5), 0
    effects, weights = rng.exponential(0.3, 30), rng.random(30)
    weights += effects
    truth = rank_correlation(weights, effects)
    number = np.repeat(np.arange(60), 4)
    assert truth is not None
    for _ in range(25):
        shared = rng.normal(size=(30, 60))[:, number]
        rises = effects[:, None] * np.exp(0.5 * rng.normal(size=(30, 240)) - 0.125) + 0.2 * shared
        interval = redrawn_interval(rises, number, lambda means: rank_correlations(weights[None], means))
        inside += interval is not None and interval[0] <= truth <= interval[1]
    assert inside >= 20


def test_a_weak_relation_is_worded_as_such() -> None:
    assert "does not tell which ones do" in WeightComparison((), 9, 0.4, (0.2, 0.6), 0.9, "").sentence
