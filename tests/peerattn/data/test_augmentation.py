"""Augmentation obeys laws: nothing asked, nothing done; what is mirrored, larger or faster moves so."""

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
    """A smooth texture, 96 × 128 px, that moves right by `step` px a frame everywhere."""
    rows, columns = np.mgrid[:96, :128]
    return np.stack(
        [
            np.repeat((128 + 60 * np.sin((columns - step * t) / 5) * np.cos(rows / 6))[..., None], 3, -1)
            for t in range(frames)
        ]
    ).astype(np.uint8)


def rightward(images: NDArray[np.uint8], placement: Placement = UNCHANGED_PLACEMENT) -> float:
    """The mean motion to the right, px a frame, within the square."""
    flow = optical_flow(warp_images(images, placement, 64), "medium")
    return float(flow[:-1, 8:-8, 8:-8, 0].mean())


@given(height=SIDES, width=SIDES, size=st.integers(12, 64), seed=st.integers(0, 99))
def test_nothing_asked_is_the_square_of_evaluation(height: int, width: int, size: int, seed: int) -> None:
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
    # Its corner lies on a whole pixel and its side is rounded: it may be off by a pixel and a half.
    assert corners.min() >= -1.5
    assert corners[0].max() <= width + 0.5
    assert corners[1].max() <= height + 0.5


def test_a_mirror_image_of_a_mirror_image_is_the_picture() -> None:
    mirrored = warp_images(IMAGES, Placement(mirrored=True), 96)
    np.testing.assert_array_equal(mirrored, crop_images(IMAGES, 96)[:, :, ::-1])
    twice = warp_images(mirrored, Placement(mirrored=True), 96)
    np.testing.assert_array_equal(twice, crop_images(IMAGES, 96))


@pytest.mark.parametrize("placement", [Placement(turn=7), Placement(0.7, shift=(0.5, -0.3), mirrored=True)])
def test_maps_go_with_their_frames(placement: Placement) -> None:
    shown = warp_images(np.repeat(IDS[..., None] * np.uint8(36), 3, axis=-1), placement, 96)
    ids = warp_ids(IDS, placement, 96)
    differing = (ids == 7) != (shown[..., 0] > 126)
    assert differing.mean() < 0.01


def test_a_mirror_image_moves_the_other_way() -> None:
    assert rightward(drifting()) == pytest.approx(64 / 96, rel=0.1)
    assert rightward(drifting(), Placement(mirrored=True)) == pytest.approx(-64 / 96, rel=0.1)


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0])
def test_what_is_seen_larger_moves_further(scale: float) -> None:
    assert rightward(drifting(), Placement(scale)) == pytest.approx(64 / 96 / scale, rel=0.1)


def test_what_is_sped_up_moves_further() -> None:
    images = drifting(9)
    numbers = frame_numbers(9, read=4, step=2, start=0)
    assert rightward(images[numbers]) == pytest.approx(2 * rightward(images), rel=0.1)


def test_a_quarter_turn_turns_the_motion() -> None:
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


def test_every_start_is_drawn_alike() -> None:
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


def test_as_it_stands_nothing_is_drawn() -> None:
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


def pictures(images: NDArray[np.uint8], ids: NDArray[np.uint8] | None = None) -> ClipSources:
    return ClipSources(images, optical_flow(images, "ultrafast"), ids)


def test_elsewhere_objects_stay_and_all_around_them_is_the_other_clip() -> None:
    own, other = pictures(IMAGES, IDS), pictures(drifting(8))
    put = replace_background(own, other, [7])
    assert own.flow is not None and other.flow is not None and put.flow is not None
    for made, mine, theirs in ((put.images, IMAGES, other.images), (put.flow, own.flow, other.flow)):
        np.testing.assert_array_equal(made[IDS > 0], mine[IDS > 0])
        np.testing.assert_array_equal(made[IDS == 0], theirs[IDS == 0])
    assert put.ids is IDS
    still = replace_background(replace(own, flow=None), other, [7])
    assert still.flow is None
    np.testing.assert_array_equal(still.images, put.images)


def test_a_clip_stays_where_it_is_while_no_object_that_is_read_is_seen() -> None:
    lost = IDS.copy()
    lost[3] = 0
    for own, read in ((pictures(IMAGES, lost), [7]), (pictures(IMAGES, IDS), [3])):
        assert replace_background(own, pictures(drifting(8)), read) is own


def test_at_most_one_modality_is_dropped_each_in_its_turn() -> None:
    drops = [Augmentation(drop={"rgb": 0.4, "flow": 0.1}).draw(0, 0, clip).dropped for clip in range(2_000)]
    shares = {name: drops.count(name) / len(drops) for name in ("rgb", "flow", None)}
    assert shares["rgb"] == pytest.approx(0.4, abs=0.04)
    assert shares["flow"] == pytest.approx(0.06, abs=0.02)


@given(seed=st.integers(0, 10_000))
def test_colours_change_alike_in_all_frames(seed: int) -> None:
    images = np.repeat(IMAGES[:1, ::4, ::4], 3, axis=0)
    shown = change_colours(images, STRONG.colour, np.random.default_rng(seed))
    assert (shown.shape, shown.dtype) == (images.shape, np.uint8)
    assert np.array_equal(shown[0], shown[1]) and np.array_equal(shown[0], shown[2])


def test_grey_has_no_colour() -> None:
    grey = change_colours(IMAGES, Colour(grey=1.0), np.random.default_rng(0))
    assert np.ptp(grey, axis=-1).max() == 0
    assert grey.mean() == pytest.approx((IMAGES @ np.array([0.299, 0.587, 0.114])).mean(), abs=1)


@given(seed=st.integers(0, 10_000))
def test_degraded_maps_show_nothing_that_was_not_there(seed: int) -> None:
    before = IDS[:, ::2, ::2].copy()
    found = degrade(before, np.random.default_rng(seed))
    assert (found.shape, found.dtype) == (before.shape, np.uint8)
    assert set(np.unique(found).tolist()) <= {0, 7}
    np.testing.assert_array_equal(before, IDS[:, ::2, ::2])


def test_maps_are_degraded_in_many_ways() -> None:
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
def test_settings_that_make_no_sense_are_refused(wrong: Any) -> None:
    with pytest.raises(PeerattnError):
        wrong()
