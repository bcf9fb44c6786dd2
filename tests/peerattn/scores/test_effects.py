"""Which of many components are called needed: the p-values, the procedure, and how often it errs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.screens import LOSSES, NULLS, OTHERS, draw_screen
from peerattn.scores.comparison import Difference
from peerattn.scores.effects import Effect, chance_in_words, find_needed, p_value_limit
from peerattn.scores.evaluation import summarise
from peerattn.scores.intervals import paired_interval, paired_p
from peerattn.scores.jackknife import difference_interval, difference_p
from peerattn.scores.kinds import difference


def test_p_is_that_of_the_published_test_of_paired_shares() -> None:
    """16 lost and 6 gained of 161: McNemar's z is 10 / √22, here with Student's t of 160 degrees."""
    before = np.repeat([True, True, False, False], [59, 16, 6, 80])
    after = np.repeat([True, False, True, False], [59, 16, 6, 80])
    assert paired_p(before, after) == pytest.approx(0.03455, abs=2e-5)
    assert paired_p(before, before) == 1.0
    assert paired_p(before[:9], after[:9]) is None


@given(st.integers(0, 15), st.integers(0, 15), st.sampled_from([1, 2, 4]))
def test_the_interval_of_level_1_minus_p_reaches_0(lost: int, gained: int, per_video: int) -> None:
    before = np.repeat([True, False, True], [lost, gained, 80 - lost - gained])
    after = np.repeat([False, True, True], [lost, gained, 80 - lost - gained])
    groups = np.arange(80) // per_video
    p = paired_p(before, after, groups)
    assert p is not None
    if lost != gained:
        wider = paired_interval(before, after, groups, level=1 - p * 0.98)
        narrower = paired_interval(before, after, groups, level=1 - p * 1.02)
        assert wider and narrower
        assert wider[0] < 0 < wider[1]
        assert not narrower[0] < 0 < narrower[1]


def test_p_of_a_difference_of_precisions_is_that_of_its_interval() -> None:
    without = np.random.default_rng(3).normal(-0.1, 0.003, 40)
    p = difference_p(-0.1, without, 100.0)
    assert 0 < p < 0.05
    assert difference_interval(-0.1, without, 100.0, level=1 - p)[1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("p_values", "limit"),
    [
        ([], -1.0),
        ([0.06], -1.0),
        ([0.05], 0.05),
        ([0.02, 0.04], 0.04),
        (
            [0.9, 0.001, 0.03, 0.04, 0.011],
            0.04,
        ),  # 0.03 is above 3 / 5 × 5 % but 0.04 is not above 4 / 5 × 5 %
        ([0.011, 0.012, 0.9, 0.8, 0.7], 0.012),
    ],
)
def test_benjamini_and_hochberg_by_hand(p_values: list[float], limit: float) -> None:
    assert p_value_limit(p_values) == limit


def test_only_losses_are_needs() -> None:
    found = find_needed([Difference(value, None, "", 99, p=p) for value, p in ((-0.2, 0.001), (0.2, 0.001))])
    assert found == [True, False]
    assert find_needed([Difference(-0.2, None, "too few clips", 9)]) == [None]


def test_what_is_not_needed_states_the_loss_that_is_not_excluded() -> None:
    labels, names = np.zeros(100, np.int64), [str(clip) for clip in range(100)]
    before = summarise(np.tile([[1.0, 0.0]], (100, 1)).astype(np.float32), labels, names, ("a", "b"))
    alone, together = difference(before, before), difference(before, before, comparisons=50)
    unneeded = Effect("modality", "rgb", "swap", before, alone, together, needed=False)
    assert unneeded.conclusion() == (
        "not shown to be needed: 0 of 100 answers changed; a loss of up to 10.3 points is not excluded"
    )
    assert "a loss of up to 3.8 points" in unneeded.conclusion(pointwise=True)
    needed = Effect("modality", "rgb", "swap", before, alone, together, needed=True)
    assert needed.conclusion() == "needed: 0 of 100 answers changed"


def test_how_many_stand_out_by_chance() -> None:
    assert "of 50, about 2 would stand out" in chance_in_words(50)
    assert "of 3, about 0.2 would" in chance_in_words(3)


def test_a_screen_of_nulls_seldom_names_any_and_planted_losses_are_found() -> None:
    """The benchmark in small; with 60 screens a rate of 5 % is exceeded by 9 in one of 1,000 runs."""
    rng = np.random.default_rng(7)
    assert sum(any(draw_screen(rng, NULLS[:1])) for _ in range(60)) <= 9
    planted = np.array([draw_screen(rng, (LOSSES[1], OTHERS)) for _ in range(15)])
    assert planted[:, : LOSSES[1].count].mean() >= 0.8
    assert planted[:, LOSSES[1].count :].sum() <= 0.1 * planted.sum()
