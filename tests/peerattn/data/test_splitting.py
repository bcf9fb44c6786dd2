"""Splits: groups stay together, every clip is in one split, and the manifest records it."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.data.folder import LabelledFile, all_files
from peerattn.data.splitting import split_files, write_manifest
from peerattn.errors import PeerattnError

LABELS = st.lists(st.sampled_from(("jump", "run", "sit")), min_size=1, max_size=2, unique=True).map(tuple)
FILES = st.lists(st.tuples(LABELS, st.integers(0, 9)), min_size=3, max_size=60).map(
    lambda clips: [
        LabelledFile(Path(f"{number}.mp4"), labels, f"film {group}")
        for number, (labels, group) in enumerate(clips)
    ]
)
SHARES = {"train": 0.5, "val": 0.3, "test": 0.2}


@given(files=FILES, seed=st.integers(0, 2**31))
def test_no_group_is_in_two_splits_and_every_clip_is_in_one(files: list[LabelledFile], seed: int) -> None:
    groups = {file.group for file in files}
    shares = dict(list(SHARES.items())[: len(groups)])
    shares = {split: share / sum(shares.values()) for split, share in shares.items()}
    split = split_files(files, shares, seed=seed)
    assert [(file.path, file.labels) for file in split] == [(file.path, file.labels) for file in files]
    assert len({(file.group, file.split) for file in split}) == len(groups)
    assert {file.split for file in split} == set(shares)
    assert split == split_files(files, shares, seed=seed)


@given(seed=st.integers(0, 2**31))
def test_classes_are_as_even_as_groups_allow(seed: int) -> None:
    files = [
        LabelledFile(Path(f"{label}{number}.mp4"), (label,), f"{label} {number // 2}")
        for label in ("jump", "run", "sit")
        for number in range(20)
    ]
    found = Counter((file.label, file.split) for file in split_files(files, SHARES, seed=seed))
    assert set(found.values()) == {10, 6, 4}
    assert all(found[label, "train"] == 10 for label in ("jump", "run", "sit"))


def test_different_seeds_give_different_splits() -> None:
    files = [LabelledFile(Path(f"{number}.mp4"), ("run",), str(number)) for number in range(30)]
    assert split_files(files, SHARES, seed=0) != split_files(files, SHARES, seed=1)


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({}, "needs a name and a share above 0"),
        ({"train": 1.2, "val": -0.2}, "above 0"),
        ({"train": 0.5, "val": 0.2}, "add up to 0.7"),
        ({f"part {number}": 0.1 for number in range(10)}, "4 groups cannot fill 10 splits"),
    ],
)
def test_impossible_shares_are_refused(shares: dict[str, float], said: str) -> None:
    files = [LabelledFile(Path(f"{number}.mp4"), ("run",), str(number)) for number in range(4)]
    with pytest.raises(PeerattnError, match=said):
        split_files(files, shares)


def test_a_written_manifest_lists_the_same_clips(tmp_path: Path) -> None:
    for name in ("run/a.mp4", "run/b.mp4", "sit/c.mp4", "sit/c.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files = split_files(all_files(tmp_path), {"train": 0.6, "val": 0.4})
    write_manifest(tmp_path, files)
    found = all_files(tmp_path)
    assert [(file.path, file.labels, file.split) for file in found] == [
        (file.path, file.labels, file.split) for file in files
    ]
    assert [file.group for file in found] == ["run/a.mp4", "run/b.mp4", "sit/c.mp4"]
    assert [file.objects for file in found] == [None, None, tmp_path / "sit" / "c.npz"]


def test_a_manifest_is_not_overwritten_by_default(tmp_path: Path) -> None:
    files = [LabelledFile(tmp_path / "a, b.mp4", ("run", "jump"), "film", "train")]
    path = write_manifest(tmp_path, files)
    before = path.read_text()
    with pytest.raises(PeerattnError, match="move it away, or pass replacing=True"):
        write_manifest(tmp_path, [])
    assert path.read_text() == before
    assert all_files(tmp_path) == tuple(files)
    write_manifest(tmp_path, [], replacing=True)
    assert path.read_text() == "path,label,split,group,mask_path\n"


def test_a_new_split_does_not_change_other_columns(tmp_path: Path) -> None:
    columns = "path,sha256,label,author,split,group,mask_path"
    rows = ('a.mp4,ab12,run|jump,"me, too",train,film 1,', "b.mp4,,sit,,,film 2,maps.npz", "c.mp4,cd34,run")
    (tmp_path / "manifest.csv").write_text("\n".join((columns, *rows)) + "\n")
    files = all_files(tmp_path)
    write_manifest(tmp_path, split_files(files, {"val": 1.0}), replacing=True)
    assert (tmp_path / "manifest.csv").read_text().splitlines() == [
        "path,label,split,group,mask_path,sha256,author",
        'a.mp4,run|jump,val,film 1,,ab12,"me, too"',
        "b.mp4,sit,val,film 2,maps.npz,,",
        "c.mp4,run,val,c.mp4,,cd34,",
    ]
    assert all_files(tmp_path) == split_files(files, {"val": 1.0})


def test_a_manifest_that_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "clips" / "run").mkdir(parents=True)
    (tmp_path / "a.mp4").touch()
    (tmp_path / "clips" / "run" / "a.mp4").symlink_to(tmp_path / "a.mp4")
    with pytest.raises(PeerattnError, match=r"run/a.mp4 is a link out of .*clips.*: copy the file there"):
        write_manifest(tmp_path / "clips", all_files(tmp_path / "clips"))
    assert not (tmp_path / "clips" / "manifest.csv").exists()
