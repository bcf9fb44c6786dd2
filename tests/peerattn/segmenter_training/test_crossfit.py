"""Cross-fitted maps: no clip's maps come from a network trained on its source video; every frame has one."""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from typer.testing import CliRunner

from peerattn.__main__ import app
from peerattn.cli import segmentation as segmentation_commands
from peerattn.cli import segmentation_run
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.errors import PeerattnError
from peerattn.modalities.objects import read_objects
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.segmenter import estimate_objects, load_segmenter
from peerattn.segmenter_training import config, crossfit, quality, videos
from peerattn.segmenter_training.config import PEOPLE, START
from peerattn.segmenter_training.crossfit import assign_folds, estimate_all_frames, maps_of_every_frame
from peerattn.segmenter_training.saving import atomic_folder, save_segmenter
from peerattn.segmenter_training.training import train_segmenter
from peerattn.segmenter_training.videos import PersonVideo, read_person_video, with_masks
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames
from tests import media
from tests.devices import check

TINY = {"size": 32, "widths": (2, 4, 6)}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of six clips of three source videos, four to learn from, each with packed masks."""
    folder = tmp_path / "data"
    rows = []
    for number, (split, group) in enumerate(
        [("train", "a"), ("train", "a"), ("train", "b"), ("train", "b"), ("val", "c"), ("val", "c")]
    ):
        images = media.moving_square(8, height=48, width=64, step=number + 1)
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


@given(st.lists(st.integers(0, 9), min_size=10), st.integers(2, 4))
def test_folds_keep_groups_together_and_are_about_as_large(numbers: list[int], folds: int) -> None:
    groups = [f"film {number}" for number in numbers]
    if len(set(groups)) < folds:
        with pytest.raises(PeerattnError, match="folds"):
            assign_folds(groups, folds)
        return
    chosen = assign_folds(groups, folds)
    assert len({(group, fold) for group, fold in zip(groups, chosen, strict=True)}) == len(set(groups))
    sizes = Counter(chosen)
    assert set(sizes) == set(range(folds))
    assert max(sizes.values()) - min(sizes.values()) <= max(Counter(groups).values())


def unexpected(file: LabelledFile, reason: str) -> None:
    raise AssertionError(f"{file.path} was skipped: {reason}")


def test_no_network_makes_maps_for_source_videos_it_was_trained_on(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    start = SegmentationNetwork((1,), ("person",), size=32, widths=(2, 4), motion=True).eval()

    def train(config: object, videos: list[PersonVideo], **given: object) -> SegmentationNetwork:
        seen.append({video.group for video in videos})
        return start

    monkeypatch.setattr(crossfit, "train_segmenter", train)
    monkeypatch.setattr(videos, "MAX_SECONDS", 0.1)
    files = labelled_files(data, split="train")
    config = replace(PEOPLE, clips=16, **TINY)
    given = {"start": start, "folds": 2, "frame_rate": 15, "skip": unexpected}
    for held in crossfit.cross_fit(files, config, **given):
        assert held.file.group not in seen[held.fold]
        assert (len(held.maps.ids), held.compared) == (8, 3)
    assert sorted(map(sorted, seen)) == [["a"], ["b"]]


def test_every_frame_has_the_map_that_it_has_among_sampled_frames() -> None:
    torch.manual_seed(0)
    segmenter = SegmentationNetwork((1,), ("person",), size=32, widths=(4, 8), motion=True).eval()
    images = media.moving_square(9)
    frames = Frames(images, np.arange(9) / 30)
    maps = maps_of_every_frame(frames, segmenter, 15.0)
    sampled = estimate_objects(Frames(images[1::2], np.arange(4) / 15), segmenter)
    np.testing.assert_array_equal(maps.ids[1::2], sampled.ids)
    assert len(maps_of_every_frame(Frames(images[:1], np.zeros(1)), segmenter, 15.0).ids) == 1


@pytest.mark.parametrize("piece", [3, 8, 512])
def test_maps_cover_a_whole_clip_in_pieces_and_frame_by_frame(
    data: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a clip is cut: a segmenter of single frames finds in each what it finds in the whole clip."""
    torch.manual_seed(0)
    segmenter = SegmentationNetwork((1,), ("person",), size=32, widths=(4, 8)).eval()
    monkeypatch.setattr(videos, "PIECE_FRAMES", piece)
    monkeypatch.setattr(videos, "MAX_SECONDS", 0.1)
    file = labelled_files(data, split="val")[0]
    maps, frames = estimate_all_frames(file.path, segmenter, 15.0), decode(file.path)
    assert maps.frames is not None
    np.testing.assert_array_equal(maps.frames, np.arange(8))
    np.testing.assert_array_equal(maps.ids, estimate_objects(frames, segmenter).ids)
    assert {len(part.times) for part in videos.decode_in_pieces(file.path)} <= set(range(1, piece + 1))
    assert len(read_person_video(file).persons) == 3


def test_a_folder_gets_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    out, beside = tmp_path / "maps", tmp_path / ".maps.partial"
    beside.mkdir()
    (beside / "left").touch()  # by a call that was killed
    with pytest.raises(KeyboardInterrupt), atomic_folder(out) as folder:
        assert not any(folder.iterdir())
        (folder / "a").touch()
        raise KeyboardInterrupt
    assert not any(tmp_path.iterdir())
    out.mkdir()
    with atomic_folder(out) as folder:
        (folder / "b").touch()
        assert not any(out.iterdir())
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["maps", "maps/b"]
    with pytest.raises(PeerattnError, match="not empty"), atomic_folder(out):
        raise AssertionError("nothing may be written there")


def test_masks_are_scaled_with_the_frames(data: Path) -> None:
    file = labelled_files(data, split="val")[0]
    whole, small = read_person_video(file), read_person_video(file, size=24)
    assert whole.persons.shape == whole.frames.images.shape[:3] == (8, 48, 64)
    assert small.persons.shape == small.frames.images.shape[:3] == (8, 24, 32)
    assert small.persons.mean() == pytest.approx(whole.persons.mean(), rel=0.2)


def test_clips_without_masks_are_refused(data: Path) -> None:
    without = [replace(file, objects=None) for file in labelled_files(data, split="val")]
    with pytest.raises(PeerattnError, match="mask_path"):
        with_masks(without)
    with pytest.raises(PeerattnError, match="no person masks"):
        read_person_video(without[0])


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of checkpoints of commands that train for a moment only."""
    folder = tmp_path / "checkpoints"
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(folder))
    for module in (config, segmentation_run):
        monkeypatch.setattr(module, "START", replace(START, clips=16, **TINY))
    monkeypatch.setattr(config, "PEOPLE", replace(PEOPLE, clips=16, people=4, **TINY))
    real = quality.evaluate_segmenter
    monkeypatch.setattr(quality, "evaluate_segmenter", lambda network: real(network, clips=2))
    return folder


def test_train_objects_learns_people_and_says_how_well(
    data: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["train-objects", "--data", os.fspath(data), "--out", "mine", "--about", "Our own film."]
    assert CliRunner().invoke(app, asked, catch_exceptions=False).exit_code == 0
    card = json.loads((tiny / "mine" / "card.json").read_text(encoding="utf-8"))
    assert card["metrics"]["people"]["n"] == 2
    assert card["metrics"]["people"]["groups"] == 1
    assert card["metrics"]["generated"]["n"] == 2
    assert card["training"]["people"] == 4
    assert card["clips"] == {"train": 4, "val": 2}
    assert card["data"] == "Our own film."
    assert load_segmenter("mine").class_names[0] == "person"
    asked = ["evaluate-objects", "--checkpoint", "mine", "--data", os.fspath(data), "--json", "-"]
    monkeypatch.undo()  # nothing is trained any more
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tiny))
    done = CliRunner().invoke(app, [*asked, "--clips", "2"], catch_exceptions=False)
    assert json.loads(done.stdout) == card["metrics"]


def test_unreadable_clips_are_skipped_and_counted(data: Path, tiny: Path, tmp_path: Path) -> None:
    """Two that are no videos, and one whose masks are missing."""
    (data / "train" / "walk" / "0.mp4").write_bytes(b"rubbish")
    (data / "masks" / "2.npz").unlink()
    (data / "val" / "walk" / "4.mp4").write_bytes(b"")
    out = tmp_path / "maps"
    asked = ["cross-fit", "--data", os.fspath(data), "--folds", "2", "--out", os.fspath(out)]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    first, second, count = done.stderr.splitlines()
    assert first.startswith(f"skipped {data / 'train' / 'walk' / '0.mp4'}: this is not a video file")
    assert second.startswith(f"skipped {data / 'train' / 'walk' / '2.mp4'}: object maps 2.npz: there is no")
    assert count == "2 of 4 clips were skipped: repair or remove them"
    assert sorted(path.name for path in out.rglob("*.npz")) == ["1.npz", "3.npz"]
    asked = ["train-objects", "--data", os.fspath(data), "--out", "mine"]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert done.stderr.splitlines()[-1] == "3 of 6 clips were skipped: repair or remove them"
    card = json.loads((tiny / "mine" / "card.json").read_text(encoding="utf-8"))
    assert card["clips"] == {"train": 2, "val": 1}
    assert card["metrics"]["people"]["n"] == 1


def test_a_clip_damaged_after_its_training_part_gets_no_maps(
    data: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode_in_pieces(path: Path) -> Iterator[Frames]:
        if path.name == "1.mp4":
            raise PeerattnError("the video is damaged after 5.00 s", "1.mp4")
        yield decode(path)

    monkeypatch.setattr(crossfit, "decode_in_pieces", decode_in_pieces)
    out = tmp_path / "maps"
    asked = ["cross-fit", "--data", os.fspath(data), "--folds", "2", "--out", os.fspath(out)]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert done.stderr.startswith(f"skipped {data / 'train' / 'walk' / '1.mp4'}: the video is damaged after")
    assert sorted(path.name for path in out.rglob("*.npz")) == ["0.npz", "2.npz", "3.npz"]


def test_cross_fit_writes_maps_at_the_place_of_each_clip(data: Path, tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    asked = ["cross-fit", "--data", os.fspath(data), "--folds", "2", "--out", os.fspath(out), "--json", "-"]
    done = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert json.loads(done.stdout)["people"]["n"] == 4
    written = sorted(os.fspath(path.relative_to(out)) for path in out.rglob("*.npz"))
    assert written == [f"train/walk/{number}.npz" for number in range(4)]
    maps = read_objects(out / written[0])
    assert len(maps.ids) == 8
    assert maps.class_names[0] == "person"
    with pytest.raises(PeerattnError, match="not empty"):
        CliRunner().invoke(app, asked, catch_exceptions=False)


@pytest.mark.parametrize(
    "asked",
    [["train-objects", "--clips", "16"], ["cross-fit", "--folds", "2", "--start", "begun"]],
    ids=["train-objects", "cross-fit"],
)
def test_the_commands_give_the_same_results_on_another_device(
    data: Path,
    tiny: Path,
    tmp_path: Path,
    device: torch.device,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = train_segmenter(replace(START, clips=16, **TINY))
    save_segmenter(tiny / "begun", begun, config=START, metrics={}, facts={})
    made = []
    for where in (torch.device("cpu"), device):
        monkeypatch.setattr(segmentation_commands, "torch_device", lambda chosen, where=where: where)
        out = where.type if asked[0] == "train-objects" else os.fspath(tmp_path / where.type)
        found = CliRunner().invoke(
            app, [*asked, "--data", os.fspath(data), "--out", out, "--json", "-"], catch_exceptions=False
        )
        made.append(json.loads(found.stdout))
        if asked[0] == "train-objects":
            made.append(load_file(tiny / out / "weights.safetensors"))
    check(made[len(made) // 2 :], made[: len(made) // 2], device, within=1e-3)
