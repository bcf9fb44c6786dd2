"""Labelled folders and manifests: which clips they contain, and which are refused."""

from pathlib import Path

import numpy as np
import pytest

from peerattn.data.examples import FolderExamples, read_clip
from peerattn.data.folder import all_files, labelled_files, with_alternative_maps
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.modalities.settings import ClipSettings
from peerattn.segmenter_training.crossfit import maps_path
from peerattn.training.training_data import manifest_digest
from tests.media import moving_square, write_video
from tests.strategies import CLASSES, MODALITIES

RGB, FLOW, OBJECT = MODALITIES
SETTINGS = ClipSettings(size=16, window=4, frame_rate=25.0)


def files(folder: Path, *names: str) -> Path:
    """Empty files of these names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def manifest(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    (folder / "manifest.csv").write_text(text, encoding=encoding)
    return folder


def labels(folder: Path, split: str | None = None) -> list[tuple[str, str]]:
    return [(file.path.name, file.label) for file in labelled_files(folder, split=split)]


def test_each_folder_is_a_class(tmp_path: Path) -> None:
    files(tmp_path, "push/b.mp4", "push/a.MOV", "pull/c.webm", "pull/notes.txt", "loose.mp4")
    assert labels(tmp_path) == [("c.webm", "pull"), ("a.MOV", "push"), ("b.mp4", "push")]


def test_m4v_files_are_read_like_mp4_files(tmp_path: Path) -> None:
    (tmp_path / "push").mkdir()
    write_video(tmp_path / "push" / "a.mp4", moving_square(4)).rename(tmp_path / "push" / "a.m4v")
    (file,) = labelled_files(tmp_path)
    assert read_clip(file.path, (RGB,), SETTINGS).tensors["rgb"].shape[2] == 4


def test_symbolic_links_to_clips_give_the_same_digest_as_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("push/a.mp4", "pull/b.mp4")
    copies, links = (files(tmp_path / kind, *names) for kind in ("copies", "links"))
    maps = files(tmp_path / "maps", "push/a.npz", "pull/b.npz")
    for name in names:
        (copies / name).write_text(name)
        (links / name).unlink()
        (links / name).symlink_to(copies / name)
    (tmp_path / "folder").symlink_to(links)
    monkeypatch.chdir(tmp_path)
    for folder in (links, tmp_path / "folder", Path("links")):
        found = all_files(folder)
        assert [file.others for file in with_alternative_maps(found, folder, maps)] == [
            maps_path(maps, folder, file) for file in found
        ]
        assert manifest_digest(folder, found) == manifest_digest(copies, all_files(copies))
    monkeypatch.chdir(links)
    assert manifest_digest(Path(), all_files(Path())) == manifest_digest(copies, all_files(copies))


def test_a_missing_clip_affects_the_digest_of_the_manifest_by_its_name(tmp_path: Path) -> None:
    files(tmp_path, "a.mp4")
    both, one = (
        all_files(manifest(tmp_path, f"path,label\na.mp4,push\n{more}")) for more in ("b.mp4,pull\n", "")
    )
    digests = {manifest_digest(tmp_path, both), manifest_digest(tmp_path, one)}
    files(tmp_path, "b.mp4")
    assert len(digests | {manifest_digest(tmp_path, both)}) == 3


def test_folders_can_be_splits_that_contain_classes(tmp_path: Path) -> None:
    files(tmp_path, "train/push/a.mp4", "test/push/b.mp4", "val/pull/c.mp4")
    assert labels(tmp_path) == [("b.mp4", "push")]
    assert labels(tmp_path, "val") == [("c.mp4", "pull")]


def test_object_maps_next_to_a_clip_belong_to_it(tmp_path: Path) -> None:
    files(tmp_path, "push/a.mp4", "push/a.npz", "push/b.mp4")
    assert [file.objects for file in labelled_files(tmp_path)] == [tmp_path / "push" / "a.npz", None]


def test_a_manifest_gives_labels_splits_groups_and_maps(tmp_path: Path) -> None:
    manifest(
        tmp_path,
        "path,label,split,group,mask_path\na.mp4,push,test,film1,maps/a.npz\nb.mp4,pull,test,,\nc.mp4,pull,train,,\n",
    )
    first, second = labelled_files(tmp_path)
    assert (first.path, first.label, first.group) == (tmp_path / "a.mp4", "push", "film1")
    assert first.objects == tmp_path / "maps" / "a.npz"
    assert (second.group, second.objects) == ("b.mp4", None)
    assert [file.path.name for file in labelled_files(tmp_path, split="train")] == ["c.mp4"]


def test_a_clip_may_have_several_classes(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", moving_square(4))
    manifest(tmp_path, "path,label\na.mp4,push | lift\nb.mp4,pull\n")
    both, one = labelled_files(tmp_path)
    assert (both.labels, one.labels, one.label) == (("push", "lift"), ("pull",), "pull")
    example = FolderExamples([both], CLASSES, modalities=(RGB,), settings=SETTINGS)[0]
    assert example.labels == (CLASSES.index("push"), CLASSES.index("lift"))
    for several in (both, example):
        with pytest.raises(PeerattnError, match="2 classes, but one is needed"):
            several.label  # noqa: B018


def test_without_a_test_split_the_val_split_is_used(tmp_path: Path) -> None:
    manifest(tmp_path, "path,label,split\na.mp4,push,train\nb.mp4,push,val\n")
    assert labels(tmp_path) == [("b.mp4", "push")]


def test_the_train_split_is_never_evaluated_by_default(tmp_path: Path) -> None:
    manifest(tmp_path, "path,label,split\na.mp4,push,train\n")
    with pytest.raises(PeerattnError, match="neither a test nor a val split: choose among train"):
        labelled_files(tmp_path)


def test_a_manifest_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert labels(manifest(tmp_path, "path,label\na.mp4,push\n", encoding="utf-8-sig")) == [("a.mp4", "push")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no labelled clips"),
        ("path,label,split\n", "no labelled clips"),
        ("file,class\na.mp4,push\n", "needs the columns path, label and split"),
        ("path,label\na.mp4\n", "line 2 of the manifest needs a path and a label"),
        ("path,label\na.mp4,push|\n", "line 2 of the manifest needs a path and a label"),
        ("path,label\na.mp4,push|push\n", "line 2 of the manifest names a class twice"),
        ("label,path\npush\n", "line 2 of the manifest needs a path and a label"),
        ("path,label\na.mp4,push\n,pull\n", "line 3 of the manifest"),
        ("path,label\n../a.mp4,push\n", "is outside the folder"),
        ("path,label\n/etc/passwd,push\n", "is outside the folder"),
        ("path,label,mask_path\na.mp4,push,../../maps.npz\n", "is outside the folder"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PeerattnError, match=said):
        labelled_files(manifest(tmp_path, text))


def test_a_binary_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_bytes(b"path,label\n\xff\xfe,push\n")
    with pytest.raises(PeerattnError, match="needs the columns"):
        labelled_files(tmp_path)
    (tmp_path / "manifest.csv").write_bytes(b"path,label\na\0.mp4,push\n")
    with pytest.raises(PeerattnError):
        labelled_files(tmp_path)


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    for folder, said in ((tmp_path, "no labelled clips"), (tmp_path / "nowhere", "is not a folder")):
        with pytest.raises(PeerattnError, match=said):
            labelled_files(folder)
    files(tmp_path, "push/a.mp4")
    with pytest.raises(
        PeerattnError, match=f"of split 'test': make splits with `peerattn data split {tmp_path}`"
    ):
        labelled_files(tmp_path, split="test")
    manifest(tmp_path, "path,label,split\na.mp4,push,val\nb.mp4,push,train\n")
    with pytest.raises(PeerattnError, match="of split 'test': choose among train, val"):
        labelled_files(tmp_path, split="test")


def test_examples_are_what_the_network_reads(tmp_path: Path) -> None:
    images = moving_square(6)
    (tmp_path / "push").mkdir()
    clip = write_video(tmp_path / "push" / "a.mp4", images)
    ids = np.zeros((6, 48, 64), np.uint8)
    ids[:, 10:30, 20:40] = 7
    write_objects(clip.with_suffix(".npz"), ObjectMaps(ids, None, (3, 7), ("cup", "ball"), "attached"))
    examples = FolderExamples(labelled_files(tmp_path), CLASSES, modalities=MODALITIES, settings=SETTINGS)
    (example,) = examples
    assert (len(examples), example.label, example.group) == (1, CLASSES.index("push"), str(clip))
    shapes = {name: tuple(tensor.shape) for name, tensor in example.tensors.items()}
    assert shapes == {"rgb": (1, 3, 6, 16, 16), "flow": (1, 2, 6, 16, 16), "object": (1, 2, 6, 16, 16)}
    assert example.tensors["object"][0, 0].max() == 0
    assert example.tensors["object"][0, 1].max() == 1


def test_an_unknown_class_is_named_in_the_error(tmp_path: Path) -> None:
    found = labelled_files(files(tmp_path, "juggle/a.mp4", "push/b.mp4"))
    with pytest.raises(PeerattnError, match=r"does not know \(juggle\): it knows lift, push, pull"):
        FolderExamples(found, CLASSES, modalities=(RGB,), settings=SETTINGS)


def test_a_network_that_reads_objects_needs_maps(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "a.mp4", moving_square(4))
    with pytest.raises(PeerattnError, match="attach a file or estimate them"):
        read_clip(clip, MODALITIES, SETTINGS)
    assert read_clip(clip, (RGB, FLOW), SETTINGS).origin is None


def test_only_the_requested_stretch_of_a_clip_is_read(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "a.mp4", moving_square(25))
    times = read_clip(clip, (RGB,), SETTINGS, stretch=(0.4, 0.6)).times
    assert times[0] == pytest.approx(0.4, abs=0.04)
    assert times[-1] <= 0.6
