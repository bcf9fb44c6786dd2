"""Measures of moving attention: numbers worked out on paper, and the laws that they keep."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peerattn.traces.shift import (
    attention_passed,
    channel_shares,
    gaps,
    shift,
    signal_passed,
    split_change,
    usual,
)
from peerattn.traces.trace import ConnectionTrace
from tests.traces import older, trace

SHARES = np.array([0.75, 0.25, 0], np.float32)
FACTORS = np.array([[0.5, 0.5, 0.1], [0.5, 0.5, 0.9], [0.9, 0.1, 0.5]], np.float32)


def connection(factors: np.ndarray, shares: np.ndarray | None = SHARES, **parts: object) -> ConnectionTrace:
    plain = ConnectionTrace("rgb1", "top", (), 0.5, np.zeros(0, np.float32), factors)
    return dataclasses.replace(plain, channel_shares=shares, **parts)


def test_a_channel_counts_by_what_the_clip_adds_to_it() -> None:
    moving = connection(FACTORS)
    assert attention_passed(moving) == pytest.approx([0.5, 0.5, 0.7])
    assert shift(moving) == pytest.approx([0, 0, 0.4])  # √(0.75 · 0.4² + 0.25 · 0.4²)
    assert usual(moving, attention_passed(moving)) == pytest.approx(0.5)


def test_channels_count_alike_where_their_shares_were_not_recorded() -> None:
    old = connection(FACTORS, None)
    assert channel_shares(old) == pytest.approx([1 / 3] * 3)
    assert shift(old)[0] == pytest.approx(0.4 / np.sqrt(3))
    assert np.isnan(signal_passed(old)).all()
    for each in older(trace()).connections:
        assert np.isfinite(shift(each)).all()


def test_the_signal_passed_is_the_share_of_the_output_that_is_let_through() -> None:
    sizes = np.array([[1, 1, 0], [0, 2, 2], [4, 0, 0]], np.float32)
    passed = connection(FACTORS, magnitude=0.5 * (FACTORS * sizes).sum(axis=1), carried=sizes.sum(axis=1))
    assert signal_passed(passed) == pytest.approx([0.5, 0.7, 0.9])


def test_a_frame_in_which_the_source_has_nearly_no_output_is_a_gap() -> None:
    carried = np.array([1, 0.005, 1, 0.02, 1], np.float32)
    quiet = connection(np.full((5, 3), 0.5, np.float32), magnitude=carried / 4, carried=carried)
    assert gaps(quiet).tolist() == [False, True, False, False, False]
    for measure in (attention_passed, shift, signal_passed):
        assert np.isnan(measure(quiet)).tolist() == gaps(quiet).tolist()
    silent = connection(FACTORS, carried=np.zeros(3, np.float32), magnitude=np.zeros(3, np.float32))
    assert gaps(silent).all()
    assert np.isnan(usual(silent, shift(silent)))


def test_where_the_clip_adds_nothing_there_is_no_shift() -> None:
    assert np.isnan(shift(connection(FACTORS, np.zeros(3, np.float32)))).all()


unit = st.floats(0, 1, width=32)
sizes_and_factors = st.tuples(
    arrays(np.float32, (12, 4), elements=unit), arrays(np.float32, (12, 4), elements=unit)
)


@given(sizes_and_factors)
def test_the_two_parts_of_a_change_sum_to_it_exactly(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    factors, sizes = drawn
    passed = np.full(12, np.nan)
    full = sizes.sum(axis=1) > 0
    passed[full] = (factors * sizes)[full].sum(axis=1, dtype=np.float64) / sizes[full].sum(axis=1)
    change = split_change(factors, sizes, slice(0, 12))
    both = change.attention.astype(np.float64) + change.source
    # Their sum differs from the signal passed by the same usual value in every frame.
    left = (passed - both)[full]
    assert np.ptp(left) < 1e-5 if full.any() else not both.any()


@given(sizes_and_factors)
def test_frozen_factors_have_a_shift_of_exactly_zero(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    factors, sizes = drawn
    frozen = np.tile(factors[:1], (12, 1))
    assert not shift(connection(frozen, np.full(4, 0.25, np.float32))).any()
    assert not split_change(frozen, sizes, slice(0, 12)).attention.any()


@given(sizes_and_factors)
def test_a_constant_output_leaves_the_change_to_attention(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    factors, sizes = drawn
    change = split_change(factors, np.tile(sizes[:1], (12, 1)), slice(0, 12))
    assert np.abs(change.source).max() < 1e-6
