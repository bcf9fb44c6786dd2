"""Overlays: direction and speed of the flow and values of a heat map are packed into levels without loss."""

import cv2
import numpy as np
import pytest

from peerattn.figures.overlays import (
    DIRECTIONS,
    FLOW_SIDE,
    STRENGTHS,
    encode_grey_png,
    flow_levels,
    heat_levels,
    unusual_levels,
)


def even(across: float, down: float, side: int = 8) -> np.ndarray:
    """Flow of one frame that is the same everywhere."""
    return np.broadcast_to(np.float32([across, down])[:, None, None, None], (2, 1, side, side)).copy()


@pytest.mark.parametrize("step", range(DIRECTIONS))
def test_direction_is_counted_clockwise_from_right(step):
    angle = 2 * np.pi * step / DIRECTIONS
    found = flow_levels(even(3 * np.cos(angle), 3 * np.sin(angle)))
    assert set(np.unique((found.levels.astype(int) - 1) % DIRECTIONS)) == {step}
    assert (found.full_speed, found.greatest_speed) == pytest.approx((3, 3), abs=1e-6)


def test_strength_grows_with_speed_in_equal_steps_and_stillness_is_zero():
    flow = np.concatenate([even(speed, 0) for speed in range(STRENGTHS + 1)], axis=1)
    strength = np.ceil(flow_levels(flow).levels[:, 0, 0] / DIRECTIONS)
    np.testing.assert_array_equal(strength, np.arange(STRENGTHS + 1))


def test_zero_flow_has_level_zero_and_speed_zero():
    found = flow_levels(even(0, 0))
    assert (found.levels.any(), found.full_speed, found.greatest_speed) == (False, 0, 0)


def test_large_flow_is_averaged_down_and_its_greatest_speed_is_kept():
    flow = np.zeros((2, 1, 4 * FLOW_SIDE, 2 * FLOW_SIDE), np.float32)
    flow[0, 0, 0, 0] = 16
    found = flow_levels(flow)
    assert found.levels.shape == (1, FLOW_SIDE, FLOW_SIDE // 2)
    assert found.full_speed == pytest.approx(1)  # 16 px spread over 4 × 4 places
    assert found.greatest_speed == 16


def test_heat_levels_span_the_clip_and_an_even_map_is_zero():
    heatmap = np.linspace(2, 5, 4 * 9, dtype=np.float32).reshape(4, 3, 3)
    levels = heat_levels(heatmap)
    assert (levels.min(), levels.max()) == (0, 255)
    np.testing.assert_allclose(2 + levels * (3 / 255), heatmap, atol=3 / 255 / 2 + 1e-6)
    assert not heat_levels(np.full((2, 3, 3), 7, np.float32)).any()


def test_a_picture_contains_the_levels_without_loss():
    levels = np.random.default_rng(0).integers(0, 256, (9, 13), np.uint8)
    read = cv2.imdecode(np.frombuffer(encode_grey_png(levels), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, levels)


def test_what_is_usual_is_clear_and_the_most_unusual_is_strongest():
    shares = np.array([[[0, 0.25, 0.5], [0.75, 0.9, 1]]], np.float32)
    assert unusual_levels(shares).tolist() == [[[0, 0, 0], [128, 204, 255]]]
