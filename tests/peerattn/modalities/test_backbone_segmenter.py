"""The segmenter of a frozen network and a decoder: laws of its maps, its checkpoint, and how well it does."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from peerattn.data.folder import labelled_files
from peerattn.errors import PeerattnError
from peerattn.files.cards import read_card, write_card
from peerattn.files.paths import find_checkpoint
from peerattn.files.weights import WEIGHTS_FILE
from peerattn.graph.specs import Modality
from peerattn.modalities.backbone_segmenter import SHAPE, BackboneSegmenter, Decoder, input_shape
from peerattn.modalities.pretrained.loading import load_backbone
from peerattn.modalities.segmenter import load_segmenter, segmenter_for
from peerattn.segmenter_training.config import DECODER
from peerattn.segmenter_training.decoder import rounded_to_half
from peerattn.segmenter_training.quality import evaluate_persons, person_overlaps
from peerattn.segmenter_training.saving import save_segmenter
from peerattn.segmenter_training.videos import PersonVideo, read_person_video
from peerattn.video.frames import Frames
from tests import media

SHIPPED = "people"
WIDTHS = (4, 6, 8, 10)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def untrained() -> BackboneSegmenter:
    """A decoder with random weights, whose maps show something."""
    torch.manual_seed(0)
    return BackboneSegmenter(load_backbone(), rounded_to_half(Decoder(WIDTHS)).eval())


def pictures(count: int, *, height: int = SHAPE[0], width: int = SHAPE[1]) -> np.ndarray:
    """Noise, which has no symmetry."""
    random = np.random.default_rng(0)
    return random.integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("name", ["random", SHIPPED])
def test_a_mirrored_clip_has_mirrored_maps(name: str) -> None:
    segmenter = untrained() if name == "random" else load_segmenter(name)
    images = pictures(2) if name == "random" else media.moving_square(2, height=SHAPE[0], width=SHAPE[1])
    maps = segmenter.estimate(images)
    mirrored = segmenter.estimate(np.ascontiguousarray(images[:, :, ::-1]))
    assert np.mean(mirrored[:, :, ::-1] != maps) < 1e-3  # sums are rounded in another order


def test_a_frame_has_the_map_that_it_has_in_a_clip() -> None:
    segmenter, images = untrained(), pictures(9, height=64, width=96)
    maps = segmenter.estimate(images)
    assert 0 < maps.mean() < 1
    np.testing.assert_array_equal(segmenter.estimate(images), maps)
    alone = np.concatenate([segmenter.estimate(image[None]) for image in images])
    assert np.mean(alone != maps) < 1e-3


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (192, 256, (192, 256)),
        (240, 320, (192, 256)),
        (320, 240, (256, 192)),
        (1080, 1920, (160, 288)),
        (1920, 1080, (288, 160)),
        (16, 2000, (32, 1024)),
        (2000, 16, (1024, 32)),
        (1, 1, (224, 224)),
    ],
)
def test_frames_of_any_shape_are_read_at_one_cost(height: int, width: int, expected: tuple[int, int]) -> None:
    assert input_shape(height, width) == expected
    assert 0.5 < expected[0] * expected[1] / (SHAPE[0] * SHAPE[1]) < 1.1


@pytest.mark.parametrize(("height", "width"), [(48, 64), (180, 101), (20, 300), (1, 1)])
def test_maps_have_the_shape_of_the_frames(height: int, width: int) -> None:
    maps = untrained().estimate(pictures(1, height=height, width=width))
    rows, columns = input_shape(height, width)
    assert maps.shape == (1, rows // 2, columns // 2)
    assert maps.dtype == np.uint8


def test_a_segmenter_suits_networks_that_read_persons() -> None:
    objects = Modality("object", 2, ("person", "ball"), (1, 2))
    segmenter = segmenter_for(SHIPPED, [objects])
    assert isinstance(segmenter, BackboneSegmenter)
    assert segmenter.class_names == ("person",)
    with pytest.raises(PeerattnError, match="choose another segmenter"):
        segmenter_for(SHIPPED, [Modality("object", 1, ("ball",), (1,))])


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint named "mine"."""
    save_segmenter(tmp_path / "mine", untrained(), config=DECODER, metrics={}, facts={})
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tmp_path))
    return tmp_path / "mine"


def test_a_loaded_segmenter_is_the_saved_one(saved: Path) -> None:
    images = pictures(2, height=64, width=96)
    np.testing.assert_array_equal(load_segmenter("mine").estimate(images), untrained().estimate(images))


def test_only_the_decoder_is_stored() -> None:
    folder = find_checkpoint(SHIPPED)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_000_000
    assert (folder / WEIGHTS_FILE).stat().st_size < (
        find_checkpoint("efficientnet-lite0") / WEIGHTS_FILE
    ).stat().st_size / 10
    assert read_card(folder, "segmenter")["settings"]["backbone"] == "efficientnet-lite0"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"widths": [4, 6]}, "widths"),
        ({"widths": [4, 6, 8, 10**6]}, "widths"),
        ({"widths": 4}, r"widths is 4, but must be a list"),
        ({"widths": [4, 6, 8, 11]}, "shape"),
        ({"backbone": "other"}, "backbone"),
        ({"backbone": None}, "backbone is None"),
    ],
)
def test_an_absurd_card_is_refused(saved: Path, settings: dict[str, Any], said: str) -> None:
    write_card(
        saved, "segmenter", {"settings": {"backbone": "efficientnet-lite0", "widths": WIDTHS, **settings}}
    )
    with pytest.raises(PeerattnError, match=said):
        load_segmenter("mine")


def test_people_of_clips_that_were_not_trained_on_are_found(shared: Path) -> None:
    """The middle frames of every fourth clip of the validation split."""
    segmenter, counts, groups = load_segmenter(SHIPPED), [], []
    for file in labelled_files(shared / "data" / "actions21", split="val")[::4]:
        video = read_person_video(file)
        middle = slice(len(video.persons) // 2, len(video.persons) // 2 + 1)
        frames = Frames(video.frames.images[middle], video.frames.times[middle])
        one = PersonVideo(frames, video.persons[middle], file.group)
        counts.append(person_overlaps(segmenter.estimate(frames.images), one))
        groups.append(file.group)
    assert len(counts) == 40
    assert evaluate_persons(counts, groups, len(counts)).person_iou == pytest.approx(GOLDEN, abs=0.005)


GOLDEN = 0.718
"""Intersection over union on those 40 frames when the segmenter was trained."""
