"""Training clips from a folder: as in evaluation but augmented, and the same in any worker process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from peerattn.data.augmentation import STRONG, Augmentation
from peerattn.data.cache import Cache
from peerattn.data.clips import FolderClips
from peerattn.data.folder import LabelledFile, labelled_files, with_alternative_maps
from peerattn.data.loading import Batch, batches
from peerattn.data.warming import warm_cache
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.flow import optical_flow
from peerattn.modalities.objects import read_objects, write_objects
from peerattn.modalities.preparation import prepare as prepared_clip
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode
from tests.media import moving_square, write_video
from tests.strategies import CLASSES, MODALITIES

SETTINGS = ClipSettings(size=32, window=16, frame_rate=25.0, flow="ultrafast")
LENGTHS = {"lift/a": 9, "push/b": 9, "push/c": 12, "pull/d": 10}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips with object maps; tests only read them."""
    folder = tmp_path_factory.mktemp("clips")
    for step, (name, frames) in enumerate(LENGTHS.items(), start=1):
        (folder / name).parent.mkdir(exist_ok=True)
        images = moving_square(frames, step=step)
        path = write_video(folder / f"{name}.mp4", images)
        ids = np.where(images[..., 0] > 200, 7, 0).astype(np.uint8)
        write_objects(path.with_suffix(".npz"), ObjectMaps(ids, None, (3, 7), ("cup", "ball"), "attached"))
    return folder


def source(folder: Path, **options: Any) -> FolderClips:
    options = {"modalities": MODALITIES, "settings": SETTINGS, **options}
    return FolderClips(options.pop("files", labelled_files(folder)), CLASSES, **options)


def equal(one: Batch, other: Batch) -> bool:
    return (
        one.names == other.names
        and torch.equal(one.targets, other.targets)
        and all(torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items())
    )


@pytest.mark.parametrize("settings", [SETTINGS, replace(SETTINGS, steady=True, view="objects")])
def test_without_augmentation_training_reads_clips_as_evaluation_does(
    folder: Path, settings: ClipSettings
) -> None:
    clips = source(folder, settings=settings)
    for member, file in enumerate(clips.files):
        made = clips.batch(0, [member])
        assert file.objects
        maps = read_objects(file.objects)
        expected = prepared_clip(decode(file.path), MODALITIES, settings, objects=maps).tensors
        assert made.tensors.keys() == expected.keys()
        for name, tensor in expected.items():
            assert torch.equal(made.tensors[name], tensor), name
            assert made.tensors[name].dtype == torch.float32
        assert made.targets.tolist() == [CLASSES.index(file.label)]
        assert made.names == (str(file.path),)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"view": "objects"},
        {"steady": True, "window": 4},
        {"view": "objects", "window": 3, "frame_rate": 25.0},
    ],
    ids=str,
)
def test_clips_cached_at_a_smaller_size_are_read_as_in_evaluation(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """To the bit, though training keeps frames at another size: the first window, its last flow included."""
    images = moving_square(14, height=180, width=240, step=6)
    (tmp_path / "push").mkdir()
    path = write_video(tmp_path / "push" / "large.mp4", images)
    ids = np.where(images[..., 0] > 200, 7, 0).astype(np.uint8)
    write_objects(path.with_suffix(".npz"), ObjectMaps(ids, None, (3, 7), ("cup", "ball"), "attached"))
    settings = replace(SETTINGS, **{"frame_rate": 12.5, **changes})
    clips = source(tmp_path, settings=settings)
    kept = clips.prepared(0)
    assert kept.phases == round(25 / settings.frame_rate)
    assert kept.images.shape[1] < 180
    frames = decode(path, frame_rate=settings.frame_rate)
    maps = read_objects(path.with_suffix(".npz"))
    expected = prepared_clip(frames, MODALITIES, settings, objects=maps).tensors
    made = clips.batch(0, [0]).tensors
    for name, tensor in expected.items():
        assert torch.equal(made[name], tensor[:, :, : settings.window]), name
    assert expected["object"].any()
    assert expected["flow"].abs().max() > 0.1


def test_clips_of_a_batch_are_cut_to_the_shortest(folder: Path) -> None:
    tensors = source(folder).batch(0, [2, 0, 3]).tensors
    assert {tensor.shape[2] for tensor in tensors.values()} == {9}
    short = ClipSettings(size=32, window=4, frame_rate=25.0)
    assert source(folder, settings=short).batch(0, [2, 0]).tensors["rgb"].shape == (2, 3, 4, 32, 32)


def test_tensors_are_channels_last_in_memory(folder: Path) -> None:
    tensor = source(folder).batch(0, [0, 1]).tensors["rgb"]
    assert tensor.is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_make_the_same_batches(folder: Path, tmp_path: Path, workers: int) -> None:
    order = {"seed": 5, "batch": 2}
    alone = list(batches(source(folder, augmentation=STRONG, seed=5), range(6, 8), **order))
    cached = source(folder, augmentation=STRONG, seed=5, cache=Cache(tmp_path))
    for _ in range(2):
        shared = list(batches(cached, range(6, 8), workers=workers, **order))
        assert all(equal(one, other) for one, other in zip(alone, shared, strict=True))


def test_augmentation_differs_between_epochs(folder: Path) -> None:
    clips = source(folder, augmentation=STRONG)
    assert equal(clips.batch(1, [0, 1]), clips.batch(1, [0, 1]))
    assert not equal(clips.batch(1, [0, 1]), clips.batch(2, [0, 1]))


def test_flow_is_computed_before_colours_are_changed(folder: Path) -> None:
    varied = Augmentation(STRONG.timing, STRONG.warp)
    plain = source(folder, augmentation=varied).batch(0, [0]).tensors
    images = (plain["rgb"][0].permute(1, 2, 3, 0) * 255).round().to(torch.uint8).numpy()
    flow = torch.from_numpy(optical_flow(images, "ultrafast")).permute(3, 0, 1, 2)[None]
    assert torch.equal(plain["flow"], flow)
    coloured = source(folder, augmentation=Augmentation(STRONG.timing, STRONG.warp, STRONG.colour))
    tensors = coloured.batch(0, [0]).tensors
    assert torch.equal(tensors["flow"], flow)
    assert not torch.equal(tensors["rgb"], plain["rgb"])


def test_a_dropped_modality_is_zero(folder: Path) -> None:
    tensors = source(folder, augmentation=Augmentation(drop={"flow": 1.0})).batch(0, [1]).tensors
    assert tensors["flow"].abs().max() == 0
    assert tensors["rgb"].max() > 0


def test_alternative_maps_are_read_with_the_requested_probability(folder: Path, tmp_path: Path) -> None:
    files = labelled_files(folder)
    for file in files:
        assert file.objects
        true = read_objects(file.objects)
        path = tmp_path / file.objects.relative_to(folder)
        path.parent.mkdir(exist_ok=True)
        write_objects(path, replace(true, ids=np.full_like(true.ids, 3)))
    others = with_alternative_maps(files, folder, tmp_path)
    for share, least, most in ((0.0, 0, 0), (0.5, 1, 7), (1.0, 8, 8)):
        clips = source(folder, files=others, augmentation=Augmentation(others=share))
        objects = [clips.batch(epoch, [0]).tensors["object"] for epoch in range(8)]
        assert least <= sum(bool((one[:, 0] == 1).all()) for one in objects) <= most
    with pytest.raises(PeerattnError, match="has no object maps for"):
        with_alternative_maps(files, folder, tmp_path / "nowhere")


def test_objects_are_put_in_front_of_the_next_clip_of_the_batch(folder: Path) -> None:
    plain, put = source(folder), source(folder, augmentation=Augmentation(elsewhere=1))
    one, other = (plain.batch(0, [0, 1]).tensors["rgb"][number] for number in (0, 1))
    made = put.batch(0, [0, 1]).tensors
    ball = (made["object"][0].sum(dim=0) > 0).expand(3, -1, -1, -1)
    assert ball.any()
    assert torch.equal(made["rgb"][0], torch.where(ball, one, other))
    assert not torch.equal(one, other)
    flows = plain.batch(0, [0, 1]).tensors["flow"]
    assert torch.equal(made["flow"][0], torch.where(ball[:2], flows[0], flows[1]))
    assert torch.equal(put.batch(0, [2]).tensors["rgb"], plain.batch(0, [2]).tensors["rgb"])
    files = with_alternative_maps(labelled_files(folder), folder, folder)
    others = Augmentation(elsewhere=1, others=1)  # with these maps clips stay where they are
    stays = source(folder, files=files, augmentation=others).batch(0, [0, 1])
    assert torch.equal(stays.tensors["rgb"], plain.batch(0, [0, 1]).tensors["rgb"])


@pytest.mark.parametrize(
    "wish", [{"augmentation": Augmentation(elsewhere=0.1)}, {"settings": replace(SETTINGS, view="objects")}]
)
def test_augmentation_that_needs_object_maps_is_refused_without_them(
    folder: Path, wish: dict[str, Any]
) -> None:
    with pytest.raises(PeerattnError, match="without object maps"):
        source(folder, modalities=MODALITIES[:1], **wish)


def test_mixed_clips_have_mixed_targets(folder: Path) -> None:
    plain, mixed = (
        source(folder, augmentation=Augmentation(mixup=alpha)).batch(0, [0, 1, 3]) for alpha in (0.0, 0.5)
    )
    draws = [Augmentation(mixup=0.5).draw(0, 0, member).share for member in (0, 1, 3)]
    one_hot = torch.eye(3)[plain.targets]
    for row, share in enumerate(draws):
        after = (row + 1) % 3
        for name, tensor in plain.tensors.items():
            expected = share * tensor[row] + (1 - share) * tensor[after]
            assert torch.allclose(mixed.tensors[name][row], expected, atol=1e-5)
        assert torch.allclose(mixed.targets[row], share * one_hot[row] + (1 - share) * one_hot[after])


def test_clips_of_several_classes_have_a_target_for_each(folder: Path) -> None:
    files = [LabelledFile(folder / "lift" / "a.mp4", labels, "a") for labels in (("lift", "pull"), ("push",))]
    clips = source(folder, files=files, modalities=MODALITIES[:1])
    assert clips.batch(0, [0, 1]).targets.tolist() == [[1, 0, 1], [0, 1, 0]]


def test_an_unreadable_clip_is_left_out_of_its_batch(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = LabelledFile(tmp_path / "bad.mp4", ("push",), "bad")
    bad.path.write_text("no video")
    clips = source(folder, files=[bad, *labelled_files(folder)])
    for epoch in range(2):
        (made,) = batches(clips, range(epoch, epoch + 1), seed=0, batch=5, workers=epoch)
        assert len(made.names) == len(made.targets) == len(made.tensors["rgb"]) == 4
    assert list(clips.skipped) == [str(bad.path)]
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"skipped {bad.path}: ")


@pytest.mark.parametrize("workers", [0, 1])
def test_if_no_clip_of_a_batch_can_be_read_the_next_readable_one_replaces_them(
    folder: Path, tmp_path: Path, workers: int
) -> None:
    bad = [LabelledFile(tmp_path / f"{name}.mp4", ("push",), name) for name in "ab"]
    good = labelled_files(folder)
    clips = source(folder, files=[good[0], *bad, good[1]])
    made = clips.batch(0, [1, 2])
    assert made.names == (str(good[1].path),)
    assert list(made.skipped) == [str(file.path) for file in bad]
    assert clips.batch(0, [2]).names == (str(good[1].path),)
    with pytest.raises(PeerattnError, match=r"^no clip of the folder can be read \(.*a\.mp4.*\)$"):
        list(batches(source(folder, files=bad), range(1), seed=0, batch=1, workers=workers))


def test_the_time_of_a_batch_is_split_by_activity(folder: Path) -> None:
    seconds = source(folder).batch(0, [0]).seconds
    assert seconds.keys() == {"decode", "flow", "augment"}
    assert min(seconds.values()) > 0


def test_a_cache_is_filled_before_training(folder: Path, tmp_path: Path) -> None:
    bad = LabelledFile(tmp_path / "bad.mp4", ("push",), "bad")
    clips = source(folder, files=[*labelled_files(folder), bad], cache=Cache(tmp_path / "cache"))
    seen: list[tuple[int, int]] = []
    first = warm_cache(clips, workers=1, progress=lambda done, total: seen.append((done, total)))
    assert (first.prepared, first.present, list(first.skipped)) == (4, 0, [str(bad.path)])
    assert seen == [(done, 5) for done in range(1, 6)]
    again = warm_cache(clips, workers=0)
    assert (again.prepared, again.present, again.seconds) == (0, 4, 0.0)


def test_an_unknown_class_is_named_in_the_error(folder: Path) -> None:
    with pytest.raises(PeerattnError, match=r"does not know \(juggle\)"):
        source(folder, files=[LabelledFile(folder / "a.mp4", ("push", "juggle"), "a")])
