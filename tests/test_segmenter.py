"""Object maps estimated by the segmentation network, and its checkpoint."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from peerattn.errors import PeerattnError
from peerattn.modalities import ClipSettings, Segmenter, estimate_objects, load_segmenter, prepare
from peerattn.structure import Modality
from peerattn.video import Frames, decode
from peerattn.weights import write_card, write_weights
from tests import media

OBJECT = Modality("object", 2, ("person", "ball"), (1, 3))
SETTINGS = ClipSettings(size=32, window=4, frame_rate=8.0)


def some_frames(count: int, *, height: int = 48, width: int = 64) -> Frames:
    return Frames(media.moving_square(count, height=height, width=width), np.arange(count) / 8)


def small_segmenter() -> Segmenter:
    torch.manual_seed(0)
    return Segmenter((1, 3), ("person", "ball"), size=32, width=4).eval()


@pytest.mark.parametrize(("height", "width"), [(48, 64), (180, 101), (32, 32), (20, 37)])
def test_estimated_maps_cover_the_frames(height: int, width: int) -> None:
    frames = some_frames(3, height=height, width=width)
    maps = estimate_objects(frames, small_segmenter())
    assert maps.origin == "estimated"
    assert min(maps.ids.shape[1:]) == 32
    clip = prepare(frames, [OBJECT], SETTINGS, objects=maps)
    assert clip.objects == "estimated"


def test_estimated_maps_belong_to_sampled_frames(tmp_path: Path) -> None:
    frames = decode(media.write_video(tmp_path / "a.mp4", media.moving_square(30)), frame_rate=8)
    maps = estimate_objects(frames, small_segmenter())
    assert maps.frames is not None
    np.testing.assert_array_equal(maps.frames, frames.source_numbers)
    assert prepare(frames, [OBJECT], SETTINGS, objects=maps).remarks == ()


def test_segmenter_stays_within_its_parameters() -> None:
    segmenter = Segmenter(tuple(range(1, 8)), tuple("abcdefg"), size=64, width=10)
    assert sum(parameter.numel() for parameter in segmenter.parameters()) <= 300_000
    assert segmenter(torch.rand(2, 3, 64, 48)).shape == (2, 8, 64, 48)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A segmenter's checkpoint, named "objects"."""
    segmenter = small_segmenter()
    folder = tmp_path / "objects"
    settings = {"size": 32, "width": 4}
    write_card(
        folder, "segmenter", {"class_ids": [1, 3], "class_names": ["person", "ball"], "settings": settings}
    )
    write_weights(folder / "weights.safetensors", segmenter.state_dict())
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
        ({"size": 32, "width": 10**6}, "width"),
        ({"size": 10**6, "width": 4}, "size"),
        ({"size": 32}, "settings"),
        ({"size": 32, "width": 6}, "shape"),
    ],
)
def test_absurd_card_is_refused(saved: Path, settings: dict[str, int], said: str) -> None:
    write_card(saved, "segmenter", {"class_ids": [1, 3], "class_names": ["a", "b"], "settings": settings})
    with pytest.raises(PeerattnError, match=said):
        load_segmenter("objects")


def test_missing_segmenter_is_refused() -> None:
    with pytest.raises(PeerattnError, match="no checkpoint 'no-such-segmenter'"):
        load_segmenter("no-such-segmenter")
