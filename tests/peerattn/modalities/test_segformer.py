"""SegFormer as a segmenter: a tiny one is built here, saved and loaded without a network connection."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.preparation import prepare
from peerattn.modalities.segmenter import estimate_objects, load_segmenter, segmenter_for
from peerattn.modalities.settings import ClipSettings
from peerattn.video.frames import Frames
from tests import media

ADE = 150


def tiny_model(labels: int = ADE) -> Any:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[4, 8, 8, 16],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
        num_labels=labels,
    )
    return transformers.SegformerForSemanticSegmentation(config).eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved SegFormer of ADE-20K's number of classes."""
    tiny_model().save_pretrained(tmp_path / "segformer")
    return tmp_path / "segformer"


def some_frames(count: int = 3) -> Frames:
    return Frames(media.moving_square(count, height=48, width=64), np.arange(count) / 8)


def test_saved_segformer_estimates_object_maps(folder: Path) -> None:
    segmenter = load_segmenter(f"segformer:{folder}")
    maps = estimate_objects(some_frames(), segmenter)
    assert maps.origin == "estimated"
    assert maps.class_ids == tuple(range(1, 152))
    assert maps.class_names[0] == "other"
    assert len(maps.class_names) == 151
    assert maps.ids.shape == (3, 64, 85)
    assert maps.ids.min() >= 2


def test_labels_are_those_of_the_model_itself(folder: Path) -> None:
    """Calling transformers directly on the same picture, at a size that needs no scaling, gives the same."""
    image = np.random.default_rng(0).integers(0, 255, (256, 320, 3), np.uint8)
    mean, deviation = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    pixels = ((torch.from_numpy(image) / 255 - mean) / deviation).permute(2, 0, 1)[None]
    with torch.inference_mode():
        labels = tiny_model()(pixel_values=pixels).logits.argmax(dim=1)
    estimated = load_segmenter(f"segformer:{folder}").estimate(image[None])
    np.testing.assert_array_equal(estimated, labels.numpy() + 2)


def test_a_network_of_151_classes_reads_them_all(folder: Path) -> None:
    modality = Modality("object", 151, class_ids=tuple(range(1, 152)))
    frames = some_frames()
    maps = estimate_objects(frames, load_segmenter(f"segformer:{folder}"))
    clip = prepare(frames, [modality], ClipSettings(size=32, window=3), objects=maps)
    assert clip.remarks == ()
    assert torch.all(clip.tensors["object"].sum(dim=1) == 1)


def test_a_network_that_means_other_things_by_its_classes_is_refused(folder: Path) -> None:
    name = f"segformer:{folder}"
    person = Modality("object", 1, ("person",), (1,))
    with pytest.raises(PeerattnError, match=r"class 1 of .* is 'other', which the network reads as 'person'"):
        segmenter_for(name, [person])
    unnamed = Modality("object", 151, class_ids=tuple(range(1, 152)))
    assert segmenter_for(name, [unnamed])
    assert segmenter_for(name, [Modality("rgb", 3)]) is None


def test_too_many_classes_are_refused(tmp_path: Path) -> None:
    tiny_model(labels=300).save_pretrained(tmp_path / "many")
    with pytest.raises(PeerattnError, match="300 classes"):
        load_segmenter(f"segformer:{tmp_path / 'many'}")


def test_folder_without_a_model_is_refused_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(PeerattnError, match="check the folder") as refused:
        load_segmenter(f"segformer:{tmp_path}")
    assert "\n" not in str(refused.value)


def test_weights_that_cannot_be_fetched_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(PeerattnError, match="check the name and the connection") as refused:
        load_segmenter("segformer:nobody/no-such-segformer")
    assert "\n" not in str(refused.value)


def test_a_missing_optional_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(PeerattnError, match=r"peerattn\[segformer\]"):
        load_segmenter(f"segformer:{os.fspath(Path.cwd())}")
