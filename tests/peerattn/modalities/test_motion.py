"""Motion as colours: the motion of objects, without that of the camera."""

import numpy as np
import pytest
from numpy.typing import NDArray

from peerattn.modalities.motion import (
    CHANNELS,
    STEPS,
    STILL,
    add_motion,
    add_motion_to_first,
    clear_motion,
    motion_frames,
)


def noise(height: int = 64, width: int = 80) -> NDArray[np.uint8]:
    """A texture (H, W, 3) that flow can follow."""
    grain = np.random.default_rng(0).uniform(0, 255, (height // 4, width // 4, 3))
    return np.kron(grain, np.ones((4, 4, 1))).astype(np.uint8)


def test_motion_channels_are_grey_for_a_still_clip_and_leave_the_colours_unchanged() -> None:
    images = np.stack([noise()] * 5)
    seen = add_motion(images)
    assert seen.shape == (5, 64, 80, CHANNELS)
    np.testing.assert_array_equal(seen[..., :3], images)
    assert np.abs(seen[..., 3:].astype(int) - STILL).max() <= 2


def test_camera_motion_is_removed() -> None:
    picture = noise(64, 96)
    images = np.stack([picture[:, 2 * frame : 2 * frame + 80] for frame in range(2)])
    middle = add_motion(images)[0, 16:-16, 16:-16, 3:5].astype(int)
    assert np.abs(np.median(middle - STILL, axis=(0, 1))).max() <= 2


def test_motion_to_the_right_changes_the_channel_for_horizontal_motion() -> None:
    images = np.stack([noise()] * 2)
    patch = noise(24, 24)[::-1]
    for frame in range(2):
        images[frame, 20:44, 20 + 2 * frame : 44 + 2 * frame] = patch
    right, down = add_motion(images)[0, 26:38, 26:38, 3:5].mean(axis=(0, 1)) - STILL
    assert right > 60  # 2 px are two thirds of 127
    assert abs(down) < 20


@pytest.mark.parametrize("spacing", [1, 4])
@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_every_frame_is_compared_with_frames_inside_the_clip(count: int, spacing: int) -> None:
    for frame in range(count):
        chosen = motion_frames(frame, count, spacing=spacing)
        assert len(chosen) == len(STEPS)
        assert all(0 <= one < count for one in chosen)
    assert motion_frames(0, 20, spacing=spacing) == [step * spacing for step in STEPS]


def test_motion_of_a_single_frame_equals_that_computed_for_the_whole_clip() -> None:
    random = np.random.default_rng(1)
    images = random.integers(0, 255, (6, 24, 24, 3), np.uint8)
    for frame in (0, 5):
        np.testing.assert_array_equal(
            add_motion(images)[frame], add_motion_to_first(images[[frame, *motion_frames(frame, 6)]])
        )


def test_without_motion_only_the_colours_are_left() -> None:
    seen = add_motion(np.random.default_rng(2).integers(0, 255, (3, 24, 24, 3), np.uint8))
    still = clear_motion(seen)
    np.testing.assert_array_equal(still[..., :3], seen[..., :3])
    assert (still[..., 3:] == STILL).all()
