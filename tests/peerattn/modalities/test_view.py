"""The view around objects: it contains them, follows a mirror image, and is the same for all modalities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from peerattn.data.warp import Placement, warp_ids, warp_images
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.preparation import CROP_REMARK, NO_OBJECTS_REMARK, prepare
from peerattn.modalities.settings import ClipSettings
from peerattn.modalities.view import CENTRE, View, crop_ids, crop_images, view_around
from peerattn.video.frames import Frames
from tests.media import moving_square

RGB, FLOW = Modality("rgb", 3), Modality("flow", 2)
OBJECT = Modality("object", 1, ("person",), (1,))
CLOSER = ClipSettings(size=32, window=4, frame_rate=8.0, view="objects")
SIDES = st.integers(16, 90)
PARTS = st.floats(0, 1)
VIEWS = st.builds(View, PARTS, PARTS, st.floats(0.1, 1))


def boxes(*corners: tuple[int, int, int, int], height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    """(T, H, W) maps that show class 1 from left to right and from top to bottom."""
    ids = np.zeros((len(corners), height, width), np.uint8)
    for one, (left, right, top, bottom) in zip(ids, corners, strict=True):
        one[top:bottom, left:right] = 1
    return ids


def a_clip(ids: NDArray[np.uint8]) -> tuple[Frames, ObjectMaps]:
    """Frames and maps; the brightness of a pixel depends on its class id."""
    frames = Frames(np.repeat(ids[..., None] * np.uint8(60), 3, axis=-1), np.arange(len(ids)) / 8)
    return frames, ObjectMaps(ids, None, (1, 2), ("person", "ball"), "true")


@given(VIEWS, SIDES, SIDES)
def test_a_view_lies_within_the_picture(view: View, height: int, width: int) -> None:
    left, top, side = view.pixels(height, width)
    assert min(left, top) >= 0
    assert left + side <= width
    assert top + side <= height
    assert 1 <= side <= min(height, width)


@given(SIDES, SIDES)
def test_the_centre_is_the_largest_square_in_the_middle(height: int, width: int) -> None:
    side = min(height, width)
    assert CENTRE.pixels(height, width) == ((width - side) // 2, (height - side) // 2, side)


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 40), st.integers(1, 20))
def test_the_objects_are_in_view(left: int, across: int, top: int, down: int) -> None:
    ids = boxes((left, left + across, top, top + down))
    view = view_around(ids, [1])
    if view is None:
        assert ids.mean() < 0.001
    else:
        side = view.pixels(60, 80)[2]
        assert crop_ids(ids, side, view).sum() >= 0.9 * ids.sum()
        assert 24 <= side < 60  # 0.4 of 60 at least, and objects of 20 px need no more than that


def test_one_view_contains_a_moving_object_in_every_frame() -> None:
    ids = boxes((10, 20, 20, 40), (25, 35, 20, 40), (40, 50, 20, 40))
    view = view_around(ids, [1])
    assert view is not None
    left, top, side = view.pixels(60, 80)
    assert (left, side) == (5, 50)  # from 10 to 50, a quarter more
    assert top == 5


@given(st.integers(0, 50), st.integers(3, 30), st.integers(0, 30), st.integers(3, 30))
def test_a_mirror_image_has_the_mirrored_view(left: int, across: int, top: int, down: int) -> None:
    ids = boxes((left, left + across, top, top + down))
    view, mirrored = view_around(ids, [1]), view_around(ids[:, :, ::-1], [1])
    assert view is not None and mirrored is not None
    assert mirrored.across == pytest.approx(1 - view.across, abs=0.02)
    assert (mirrored.down, mirrored.side) == (view.down, pytest.approx(view.side, abs=0.02))


def test_a_few_stray_pixels_do_not_widen_the_view() -> None:
    ids = boxes((30, 50, 10, 50))
    view = view_around(ids, [1])
    ids[0, 0, [0, 1, 78, 79]] = 1
    assert view_around(ids, [1]) == view


def test_only_the_classes_that_are_read_count() -> None:
    ids = boxes((10, 20, 10, 20))
    view = view_around(ids, [1])
    ids[:, 40:, 40:] = 2
    assert view_around(ids, [1]) == view
    assert view_around(ids, [1, 2]) != view


def test_with_empty_maps_the_central_square_is_read_with_a_remark() -> None:
    assert view_around(boxes((0, 0, 0, 0)), [1]) is None
    frames, maps = a_clip(boxes((0, 0, 0, 0), (0, 0, 0, 0)))
    clip = prepare(frames, [RGB, OBJECT], CLOSER, objects=maps)
    assert clip.remarks == (NO_OBJECTS_REMARK,)
    assert clip.images.shape[1:3] == (60, 60)


def test_a_person_is_looked_for_where_people_are_the_only_objects_that_are_read() -> None:
    with_other = Modality("object", 2, (), (1, 2))
    for ids, found in ((boxes((10, 20, 10, 20)), True), (2 * boxes((10, 20, 10, 20)), False)):
        frames, maps = a_clip(ids)
        assert prepare(frames, [RGB, OBJECT], CLOSER, objects=maps).person_found is found
        assert prepare(frames, [RGB, with_other], CLOSER, objects=maps).person_found is None
        assert prepare(frames, [RGB], CLOSER).person_found is None


def test_objects_that_fill_the_picture_are_objects() -> None:
    frames, maps = a_clip(boxes((0, 80, 0, 60), (0, 80, 0, 60)))
    clip = prepare(frames, [RGB, OBJECT], CLOSER, objects=maps)
    assert clip.remarks == (CROP_REMARK,)
    assert clip.images.shape[1:3] == (60, 60)


@pytest.mark.parametrize("settings", [CLOSER, ClipSettings(size=32, window=4, frame_rate=8.0)])
def test_frames_maps_and_displayed_images_are_cropped_alike(settings: ClipSettings) -> None:
    frames, maps = a_clip(boxes((60, 70, 10, 30), (62, 72, 10, 30)))
    clip = prepare(frames, [RGB, FLOW, OBJECT], settings, objects=maps)
    assert clip.object_ids is not None
    assert clip.remarks == ((CROP_REMARK,) if settings == CLOSER else ())
    assert clip.images.shape[:3] == clip.object_ids.shape == (2, 60, 60)
    assert ((clip.images[..., 0] > 30) == (clip.object_ids == 1)).mean() > 0.97
    person = clip.tensors["object"][0, 0] > 0
    assert ((clip.tensors["rgb"][0, 0] > 30 / 255) == person).float().mean() > 0.97
    # It fills its own square; from the central one it is cut off.
    assert (person.float().mean() > 0.3) == (settings == CLOSER)


def test_without_object_maps_the_central_square_is_read() -> None:
    frames = Frames(moving_square(3), np.arange(3) / 8)
    close, plain = (prepare(frames, [RGB], one) for one in (CLOSER, ClipSettings(32, 4, 8.0)))
    np.testing.assert_array_equal(close.images, plain.images)
    assert close.remarks == (NO_OBJECTS_REMARK,)


@given(VIEWS, SIDES, SIDES, st.integers(12, 64))
def test_the_default_placement_is_the_view(view: View, height: int, width: int, size: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        warp_images(images, Placement(), size, view), crop_images(images, size, view)
    )
    ids = images[..., 0]
    np.testing.assert_array_equal(warp_ids(ids, Placement(), size, view), crop_ids(ids, size, view))


def test_a_mirrored_view_shows_the_same_part() -> None:
    images, view = moving_square(3), View(0.3, 0.6, 0.5)
    mirrored = warp_images(images, Placement(mirrored=True), 24, view)
    np.testing.assert_array_equal(mirrored, crop_images(images, 24, view)[:, :, ::-1])


def test_a_square_moves_an_eighth_of_its_side_from_the_view() -> None:
    view = View(0.5, 0.5, 0.5)
    shifted = Placement(shift=(1, -1)).matrix(96, 128, view) - Placement().matrix(96, 128, view)
    np.testing.assert_allclose(shifted, [[0, 0, 48 / 8], [0, 0, -48 / 8]])


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(PeerattnError, match="steady is 'no', but must be true or false"):
        ClipSettings.from_json({"steady": "no"})  # as a card may say
    with pytest.raises(PeerattnError, match="'above' is not one of centre, objects"):
        ClipSettings(view="above")
