"""Training a decoder for a frozen network: its views, its cache, that it learns, and its commands."""

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from peerattn.__main__ import app
from peerattn.actionworld.clips import generate
from peerattn.cli import segmentation_run
from peerattn.data.cache import Cache
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.errors import PeerattnError
from peerattn.modalities.backbone_segmenter import SHAPE, BackboneSegmenter
from peerattn.modalities.objects import PERSON, read_objects
from peerattn.modalities.pretrained.efficientnet import PYRAMID, EfficientNetLite0
from peerattn.modalities.pretrained.loading import load_backbone
from peerattn.modalities.segmenter import load_segmenter
from peerattn.segmenter_training import config
from peerattn.segmenter_training.config import DECODER, DecoderConfig, ViewPlan
from peerattn.segmenter_training.decoder import iou_on_views, rounded_to_half, train_decoder
from peerattn.segmenter_training.features import MASK_SHAPE, Views, draw_shots, views_of, views_of_clips
from peerattn.segmenter_training.videos import PersonVideo
from peerattn.video.frames import Frames
from tests import media

PLAN = ViewPlan(frames=1, varied=1)
TINY = replace(DECODER, views=PLAN, steps=2, batch=2, widths=(4, 6, 8, 10))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def backbone() -> EfficientNetLite0:
    return load_backbone()


def generated_video(seed: int) -> PersonVideo:
    """A generated clip with the masks of its figure."""
    clip = generate(seed, frames=4, size=96)
    return PersonVideo(Frames(clip.images, np.arange(4) / 8), clip.object_ids == PERSON, str(seed))


def generated_views(seeds: range, backbone: EfficientNetLite0) -> Views:
    views = [
        views_of(draw_shots(generated_video(seed), PLAN, np.random.default_rng(seed)), backbone)
        for seed in seeds
    ]
    maps = zip(*(one.maps for one in views), strict=True)
    return Views(tuple(np.concatenate(one) for one in maps), np.concatenate([one.persons for one in views]))


@pytest.mark.parametrize(("height", "width"), [(48, 64), (96, 40), (30, 200)])
def test_views_are_whole_frames_mirrored_frames_and_random_ones(height: int, width: int) -> None:
    images = media.moving_square(6, height=height, width=width)
    video = PersonVideo(Frames(images, np.arange(6) / 30), np.ones(images.shape[:3], bool), "film")
    shot = draw_shots(video, ViewPlan(frames=2, varied=3), np.random.default_rng(0))
    assert shot.images.shape == (7, *SHAPE, 3)
    assert shot.persons.shape == (7, *SHAPE)
    np.testing.assert_array_equal(shot.images[2:4], shot.images[:2, :, ::-1])
    share = min(SHAPE[0] / height, SHAPE[1] / width) ** 2 * height * width / (SHAPE[0] * SHAPE[1])
    assert (shot.persons[0] > 127).mean() == pytest.approx(share, abs=0.01)


def test_views_hold_maps_of_every_size(backbone: EfficientNetLite0) -> None:
    views = generated_views(range(2), backbone)
    assert len(views) == 2 * PLAN.count == len(views.persons)
    assert views.persons.shape[1:] == MASK_SHAPE
    expected = [(channels, SHAPE[0] // side, SHAPE[1] // side) for side, (_, channels) in PYRAMID.items()]
    assert [one.shape[1:] for one in views.maps] == expected


def test_a_decoder_learns_to_find_the_figure_of_unseen_generated_clips(backbone: EfficientNetLite0) -> None:
    settings = replace(TINY, steps=120, batch=8, widths=(8, 12, 16, 16), averaging=0.9)
    views, unseen = generated_views(range(24), backbone), generated_views(range(50, 58), backbone)
    numbers = np.arange(len(unseen))
    before = train_decoder(views, np.arange(len(views)), replace(settings, steps=1))
    after = train_decoder(views, np.arange(len(views)), settings)
    assert iou_on_views(before, unseen, numbers) < 0.2
    assert iou_on_views(after, unseen, numbers) > 0.4


def test_training_is_reproducible_and_learns_only_from_the_chosen_views(backbone: EfficientNetLite0) -> None:
    views = generated_views(range(3), backbone)
    chosen = np.arange(PLAN.count)
    first = train_decoder(views, chosen, TINY).state_dict()
    broken = Views(tuple(one.copy() for one in views.maps), views.persons.copy())
    for array in (*broken.maps, broken.persons):
        array[PLAN.count :] = 0
    for again in (train_decoder(views, chosen, TINY), train_decoder(broken, chosen, TINY)):
        assert all(torch.equal(first[name], tensor) for name, tensor in again.state_dict().items())
    other = train_decoder(views, chosen, replace(TINY, seed=1)).state_dict()
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_half_precision_keeps_what_a_decoder_finds(backbone: EfficientNetLite0) -> None:
    views = generated_views(range(2), backbone)
    decoder = train_decoder(views, np.arange(len(views)), TINY)
    rounded = rounded_to_half(decoder)
    assert not torch.equal(rounded.head.weight, decoder.head.weight)
    torch.testing.assert_close(rounded.head.weight, decoder.head.weight, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch": 0}, {"seed": -1}, {"views": ViewPlan(0, 1)}])
def test_senseless_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(PeerattnError):
        replace(DecoderConfig(), **wrong)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of six clips of three source videos, four to learn from, each with packed masks."""
    folder = tmp_path / "data"
    rows = []
    for number, (split, group) in enumerate(
        [("train", "a"), ("train", "a"), ("train", "b"), ("train", "b"), ("val", "c"), ("val", "c")]
    ):
        images = media.moving_square(4, height=48, width=64, step=number + 1)
        persons = (images[..., 0] > 200).astype(np.uint8)
        path, masks = f"{split}/walk/{number}.mp4", f"masks/{number}.npz"
        for name in (path, masks):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        media.write_video(folder / path, images)
        np.savez_compressed(folder / masks, mask=np.packbits(persons, axis=-1), shape=persons.shape)
        rows.append({"path": path, "label": "walk", "split": split, "group": group, "mask_path": masks})
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_clip_is_shown_to_the_frozen_network_once(
    data: Path, tmp_path: Path, backbone: EfficientNetLite0, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, skipped = labelled_files(data, split="train"), list[str]()
    (data / "train" / "walk" / "1.mp4").write_bytes(b"rubbish")

    def skip(file: LabelledFile, reason: str) -> None:
        skipped.append(file.path.name)

    found = []
    for _ in range(2):
        with views_of_clips(files, backbone, PLAN, skip=skip, cache=Cache(tmp_path / "cache")) as (
            views,
            read,
        ):
            assert [file.path.name for file in read] == ["0.mp4", "2.mp4", "3.mp4"]
            found.append([one.copy() for one in (*views.maps, views.persons)])
        monkeypatch.setattr(EfficientNetLite0, "pyramid", None)
    assert all(np.array_equal(one, other) for one, other in zip(*found, strict=True))
    assert skipped == ["1.mp4"] * 2
    assert found[0][-1].max() == 255


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of checkpoints of commands that train for a moment only."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tmp_path / "checkpoints"))
    monkeypatch.setenv("PEERATTN_CACHE", os.fspath(tmp_path / "cache"))
    monkeypatch.setattr(config, "DECODER", TINY)
    return tmp_path / "checkpoints"


ASKED = ["--backbone", "efficientnet-lite0", "--json", "-"]


def test_train_objects_learns_people_on_a_frozen_network(data: Path, tiny: Path) -> None:
    asked = ["train-objects", "--data", os.fspath(data), "--out", "mine", "--about", "Our own film.", *ASKED]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    card = json.loads((tiny / "mine" / "card.json").read_text(encoding="utf-8"))
    assert json.loads(done.stdout) == card["metrics"]
    assert (card["metrics"]["people"]["n"], card["clips"]) == (2, {"train": 4, "val": 2})
    assert card["data"] == "Our own film."
    assert card["training"]["views"] == {"frames": 1, "varied": 1}
    assert card["half_precision"]["training_frames"] == 4
    assert isinstance(load_segmenter("mine"), BackboneSegmenter)
    asked = ["evaluate-objects", "--checkpoint", "mine", "--data", os.fspath(data), "--json", "-"]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert json.loads(done.stdout) == card["metrics"]


def test_cross_fit_learns_on_a_frozen_network(
    data: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "maps"
    asked = ["cross-fit", "--data", os.fspath(data), "--folds", "2", "--out", os.fspath(out), *ASKED]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert json.loads(done.stdout)["people"]["n"] == 4
    assert sorted(path.name for path in out.rglob("*.npz")) == [f"{number}.npz" for number in range(4)]
    assert read_objects(out / "train" / "walk" / "0.npz").class_names == ("person",)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--backbone", "other", "--data", "."], "only one"),
        (["--backbone", "efficientnet-lite0"], "--data"),
        (["--backbone", "efficientnet-lite0", "--data", ".", "--clips", "16"], "--clips"),
    ],
)
def test_options_that_do_not_go_together_are_refused(asked: list[str], said: str) -> None:
    with pytest.raises(PeerattnError, match=said):
        CliRunner().invoke(app, ["train-objects", "--out", "mine", *asked], catch_exceptions=False)


def test_a_segmenter_of_people_is_measured_on_people() -> None:
    with pytest.raises(PeerattnError, match="knows only people"):
        segmentation_run.load_measurable("people", None, torch.device("cpu"))
