"""Augmentation: the default changes nothing; flow follows mirroring, zooming, rotation and speed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from peerattn.data.augmentation import (
    STRONG,
    Augmentation,
    Draw,
    Timing,
    frame_numbers,
    frame_step,
    readable_length,
    replace_background,
    warp_clip,
)
from peerattn.data.colour import Colour, change_colours
from peerattn.data.degradation import degrade
from peerattn.data.prepared import PreparedClip
from peerattn.data.warp import UNCHANGED_PLACEMENT, Placement, Warp, warp_ids, warp_images
from peerattn.errors import PeerattnError
from peerattn.modalities.flow import FrameTiming, optical_flow
from peerattn.modalities.preparation import ClipSources
from peerattn.modalities.view import crop_ids, crop_images
from tests.media import moving_square

IMAGES = moving_square(8, height=96, width=128)
IDS = np.where(IMAGES[..., 0] > 200, 7, 0).astype(np.uint8)
STILL = PreparedClip(IMAGES[:1], None, 1, FrameTiming(np.zeros(1), 1 / 8))
SIDES = st.integers(12, 90)


def drifting(frames: int = 6, *, step: int = 1) -> NDArray[np.uint8]:
    """A smooth texture, 96 × 128 px, that moves to the right by `step` px per frame."""
    rows, columns = np.mgrid[:96, :128]
    return np.stack(
        [
            np.repeat((128 + 60 * np.sin((columns - step * t) / 5) * np.cos(rows / 6))[..., None], 3, -1)
            for t in range(frames)
        ]
    ).astype(np.uint8)


def rightward(images: NDArray[np.uint8], placement: Placement = UNCHANGED_PLACEMENT) -> float:
    """The mean motion to the right within the square, in px per frame."""
    flow = optical_flow(warp_images(images, placement, 64), "medium")
    return float(flow[:-1, 8:-8, 8:-8, 0].mean())


@given(height=SIDES, width=SIDES, size=st.integers(12, 64), seed=st.integers(0, 99))
def test_the_default_placement_is_the_crop_used_in_evaluation(
    height: int, width: int, size: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    np.testing.assert_array_equal(warp_images(images, Placement(), size), crop_images(images, size))
    np.testing.assert_array_equal(warp_ids(images[..., 0], Placement(), size), crop_ids(images[..., 0], size))


@given(height=SIDES, width=SIDES, scale=st.floats(0.5, 1), across=st.floats(-1, 1), down=st.floats(-1, 1))
def test_a_shifted_square_stays_within_the_picture(
    height: int, width: int, scale: float, across: float, down: float
) -> None:
    placement = Placement(scale=scale, shift=(across, down))
    side = placement.side(height, width)
    corners = placement.matrix(height, width) @ np.array([[0, 0, 1], [side - 1, side - 1, 1]]).T
    # The corner is rounded to a whole pixel and so is the side: together they can be 1.5 px off.
    assert corners.min() >= -1.5
    assert corners[0].max() <= width + 0.5
    assert corners[1].max() <= height + 0.5


def test_mirroring_twice_restores_the_picture() -> None:
    mirrored = warp_images(IMAGES, Placement(mirrored=True), 96)
    np.testing.assert_array_equal(mirrored, crop_images(IMAGES, 96)[:, :, ::-1])
    twice = warp_images(mirrored, Placement(mirrored=True), 96)
    np.testing.assert_array_equal(twice, crop_images(IMAGES, 96))


@pytest.mark.parametrize("placement", [Placement(turn=7), Placement(0.7, shift=(0.5, -0.3), mirrored=True)])
def test_maps_are_warped_like_their_frames(placement: Placement) -> None:
    warped = warp_images(np.repeat(IDS[..., None] * np.uint8(36), 3, axis=-1), placement, 96)
    ids = warp_ids(IDS, placement, 96)
    differing = (ids == 7) != (warped[..., 0] > 126)
    assert differing.mean() < 0.01


def test_mirroring_reverses_horizontal_motion() -> None:
    assert rightward(drifting()) == pytest.approx(64 / 96, rel=0.1)
    assert rightward(drifting(), Placement(mirrored=True)) == pytest.approx(-64 / 96, rel=0.1)


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0])
def test_zooming_in_magnifies_motion_by_the_same_factor(scale: float) -> None:
    assert rightward(drifting(), Placement(scale)) == pytest.approx(64 / 96 / scale, rel=0.1)


def test_reading_every_second_frame_doubles_the_motion() -> None:
    images = drifting(9)
    numbers = frame_numbers(9, read=4, step=2, start=0)
    assert rightward(images[numbers]) == pytest.approx(2 * rightward(images), rel=0.1)


def test_a_quarter_turn_makes_horizontal_motion_vertical() -> None:
    flow = optical_flow(warp_images(drifting(), Placement(turn=90), 64), "medium")[:-1, 8:-8, 8:-8]
    assert flow[..., 0].mean() == pytest.approx(0, abs=0.05)
    assert abs(flow[..., 1].mean()) == pytest.approx(64 / 96, rel=0.1)


@given(
    frames=st.integers(1, 60),
    window=st.integers(1, 20),
    phases=st.integers(1, 4),
    stretch=st.floats(0.5, 2),
    start=st.floats(0, 1, exclude_max=True),
    fill=st.booleans(),
)
def test_frames_are_read_in_even_steps_within_the_clip(
    frames: int, window: int, phases: int, stretch: float, start: float, fill: bool
) -> None:
    clip = PreparedClip(
        np.zeros((frames, 1, 1, 3), np.uint8), None, phases, FrameTiming(np.arange(frames) / 8, 1 / 8)
    )
    read_step = frame_step(clip, Draw(stretch), window, Timing(fill=fill))
    read = readable_length(clip, read_step, window)
    numbers = frame_numbers(frames, read=read, step=read_step, start=start)
    assert len(numbers) == read <= window
    assert numbers[0] >= 0
    assert numbers[-1] < frames
    if frames > 1:
        steps = np.diff(numbers)
        assert np.all((steps >= 1) & (np.abs(steps - read_step) <= 1))
    if frames >= window and fill:
        assert read == window


def test_all_possible_first_frames_are_equally_likely() -> None:
    firsts = [frame_numbers(10, read=3, step=2, start=start)[0] for start in np.linspace(0, 1, 600, False)]
    assert np.bincount(firsts).tolist() == [100] * 6


def test_a_still_picture_fills_the_window() -> None:
    assert readable_length(STILL, 1, 16) == 16
    assert frame_numbers(1, read=16, step=1, start=0.7).tolist() == [0] * 16


@given(seed=st.integers(0, 2**40), epoch=st.integers(0, 1000), clip=st.integers(0, 10**6))
def test_a_draw_depends_on_seed_epoch_and_clip_alone(seed: int, epoch: int, clip: int) -> None:
    def drawn(*numbers: int) -> tuple[Any, ...]:
        draw = STRONG.draw(*numbers)
        assert draw.colour is not None
        return draw.stretch, draw.start, draw.placement, draw.dropped, draw.share, draw.colour.random()

    here = drawn(seed, epoch, clip)
    assert here == drawn(seed, epoch, clip)
    for other in ((seed + 1, epoch, clip), (seed, epoch + 1, clip), (seed, epoch, clip + 1)):
        assert drawn(*other)[:3] != here[:3]


def test_the_default_augmentation_changes_nothing() -> None:
    draw = Augmentation().draw(0, 1, 2)
    assert (draw.stretch, draw.start, draw.placement) == (1.0, 0.0, Placement())
    assert (draw.maps, draw.dropped, draw.share) == (None, None, 1.0)
    assert not (draw.others or draw.elsewhere)
    images, ids = warp_clip(
        PreparedClip(IMAGES, IDS, 1, FrameTiming(np.arange(len(IMAGES)) / 8, 1 / 8)), draw, 64
    )
    np.testing.assert_array_equal(images, crop_images(IMAGES, 64))
    np.testing.assert_array_equal(ids, crop_ids(IDS, 64))
    assert change_colours(images, Colour(), np.random.default_rng(0)) is images


def with_flow(images: NDArray[np.uint8], ids: NDArray[np.uint8] | None = None) -> ClipSources:
    """The frames and maps, with the optical flow of the frames."""
    return ClipSources(images, optical_flow(images, "ultrafast"), ids)


def test_a_replaced_background_leaves_the_objects_and_their_flow_unchanged() -> None:
    own, other = with_flow(IMAGES, IDS), with_flow(drifting(8))
    combined = replace_background(own, other, [7])
    assert own.flow is not None and other.flow is not None and combined.flow is not None
    for result, foreground, background in (
        (combined.images, IMAGES, other.images),
        (combined.flow, own.flow, other.flow),
    ):
        np.testing.assert_array_equal(result[IDS > 0], foreground[IDS > 0])
        np.testing.assert_array_equal(result[IDS == 0], background[IDS == 0])
    assert combined.ids is IDS
    without_flow = replace_background(replace(own, flow=None), other, [7])
    assert without_flow.flow is None
    np.testing.assert_array_equal(without_flow.images, combined.images)


def test_the_background_is_kept_if_any_frame_shows_none_of_the_objects() -> None:
    one_frame_empty = IDS.copy()
    one_frame_empty[3] = 0
    for own, class_ids in ((with_flow(IMAGES, one_frame_empty), [7]), (with_flow(IMAGES, IDS), [3])):
        assert replace_background(own, with_flow(drifting(8)), class_ids) is own


def test_a_modality_can_only_be_dropped_if_no_earlier_one_was() -> None:
    drops = [Augmentation(drop={"rgb": 0.4, "flow": 0.1}).draw(0, 0, clip).dropped for clip in range(2_000)]
    shares = {name: drops.count(name) / len(drops) for name in ("rgb", "flow", None)}
    assert shares["rgb"] == pytest.approx(0.4, abs=0.04)
    assert shares["flow"] == pytest.approx(0.6 * 0.1, abs=0.02)


@given(seed=st.integers(0, 10_000))
def test_colours_change_in_the_same_way_in_all_frames(seed: int) -> None:
    images = np.repeat(IMAGES[:1, ::4, ::4], 3, axis=0)
    shown = change_colours(images, STRONG.colour, np.random.default_rng(seed))
    assert (shown.shape, shown.dtype) == (images.shape, np.uint8)
    assert np.array_equal(shown[0], shown[1]) and np.array_equal(shown[0], shown[2])


def test_grey_clips_have_equal_channels_and_keep_their_luminance() -> None:
    grey = change_colours(IMAGES, Colour(grey=1.0), np.random.default_rng(0))
    assert np.ptp(grey, axis=-1).max() == 0
    assert grey.mean() == pytest.approx((IMAGES @ np.array([0.299, 0.587, 0.114])).mean(), abs=1)


@given(seed=st.integers(0, 10_000))
def test_degraded_maps_contain_no_new_class_and_the_input_is_not_modified(seed: int) -> None:
    before = IDS[:, ::2, ::2].copy()
    degraded = degrade(before, np.random.default_rng(seed))
    assert (degraded.shape, degraded.dtype) == (before.shape, np.uint8)
    assert set(np.unique(degraded).tolist()) <= {0, 7}
    np.testing.assert_array_equal(before, IDS[:, ::2, ::2])


def test_maps_are_degraded_in_many_ways_and_empty_maps_stay_empty() -> None:
    kinds = {degrade(IDS, np.random.default_rng(seed)).tobytes() for seed in range(20)}
    assert len(kinds) > 10
    assert degrade(np.zeros_like(IDS), np.random.default_rng(0)).max() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Warp(scale=(1.0, 0.5)),
        lambda: Warp(aspect=0.5),
        lambda: Warp(flip=2),
        lambda: Timing(stretch=(0.0, 1.0)),
        lambda: Colour(grey=-0.1),
        lambda: Colour(contrast=(2.0, 1.0)),
        lambda: Augmentation(degrade=1.5),
        lambda: Augmentation(drop={"rgb": 2.0}),
        lambda: Augmentation(mixup=-1.0),
    ],
)
def test_settings_out_of_range_are_refused(wrong: Any) -> None:
    with pytest.raises(PeerattnError):
        wrong()
