"""Score intervals: published digits, and coverage, counted exactly where clips are independent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.scores.intervals import (
    effective_clips,
    intraclass_correlation,
    paired_interval,
    share_interval,
    t_quantile,
    tango_interval,
    wilson_interval,
)
from tests.draws import enumerate_coverage

CELLS = [(0, 0), (1, 0), (2, 0), (2, 1), (3, 1), (8, 2)]
"""Per cent of the clips whose answer is lost and gained."""
WIDTHS = {
    48: (15.6, 16.3, 16.9, 17.7, 18.4, 21.8),
    96: (7.9, 8.6, 9.2, 10.1, 10.7, 13.9),
    192: (4.0, 4.6, 5.1, 6.1, 6.6, 9.3),
    640: (1.2, 1.7, 2.2, 2.9, 3.2, 4.9),
}
"""Clips → the mean width in points to expect in each cell."""


@pytest.mark.parametrize(
    ("level", "freedom", "t"),
    [(0.95, 1, 12.7062), (0.95, 2, 4.30265), (0.95, 9, 2.26216), (0.95, 47, 2.01174), (0.999, 30, 3.64596)],
)
def test_quantiles_agree_with_published_tables(level: float, freedom: int, t: float) -> None:
    assert t_quantile(level, freedom) == pytest.approx(t, abs=6e-6 * t)


def test_tango_gives_the_published_interval() -> None:
    """59 both right, 16 lost, 6 gained, 80 both wrong, as in the R package contingencytables."""
    assert tango_interval(6, 16, 161, 1.959964) == pytest.approx((-0.1240, -0.0054), abs=5e-5)
    before = np.repeat([True, True, False, False], [59, 16, 6, 80])
    after = np.repeat([True, False, True, False], [59, 16, 6, 80])
    assert paired_interval(before, after) == pytest.approx((-0.1246, -0.0050), abs=5e-5)


@pytest.mark.parametrize("clips", WIDTHS)
def test_independent_clips_are_covered_as_promised_and_no_wider(clips: int) -> None:
    for (lost, gained), expected in zip(CELLS, WIDTHS[clips], strict=True):
        coverage, width = enumerate_coverage(clips, (lost / 100, gained / 100))
        assert coverage >= 0.93, (lost, gained)
        assert clips * (lost + gained) / 100 < 3.8 or coverage <= 0.98, (lost, gained)
        assert 100 * width <= 1.15 * expected, (lost, gained)


@given(st.integers(20, 40), st.integers(0, 30))
def test_shares_of_independent_clips_are_wilsons(right: int, wrong: int) -> None:
    hits = np.arange(right + wrong) < right
    assert share_interval(hits) == pytest.approx(wilson_interval(right / len(hits), len(hits), 1.959964))
    names = np.array([f"clip {number}" for number in range(len(hits))])
    assert share_interval(hits, names) == pytest.approx(share_interval(hits))


def test_all_right_in_few_videos_is_not_all_right() -> None:
    """12 videos of 8 clips, all right: by no means 100 to 100."""
    low, high = share_interval(np.ones(96, bool), np.repeat(np.arange(12), 8))
    assert high == 1
    assert 0.75 < low < 0.9


def test_intraclass_correlation_is_one_for_uniform_groups_and_zero_for_mixed_ones() -> None:
    number = np.repeat(np.arange(20), 4)
    agreed = (np.arange(20) % 2)[number].astype(float)
    assert intraclass_correlation(agreed, number) == pytest.approx(1)
    assert intraclass_correlation(np.tile([0.0, 1.0], 40), number) == 0
    weights = np.full(80, 1 / 80)
    assert effective_clips(agreed, number, weights, 20) == pytest.approx(80 / (1 + 3 * 21 / 22))
    assert effective_clips(agreed, np.arange(80), weights, 80) == pytest.approx(80)


def test_without_a_change_a_difference_is_still_not_known() -> None:
    """The prior decides: clips of one video count as half alike."""
    nothing = np.zeros(96, bool)
    alone, grouped = paired_interval(nothing, nothing), paired_interval(nothing, nothing, np.arange(96) // 4)
    assert alone == pytest.approx((-0.0395, 0.0395), abs=2e-4)
    assert grouped[1] > 2 * alone[1]
