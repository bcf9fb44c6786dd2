"""From frames to the tensors that a network reads: crop, optical flow, and the object map of each frame."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.alignment import map_of_each_frame
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.flow import optical_flow, remove_camera_motion
from peerattn.modalities.preparation import prepare
from peerattn.modalities.settings import ClipSettings
from peerattn.recording.windows import windows
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames
from tests import media

RGB = Modality("rgb", 3, ("red", "green", "blue"))
FLOW = Modality("flow", 2, ("x", "y"))
OBJECT = Modality("object", 2, ("person", "ball"), (1, 3))
SETTINGS = ClipSettings(size=32, window=4, frame_rate=8.0)


def some_frames(count: int, *, height: int = 48, width: int = 64) -> Frames:
    return Frames(media.moving_square(count, height=height, width=width), np.arange(count) / 8)


def some_maps(count: int, *, height: int = 48, width: int = 64, **places: NDArray[np.int64]) -> ObjectMaps:
    """Object maps; map n shows class 1 + 2 * (n % 2) in its left half."""
    ids = np.zeros((count, height, width), np.uint8)
    ids[:, :, : width // 2] = (1 + 2 * (np.arange(count) % 2))[:, None, None]
    return ObjectMaps(ids, places.get("frames"), (1, 3), ("person", "ball"), "true")


# The square crop


@pytest.mark.parametrize(("height", "width"), [(48, 64), (64, 48), (49, 63), (400, 500), (20, 300)])
def test_the_crop_is_the_central_square(height: int, width: int) -> None:
    columns = np.linspace(0, 255, width).astype(np.uint8)
    image = np.broadcast_to(columns[None, :, None], (height, width, 3))
    clip = prepare(Frames(image[None].repeat(2, 0), np.arange(2) / 8), [RGB], SETTINGS)
    side = min(height, width)
    assert clip.images.shape[1:] == (min(side, 320), min(side, 320), 3)
    assert clip.tensors["rgb"].shape == (1, 3, 2, 32, 32)
    left = (width - side) // 2
    expected = image[0, left : left + side, 0].mean() / 255
    assert clip.tensors["rgb"].mean().item() == pytest.approx(expected, abs=0.02)


def test_frames_of_the_network_size_reach_it_unchanged() -> None:
    frames = some_frames(3, height=32, width=32)
    clip = prepare(frames, [RGB], SETTINGS)
    back = (clip.tensors["rgb"][0].permute(1, 2, 3, 0) * 255).round().to(torch.uint8).numpy()
    np.testing.assert_array_equal(back, frames.images)
    np.testing.assert_array_equal(clip.images, frames.images)


def test_tensors_have_the_memory_layout_that_networks_use() -> None:
    """Channels last, also for windows and batches, so that the network needs no copy."""
    clip = prepare(some_frames(5), [RGB, FLOW, OBJECT], SETTINGS, objects=some_maps(5))
    for tensor in clip.tensors.values():
        for window in (tensor, tensor[:, :, 1:4], torch.cat([tensor, tensor])):
            assert window.is_contiguous(memory_format=torch.channels_last_3d)


def test_a_single_frame_is_repeated_to_fill_a_window_with_a_remark() -> None:
    clip = prepare(some_frames(1), [RGB, FLOW, OBJECT], SETTINGS, objects=some_maps(1))
    assert all(tensor.shape[2] == SETTINGS.window for tensor in clip.tensors.values())
    assert not clip.tensors["flow"].any()
    np.testing.assert_array_equal(clip.times, np.arange(4) / 8)
    assert len(clip.images) == SETTINGS.window
    assert any("repeated 4 times" in remark for remark in clip.remarks)


def test_remarks_of_the_frames_are_kept() -> None:
    frames = some_frames(3)
    remarked = Frames(frames.images, frames.times, ("a remark",))
    assert prepare(remarked, [RGB], SETTINGS).remarks == ("a remark",)


@pytest.mark.parametrize("modality", [Modality("depth", 1, ("m",)), Modality("rgb", 4, ("a", "b", "c", "d"))])
def test_an_unknown_modality_or_number_of_channels_is_refused(modality: Modality) -> None:
    with pytest.raises(PeerattnError, match=modality.name):
        prepare(some_frames(2), [modality], SETTINGS)


# Optical flow


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "medium"])
@pytest.mark.parametrize(("right", "down"), [(2, 1), (-3, 2)])
def test_flow_points_to_the_next_frame(preset: str, right: int, down: int) -> None:
    texture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8), (0, 0), 2)
    images = np.stack(
        [np.roll(texture, (step * down, step * right), (0, 1))[16:112, 16:112] for step in range(3)]
    )
    flow = optical_flow(images, preset)
    assert flow.shape == (3, 96, 96, 2)
    assert np.abs(flow[:2, 12:-12, 12:-12] - (right, down)).mean() < 0.15
    np.testing.assert_array_equal(flow[2], flow[1])


def test_flow_depends_only_on_a_frame_and_the_next_one() -> None:
    images = media.moving_square(5)
    np.testing.assert_array_equal(optical_flow(images)[1], optical_flow(images[1:3])[0])


def camera(frames: int, seed: int = 0) -> NDArray[np.float32]:
    """The flow (T, 40, 48, 2) caused by a camera that pans, zooms and turns."""
    down, across = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 48), indexing="ij")
    places = np.stack([np.ones_like(across), across, down], axis=-1)
    return (places @ np.random.default_rng(seed).normal(0, 2, (frames, 1, 3, 2))).astype(np.float32)


@given(st.integers(0, 1_000), st.integers(1, 4))
def test_removing_camera_motion_from_pure_camera_motion_leaves_nothing(seed: int, frames: int) -> None:
    assert np.abs(remove_camera_motion(camera(frames, seed))).max() < 0.02


@given(st.integers(0, 1_000), st.integers(1, 44))
def test_known_objects_do_not_affect_the_estimated_camera_motion(seed: int, wide: int) -> None:
    own, objects = np.zeros((2, 40, 48, 2), np.float32), np.zeros((2, 40, 48), np.bool_)
    objects[:, :38, 2 : 2 + wide] = True
    own[objects] = (3, -1)
    left = remove_camera_motion(own + camera(2, seed), objects)
    if objects.mean() < 0.85:
        assert np.abs(left - own).max() < 0.1
    np.testing.assert_array_equal(
        remove_camera_motion(own, ~np.zeros_like(objects)), remove_camera_motion(own)
    )  # as if no objects were known, because no background would be left


@given(st.integers(0, 1_000))
def test_objects_keep_their_own_motion_when_camera_motion_is_removed(seed: int) -> None:
    own = np.zeros((2, 40, 48, 2), np.float32)
    own[:, 10:30, 20:30] = (3, -1)
    left = remove_camera_motion(own + camera(2, seed))
    assert np.abs(left - own).max() < 0.1
    assert np.abs(remove_camera_motion(own) - own).max() < 0.1


def test_the_steady_setting_removes_the_motion_of_a_panning_camera() -> None:
    texture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (96, 160, 3), np.uint8), (0, 0), 2)
    images = np.stack([texture[:, 2 * frame : 96 + 2 * frame] for frame in range(4)])
    images[:, 40:60, 40:60] = np.roll(
        texture[40:60, 40:60], 1
    )  # this square stays at the same place in the picture
    clip = {
        steady: prepare(
            Frames(images, np.arange(4) / 8), [FLOW], ClipSettings(96, 4, 8.0, "medium", steady=steady)
        ).tensors["flow"][0, 0]
        for steady in (False, True)
    }
    around, within = (slice(1), slice(70, 90), slice(10, 86)), (slice(1), slice(45, 55), slice(45, 55))
    assert clip[False][around].mean() == pytest.approx(-2, abs=0.1)
    assert clip[True][around].mean() == pytest.approx(0, abs=0.1)
    assert clip[False][within].mean() == pytest.approx(0, abs=0.2)
    assert clip[True][within].mean() == pytest.approx(2, abs=0.2)


def test_flow_of_tiny_frames_and_unknown_presets_is_refused() -> None:
    with pytest.raises(PeerattnError, match="12 px"):
        optical_flow(media.moving_square(2, height=11, width=40), "fast")
    with pytest.raises(PeerattnError, match="slow"):
        optical_flow(media.moving_square(2), "slow")
    with pytest.raises(PeerattnError, match="12 px"):
        prepare(some_frames(2, height=10), [RGB], SETTINGS)


# Windows


@given(st.integers(1, 2000), st.integers(1, 64))
def test_windows_agree_with_numpy_array_split(frames: int, window: int) -> None:
    parts = np.array_split(np.arange(frames), -(-frames // window))
    assert windows(frames, window) == tuple((int(part[0]), int(part[-1]) + 1) for part in parts)
    assert all(0 < stop - start <= window for start, stop in windows(frames, window))


# Object maps and the frames they belong to


def test_the_object_tensor_has_one_channel_per_class() -> None:
    clip = prepare(some_frames(4), [OBJECT], SETTINGS, objects=some_maps(4))
    channels = clip.tensors["object"][0]  # (2, 4, 32, 32)
    left = torch.zeros(32, 32)
    left[:, :16] = 1
    for frame in range(4):
        torch.testing.assert_close(channels[frame % 2, frame], left)
        assert not channels[1 - frame % 2, frame].any()
    assert clip.origin == "true"
    assert clip.object_ids is not None
    assert clip.object_ids.shape == (4, 48, 48)


def test_missing_object_maps_are_refused_rather_than_replaced_by_zeros() -> None:
    with pytest.raises(PeerattnError, match="attach a file or estimate"):
        prepare(some_frames(4), [RGB, OBJECT], SETTINGS)


@given(st.data())
def test_each_frame_gets_the_map_with_its_number_or_the_last_earlier_one_if_held(data: st.DataObject) -> None:
    """If maps are missing, they are refused, or the last earlier map is held, as in the loop below."""
    listed = sorted(data.draw(st.sets(st.integers(0, 30), min_size=1)))
    kept = sorted(data.draw(st.sets(st.integers(0, 30), min_size=1)))
    hold = data.draw(st.booleans())
    maps = ObjectMaps(np.ones((len(listed), 2, 2), np.uint8), np.array(listed), (1,), ("one",), "true")
    frames = Frames(np.zeros((len(kept), 2, 2, 3), np.uint8), np.array(kept) / 30, (), np.array(kept))
    earlier = [[place for place in listed if place <= number] for number in kept]
    missing = sum(number not in listed for number in kept)
    if missing and (not hold or not all(earlier)):
        with pytest.raises(PeerattnError, match=r"frames"):
            map_of_each_frame(maps, frames, frame_rate=8, hold=hold)
        return
    index, remarks = map_of_each_frame(maps, frames, frame_rate=8, hold=hold)
    assert [listed[place] for place in index] == [places[-1] for places in earlier]
    assert bool(remarks) == bool(missing)


def test_the_error_says_how_many_maps_are_missing() -> None:
    with pytest.raises(PeerattnError, match=r"2 of 4 frames have no object map \(the first is frame 1\)"):
        prepare(some_frames(4), [OBJECT], SETTINGS, objects=some_maps(2, frames=np.array([0, 2])))


def test_a_remark_says_how_many_maps_are_held() -> None:
    clip = prepare(
        some_frames(4), [OBJECT], SETTINGS, objects=some_maps(2, frames=np.array([0, 2])), hold=True
    )
    assert clip.remarks == ("2 of 4 frames have no object map: the last earlier map is held",)
    torch.testing.assert_close(clip.tensors["object"][:, :, 0], clip.tensors["object"][:, :, 1])


def test_maps_for_every_frame_of_a_file_are_sampled_like_its_frames(tmp_path: Path) -> None:
    frames = decode(media.write_video(tmp_path / "a.mp4", media.moving_square(30)), frame_rate=8)
    clip = prepare(frames, [OBJECT], SETTINGS, objects=some_maps(30))
    shown = clip.tensors["object"][0, 1, :, 0, 0]  # class 3 is in the maps with odd numbers
    assert shown.tolist() == [number % 2 for number in frames.source_numbers]


@given(st.lists(st.floats(0, 4), min_size=1, max_size=20, unique=True), st.integers(1, 30))
def test_maps_with_times_are_used_for_frames_within_half_a_frame_interval(
    places: list[float], count: int
) -> None:
    places = sorted(places)
    maps = ObjectMaps(np.ones((len(places), 2, 2), np.uint8), None, (1,), ("one",), "true", np.array(places))
    frames = Frames(np.zeros((count, 2, 2, 3), np.uint8), np.arange(count) / 8)
    gaps = [min(abs(place - time) for place in places) for time in frames.times]
    reached = [gap <= 1 / 16 + 0.001 for gap in gaps]
    if not all(reached):
        with pytest.raises(PeerattnError, match=f"{reached.count(False)} of {count}"):
            map_of_each_frame(maps, frames, frame_rate=8, hold=False)
        return
    index, remarks = map_of_each_frame(maps, frames, frame_rate=8, hold=False)
    assert np.abs(np.array(places)[index] - frames.times).tolist() == gaps
    assert remarks == ()


def test_maps_of_another_size_than_the_frames_are_refused() -> None:
    with pytest.raises(PeerattnError, match="48x64 but the frames are 64x48"):
        prepare(some_frames(2), [OBJECT], SETTINGS, objects=some_maps(2, height=64, width=48))


def test_classes_that_only_the_maps_or_only_the_network_have_are_named_in_remarks() -> None:
    maps = ObjectMaps(np.ones((2, 48, 64), np.uint8), None, (1, 9), ("person", "kite"), "attached")
    clip = prepare(some_frames(2), [OBJECT], SETTINGS, objects=maps)
    assert [remark.partition(":")[2] for remark in clip.remarks] == [" 9 (kite)", " 3"]


def test_maps_without_any_class_that_the_network_knows_are_refused() -> None:
    maps = ObjectMaps(np.full((2, 48, 64), 9, np.uint8), None, (9,), ("kite",), "attached")
    with pytest.raises(PeerattnError, match="knows none"):
        prepare(some_frames(2), [OBJECT], SETTINGS, objects=maps)


# Settings


@pytest.mark.parametrize(
    "wrong",
    [
        *({"size": 4}, {"window": 0}, {"frame_rate": 0.0}, {"flow": "slow"}),
        *({"baseline_colour": colour} for colour in ((0, 0), (0, 0, 2), "abc", None, (0, True, 0))),
    ],
)
def test_invalid_settings_are_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(PeerattnError, match=next(iter(wrong)).replace("_", "[_ ]")):
        ClipSettings.from_json(wrong)


def test_the_baseline_colour_is_written_only_if_it_is_not_black() -> None:
    """Older cards and recipes, which do not have the setting, are written back unchanged."""
    assert "baseline_colour" not in ClipSettings().to_json()
    grey = ClipSettings(baseline_colour=(0.5, 0.5, 0.5))
    assert ClipSettings.from_json(json.loads(json.dumps(grey.to_json()))) == grey
    assert grey.baselines == {"rgb": (0.5, 0.5, 0.5)}


# Real files


def test_a_real_video_becomes_a_clip(shared: Path) -> None:
    frames = decode(shared / "clips" / "sam2_05_default_juggle.mp4", frame_rate=8.0, stop=3.0)
    clip = prepare(frames, [RGB, FLOW], ClipSettings())
    assert clip.tensors["rgb"].shape == (1, 3, 24, 64, 64)
    assert 0.05 < clip.tensors["flow"].abs().mean() < 5
    assert clip.images.shape == (24, 180, 180, 3)
