"""Object maps estimated by the segmentation network, and its checkpoint."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from peerattn.actionworld.clips import MAP_NAMES
from peerattn.errors import PeerattnError
from peerattn.files.cards import write_card
from peerattn.files.weights import write_weights
from peerattn.graph.specs import Modality
from peerattn.modalities.motion import add_motion
from peerattn.modalities.preparation import prepare
from peerattn.modalities.segmentation_network import SegmentationNetwork, to_tensor
from peerattn.modalities.segmenter import SEGMENTER, estimate_objects, load_segmenter, segmenter_name
from peerattn.modalities.settings import ClipSettings
from peerattn.network.state_arrays import as_arrays
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames
from tests import media

OBJECT = Modality("object", 2, ("person", "ball"), (1, 3))
SETTINGS = ClipSettings(size=32, window=4, frame_rate=8.0)


def some_frames(count: int, *, height: int = 48, width: int = 64) -> Frames:
    return Frames(media.moving_square(count, height=height, width=width), np.arange(count) / 8)


def small_segmenter(*, reduction: int = 1, motion: bool = False) -> SegmentationNetwork:
    torch.manual_seed(0)
    names = ("person", "ball")
    return SegmentationNetwork(
        (1, 3), names, size=32, widths=(4, 12, 20), reduction=reduction, motion=motion
    ).eval()


@pytest.mark.parametrize(("reduction", "motion"), [(1, False), (2, True)])
@pytest.mark.parametrize(("height", "width"), [(48, 64), (180, 101), (32, 32), (20, 37)])
def test_estimated_maps_cover_the_frames(height: int, width: int, reduction: int, motion: bool) -> None:
    frames = some_frames(3, height=height, width=width)
    maps = estimate_objects(frames, small_segmenter(reduction=reduction, motion=motion))
    assert maps.origin == "estimated"
    assert min(maps.ids.shape[1:]) == 32
    clip = prepare(frames, [OBJECT], SETTINGS, objects=maps)
    assert clip.origin == "estimated"


def test_estimated_maps_belong_to_sampled_frames(tmp_path: Path) -> None:
    frames = decode(media.write_video(tmp_path / "a.mp4", media.moving_square(30)), frame_rate=8)
    maps = estimate_objects(frames, small_segmenter())
    assert maps.frames is not None
    np.testing.assert_array_equal(maps.frames, frames.source_numbers)
    assert prepare(frames, [OBJECT], SETTINGS, objects=maps).remarks == ()


def test_segmenter_stays_within_its_parameters() -> None:
    segmenter = SegmentationNetwork(tuple(range(1, 8)), tuple("abcdefg"), size=64, widths=(10, 30, 50, 80))
    assert sum(parameter.numel() for parameter in segmenter.parameters()) <= 300_000
    assert segmenter(torch.rand(2, 3, 64, 48)).shape == (2, 8, 64, 48)


def test_maps_of_a_long_video_are_those_of_its_parts() -> None:
    segmenter, images = small_segmenter(motion=True), media.moving_square(70)
    whole = segmenter.estimate(images)
    np.testing.assert_array_equal(whole[60:66], segmenter.estimate(images[60:])[:6])


def test_the_scores_of_a_segmenter_that_reads_motion_depend_on_motion() -> None:
    segmenter, still = small_segmenter(motion=True), np.repeat(media.moving_square(1), 6, axis=0)
    moving = media.moving_square(6)
    np.testing.assert_array_equal(moving[0], still[0])
    with torch.no_grad():
        logits = [segmenter(to_tensor(add_motion(images)[:1]).float() / 255) for images in (moving, still)]
    assert not torch.allclose(logits[0], logits[1], atol=1e-3)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A segmenter's checkpoint, named "objects"."""
    segmenter = small_segmenter()
    folder = tmp_path / "objects"
    classes = {"class_ids": [1, 3], "class_names": ["person", "ball"]}
    write_card(folder, "segmenter", {**classes, "settings": segmenter.settings})
    write_weights(folder / "weights.safetensors", as_arrays(segmenter.state_dict()))
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tmp_path))
    return folder


def test_loaded_segmenter_is_the_saved_one(saved: Path) -> None:
    frames = some_frames(3)
    np.testing.assert_array_equal(
        estimate_objects(frames, load_segmenter("objects")).ids,
        estimate_objects(frames, small_segmenter()).ids,
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"widths": [10**6, 4]}, "widths"),
        ({"widths": [4] * 20}, "widths"),
        ({"widths": 4}, r"widths is 4, but must be a list"),
        ({"size": 10**6}, "size"),
        ({"reduction": 3}, "reduction"),
        ({"reduction": None}, r"reduction is None, but must be a whole number"),
        ({"widths": [4, 12, 21]}, "shape"),
        ({"motion": True}, "shape"),
    ],
)
def test_absurd_card_is_refused(saved: Path, settings: dict[str, Any], said: str) -> None:
    classes = {"class_ids": [1, 3], "class_names": ["a", "b"]}
    write_card(saved, "segmenter", {**classes, "settings": {**small_segmenter().settings, **settings}})
    with pytest.raises(PeerattnError, match=said):
        load_segmenter("objects")


def test_missing_segmenter_is_refused() -> None:
    with pytest.raises(PeerattnError, match="no checkpoint 'no-such-segmenter'"):
        load_segmenter("no-such-segmenter")


def test_card_of_an_action_network_may_name_its_segmenter() -> None:
    assert segmenter_name({"segmenter": "mine"}) == "mine"
    assert segmenter_name({}) == segmenter_name({"segmenter": None}) == SEGMENTER


@pytest.mark.parametrize("name", ["actionworld-objects", SEGMENTER])
def test_shipped_segmenter_tells_the_classes_of_generated_clips(name: str) -> None:
    segmenter = load_segmenter(name)
    assert segmenter.class_names == MAP_NAMES[1:]
    assert segmenter.class_ids == tuple(range(1, len(MAP_NAMES)))
