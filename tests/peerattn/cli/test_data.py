"""`peerattn data`: what the commands print and write, and what they refuse."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from peerattn.__main__ import main
from peerattn.data.cache import Cache
from peerattn.data.folder import all_files
from tests.media import moving_square, write_video
from tests.small import write_small_checkpoints

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Exit code, stdout and stderr of `peerattn data ...`."""
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["peerattn", "data", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two clips of each of two classes."""
    for step, name in enumerate(("run/a", "run/b", "sit/c", "sit/d")):
        path = tmp_path / "clips" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path, moving_square(6, step=step))
    return tmp_path / "clips"


def test_check_counts_a_sound_folder(run: Run, clips: Path) -> None:
    code, out, err = run("check", clips)
    assert (code, err) == (0, "")
    assert "4 clips of 4 groups" in out
    assert "64x48 px (4 clips)" in out
    code, out, err = run("check", clips, "--json", "-")
    assert json.loads(out)["classes"] == {"run": {"": 2}, "sit": {"": 2}}


def test_check_ends_with_2_and_names_each_fault(run: Run, clips: Path) -> None:
    (clips / "run" / "a.mp4").write_bytes(b"")
    (clips / "loose.mp4").touch()
    code, out, err = run("check", clips)
    assert code == 2
    assert "run/a.mp4: the file is empty" in out
    assert "loose.mp4: is not in the folder of a class" in out
    assert err == f"{clips} has 2 faults: fix those listed above\n"
    code, out, _ = run("check", clips, "--json", "-")
    assert code == 2
    assert [fault["place"] for fault in json.loads(out)["faults"]] == ["loose.mp4", "run/a.mp4"]


def test_check_writes_a_manifest_for_a_card(run: Run, clips: Path, tmp_path: Path) -> None:
    assert run("check", clips, "--manifest", tmp_path / "data.json")[0] == 0
    written = json.loads((tmp_path / "data.json").read_text())
    assert [clip["name"] for clip in written["clips"]] == ["run/a.mp4", "run/b.mp4", "sit/c.mp4", "sit/d.mp4"]
    assert {len(clip["sha256"]) for clip in written["clips"]} == {64}


def test_split_writes_a_manifest_once(run: Run, clips: Path) -> None:
    code, out, _ = run("split", clips, "--shares", "train=0.5,test=0.5")
    assert code == 0
    assert out.endswith("train 2, test 2 clips\n")
    assert sorted((file.label, file.split) for file in all_files(clips)) == [
        ("run", "test"),
        ("run", "train"),
        ("sit", "test"),
        ("sit", "train"),
    ]
    code, _, err = run("split", clips)
    assert code == 2
    assert "or replace it with --force" in err
    assert run("split", clips, "--force")[0] == 0


@pytest.mark.parametrize("shares", ["train", "train=much", "train=0.5,train=0.5", "train=0.5,val=0.6"])
def test_split_refuses_invalid_shares(run: Run, clips: Path, shares: str) -> None:
    code, _, err = run("split", clips, "--shares", shares)
    assert code == 2
    assert err.count("\n") == 1
    assert not (clips / "manifest.csv").exists()


def test_cache_prepares_each_clip_once(run: Run, clips: Path, tmp_path: Path) -> None:
    (clips / "run" / "a.mp4").write_bytes(b"")
    code, out, err = run("cache", clips, "--size", 32, "--workers", 1, "--json", "-")
    first = json.loads(out)
    assert (code, first["made"], first["found"]) == (0, 3, 0)
    assert err.startswith(f"skipped {clips / 'run' / 'a.mp4'}: ")
    assert first["bytes"] == sum(file.stat().st_size for file in (tmp_path / "cache").rglob("*.npz"))
    assert json.loads(run("cache", clips, "--size", 32, "--json", "-")[1])["found"] == 3
    assert "already cached" in run("cache", clips, "--size", 32)[1]


def test_the_cache_has_the_limit_that_was_set_last(run: Run, clips: Path, tmp_path: Path) -> None:
    """The limit also applies to later runs without the option, and to training."""
    assert "of 20 GB" in run("cache", clips, "--size", 32, "--workers", 0)[1]
    for words in (("--limit", 3), ()):
        assert "of 3 GB" in run("cache", clips, "--size", 32, "--workers", 0, *words)[1]
        assert Cache(tmp_path / "cache").limit == 3 * 10**9


def test_cache_prepares_clips_for_a_checkpoint(run: Run, clips: Path, tmp_path: Path) -> None:
    write_small_checkpoints(tmp_path / "checkpoints")
    code, out, _ = run("cache", clips, "--checkpoint", "small", "--workers", 0, "--json", "-")
    assert (code, json.loads(out)["made"]) == (0, 4)
