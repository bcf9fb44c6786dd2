"""Checking a folder: all faults are named at once, and a valid folder has none."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from peerattn.data import checking
from peerattn.data.cache import file_digest
from peerattn.data.checking import check_folder
from peerattn.data.report import FolderReport
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.video.decoding import decode
from peerattn.video.frames import Limits
from tests.media import audio_only, broken_off, moving_square, write_video

HEADING = "path,label,split,group,mask_path\n"


def clip(path: Path, *, step: int = 2, frames: int = 6) -> Path:
    """A clip of 64 × 48 px; each step gives another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, moving_square(frames, step=step))


def maps(path: Path, *, frames: int = 6, height: int = 48, width: int = 64) -> Path:
    ids = np.zeros((frames, height, width), np.uint8)
    write_objects(path, ObjectMaps(ids, None, (1,), ("person",), "attached"))
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Two classes in two splits, nothing wrong."""
    for step, name in enumerate(("train/run/a.mp4", "train/sit/b.mp4", "val/run/c.mp4", "val/sit/d.mp4")):
        clip(tmp_path / name, step=step)
    return tmp_path


def said(report: FolderReport) -> list[str]:
    return [str(fault) for fault in report.faults]


def test_a_sound_folder_has_no_faults(sound: Path) -> None:
    maps(sound / "train" / "run" / "a.npz")
    report = check_folder(sound)
    assert said(report) == []
    assert report.counts() == {"run": {"train": 1, "val": 1}, "sit": {"train": 1, "val": 1}}
    facts = report.clips[0]
    assert (facts.name, facts.labels, facts.group) == ("train/run/a.mp4", ("run",), "train/run/a.mp4")
    assert (facts.frames, facts.width, facts.height) == (6, 64, 48)
    assert facts.seconds == pytest.approx(6 / 25)
    assert facts.sha256 == file_digest(sound / facts.name)
    numbers = report.to_json()
    assert (numbers["n"], numbers["frames"]["median"], numbers["sizes"]) == (4, 6, {"64x48": 4})


def test_thirteen_deliberate_faults_are_all_named(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4")
    shutil.copy(tmp_path / "a.mp4", tmp_path / "copy.mp4")
    clip(tmp_path / "b.mp4", step=3)
    clip(tmp_path / "c.mp4", step=4)
    clip(tmp_path / "short.mp4", step=5, frames=2)
    clip(tmp_path / "long.mp4", step=6)
    clip(tmp_path / "d.mp4", step=7)
    broken_off(tmp_path / "broken.mp4", tmp_path / "b.mp4")
    audio_only(tmp_path / "tone.mp4")
    (tmp_path / "empty.mp4").touch()
    maps(tmp_path / "long.npz", frames=5)
    rows = (
        "a.mp4,run,train,film 1,",  # 2
        "b.mp4,sit,train,film 2,lost.npz",  # 3: maps that are missing
        "gone.mp4,run,train,,",  # 4: a file that is missing
        "broken.mp4,run,train,,",  # 5: half a file
        "empty.mp4,run,train,,",  # 6: an empty one
        "tone.mp4,run,train,,",  # 7: no picture
        "c.mp4,,train,,",  # 8: no label
        "copy.mp4,run,val,,",  # 9: the clip of line 2 in another split
        "d.mp4,jump,val,film 2,",  # 10: a source in two splits
        "../out.mp4,run,val,,",  # 11: a path outside
        "short.mp4,sit,val,,",  # 12: too short
        "long.mp4,run,val,,long.npz",  # 13: maps of another length
        "a.mp4,run,train,,",  # 14: a line twice
    )
    (tmp_path / "manifest.csv").write_text(HEADING + "\n".join(rows) + "\n")
    faults = said(check_folder(tmp_path))
    expected = {
        "line 3": "object maps lost.npz are missing",
        "line 4": "no such file",
        "line 5": "the file is incomplete",
        "line 6": "empty",
        "line 7": "no video",
        "line 8": "needs a path and a label",
        "line 9": "same clip as a.mp4, which is in split 'train'",
        "group 'film 2'": "in several splits (b.mp4 in 'train', d.mp4 in 'val')",
        "line 11": "outside the folder",
        "line 12": "has 2 frames",
        "line 13": "has 6 frames but 5 object maps",
        "line 14": "same file as manifest.csv line 2",
        "class 'jump'": "no clip in split 'train'",
    }
    for place, what in expected.items():
        assert [fault for fault in faults if place in fault and what in fault], (place, faults)
    assert len(faults) == len(expected)
    assert all("\n" not in fault for fault in faults)


def spoil_columns(folder: Path) -> None:
    (folder / "manifest.csv").write_text(
        "path,label,spilt\ntrain/run/a.mp4,run,train\nval/sit/d.mp4,sit,val\n"
    )


def spoil_splits(folder: Path) -> None:
    rows = (
        "train/run/a.mp4,run,train\ntrain/sit/b.mp4,sit,train\nval/run/c.mp4,Run,trian\nval/sit/d.mp4,sit,\n"
    )
    (folder / "manifest.csv").write_text("path,label,split\n" + rows)


def spoil_capitals(folder: Path) -> None:
    rows = "train/run/a.mp4,Run\ntrain/sit/b.mp4,sit\nval/run/c.mp4,run\nval/sit/d.mp4,sit\n"
    (folder / "manifest.csv").write_text("path,label\n" + rows)


def spoil_heading(folder: Path) -> None:
    (folder / "manifest.csv").write_text("file,class\na.mp4,run\n")


def spoil_cells(folder: Path) -> None:
    (folder / "manifest.csv").write_text("path,label\ntrain/run/a, b.mp4,run\nval/sit/d.mp4,sit\nx.mp4,a|a\n")


def spoil_bytes(folder: Path) -> None:
    (folder / "manifest.csv").write_text(
        f"path,label,sha256\ntrain/run/a.mp4,run,{'0' * 64}\ntrain/sit/b.mp4,sit,"
        f"{file_digest(folder / 'train/sit/b.mp4')}\n"
    )


def spoil_places(folder: Path) -> None:
    clip(folder / "loose.mp4", step=8)
    (folder / "train" / "jump").mkdir()


def spoil_pictures(folder: Path) -> None:
    write_video(folder / "train" / "run" / "grey.mp4", np.full((6, 48, 64, 3), 127, np.uint8))
    write_video(folder / "train" / "run" / "small.mp4", moving_square(6)[:, :10, :10])


def spoil_maps(folder: Path) -> None:
    maps(folder / "train" / "run" / "a.npz", height=48, width=48)
    (folder / "train" / "sit" / "b.npz").write_bytes(b"no maps")


def spoil_numbers(folder: Path) -> None:
    """Maps of frames 0 and 1 of 6; of frames 2 to 7; within reach of the first frames only."""
    ids = np.zeros((6, 48, 64), np.uint8)
    places = {"train/run/a": {"frames": np.arange(2)}, "train/sit/b": {"frames": np.arange(2, 8)}}
    for name, given in (*places.items(), ("val/run/c", {"times": np.array([0.0, 0.04])})):
        count = len(next(iter(given.values())))
        maps = ObjectMaps(ids[:count], given.get("frames"), (1,), ("person",), "attached", given.get("times"))
        write_objects(folder / f"{name}.npz", maps)


def spoil_labels(folder: Path) -> None:
    shutil.copy(folder / "train/run/a.mp4", folder / "train/sit/a.mp4")
    shutil.copy(folder / "train/run/a.mp4", folder / "train/run/again.mp4")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (spoil_columns, ["line 1: column 'spilt' is not known: if 'split' is meant, rename it"]),
        (
            spoil_splits,
            [
                "d.mp4: has no split while other clips have one",
                "c.mp4: split 'trian' is probably meant to be 'train'",
                "c.mp4: class 'Run' is spelt 'run' elsewhere",
            ],
        ),
        (spoil_capitals, ["c.mp4: class 'run' is spelt 'Run' elsewhere"]),
        (spoil_heading, ["lacks path and label"]),
        (spoil_cells, ["line 2: has more cells", "line 4: names a class twice"]),
        (spoil_bytes, ["a.mp4: does not match the sha256 in the manifest"]),
        (spoil_places, ["loose.mp4: is not in the folder of a class", "train/jump: is empty"]),
        (spoil_pictures, ["grey.mp4: shows only one flat colour", "small.mp4: is 10x10 px"]),
        (spoil_maps, ["a.mp4: is 64x48 px but its object maps are 48x48", "b.mp4: object maps b.npz:"]),
        (
            spoil_numbers,
            [
                "a.mp4: 4 of 6 frames have no object map (the first is frame 2) in a.npz",
                "b.mp4: 2 of 6 frames have no object map (the first is frame 0) in b.npz",
                "b.mp4: has 6 frames but b.npz has a map for frame 7",
                "c.mp4: 3 of 6 frames have no object map (the first is frame 3) in c.npz",
            ],
        ),
        (spoil_labels, ["again.mp4: is the same clip as", "a.mp4: is the same clip as"]),
    ],
)
def test_a_fault_is_named(sound: Path, spoil: Callable[[Path], None], expected: list[str]) -> None:
    spoil(sound)
    faults = said(check_folder(sound))
    for what in expected:
        assert [fault for fault in faults if what in fault], (what, faults)


def test_a_folder_without_clips_says_so(tmp_path: Path) -> None:
    assert said(check_folder(tmp_path)) == [
        f"{tmp_path}: has no labelled clips: add a folder per class, or a manifest.csv"
    ]
    with pytest.raises(PeerattnError, match="is not a folder"):
        check_folder(tmp_path / "nowhere")


def test_folders_and_files_without_clips_are_named(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    clip(elsewhere / "e.mp4", step=9)
    (sound / "train" / "jump").symlink_to(elsewhere)
    (sound / "val" / "sit" / "f.WMV").touch()
    locked = sound / "val" / "locked"
    locked.mkdir()
    listed = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert said(check_folder(sound)) == [
        "train/jump: is a link to a folder, which is not followed: replace it by the folder itself",
        "val/locked: cannot be read: change its permissions",
        "val/sit/f.WMV: is a kind of video that is not read: convert it to mp4",
    ]


def test_ignored_columns_and_videos_are_mentioned_in_remarks(sound: Path) -> None:
    rows = "train/run/a.mp4,run,me\nval/sit/d.mp4,sit,me\n"
    (sound / "manifest.csv").write_text("path,label,author\n" + rows)
    report = check_folder(sound)
    assert said(report) == []
    assert report.remarks == (
        "these columns of the manifest are ignored: author",
        "2 videos are ignored because they are not in the manifest, the first is train/sit/b.mp4",
    )


def test_clips_too_long_for_training_are_mentioned_in_remarks(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 7 frames at most, a clip of 0.6 s has 5 at 8 frames/s and 9 at 15; one of 1.2 s has 10 and 18."""
    monkeypatch.setattr(checking, "Limits", lambda: Limits(kept_frames=7))
    clip(sound / "train" / "run" / "long.mp4", step=3, frames=15)
    clip(sound / "train" / "run" / "longer.mp4", step=4, frames=30)
    report = check_folder(sound)
    assert said(report) == []
    assert report.remarks == (
        "clips of more than 0.875 s are not read at 8 frames/s: "
        "cut them (1 here, the first is train/run/longer.mp4)",
        "clips of more than 0.467 s are not read at 15 frames/s: "
        "cut them (2 here, the first is train/run/long.mp4)",
    )
    long, few = sound / "train" / "run" / "long.mp4", Limits(kept_frames=7)
    assert len(decode(long, frame_rate=8, limits=few).images) == 5
    with pytest.raises(PeerattnError, match="more than 7 frames would be kept"):
        decode(long, frame_rate=15, limits=few)


def test_checking_can_be_cancelled(sound: Path) -> None:
    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise PeerattnError("cancelled")

    with pytest.raises(PeerattnError, match="cancelled"):
        check_folder(sound, workers=1, progress=progress)
    assert seen == [(1, 4), (2, 4)]


def test_the_manifest_on_a_card_contains_digests_instead_of_frames(sound: Path) -> None:
    manifest = check_folder(sound).manifest()
    assert manifest["format"] == "peerattn-manifest/1"
    assert manifest["clips"][3] == {
        "name": "val/sit/d.mp4",
        "labels": ("sit",),
        "group": "val/sit/d.mp4",
        "split": "val",
        "sha256": file_digest(sound / "val/sit/d.mp4"),
    }
