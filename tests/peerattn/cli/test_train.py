"""`peerattn train` on a folder: the checkpoint with card and history, and resuming after an interruption."""

import csv
import json
import shutil
import signal
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from peerattn.__main__ import main
from peerattn.checkpoints.checkpoint import load
from peerattn.cli import training_run
from peerattn.graph.answers import CLASSES as CLASSES_ASKED
from peerattn.graph.answers import LABELS, Answer
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.traces.history import read_history
from peerattn.training.actionworld import actionworld_structure
from peerattn.training.callbacks import Epoch
from peerattn.training.recipe import Recipe
from tests.media import write_video

CLASSES = ("dark", "light", "none")
RECIPE = {
    "epochs": 2,
    "batch": 4,
    "log_every": 1,
    "workers": 0,
    "clip": {"size": 16, "window": 2, "frame_rate": 5.0, "flow": "ultrafast"},
    "augmentation": {"warp": {"flip": 0.5}},
    "averaging": {"kind": "ema", "decay": 0.9},
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six training and three validation clips of three classes; one clip has two classes."""
    folder = tmp_path_factory.mktemp("clips")
    rows = []
    for number in range(9):
        name, shade = CLASSES[number % 3], (40, 200, 120)[number % 3]
        images = np.full((12, 32, 48, 3), shade, np.uint8)
        images[:, 8:16, 8 + number : 16 + number] = 255 - shade
        write_video(folder / f"{number}.mp4", images)
        rows.append((f"{number}.mp4", name, "train" if number < 6 else "val"))
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split"), *rows])
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Exit code, stdout and stderr of a `train` command with the small recipe."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE))

    def run(*words: object) -> tuple[int, str, str]:
        command = ["peerattn", "train", "--config", "recipe.json", "--modalities", "rgb,flow"]
        monkeypatch.setattr(sys, "argv", [*command, *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capfd.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return run


def test_a_folder_becomes_a_checkpoint_with_card_and_history(run: Run, clips: Path, tmp_path: Path) -> None:
    code, out, err = run("--data", clips, "--out", "mine")
    assert code == 0, err
    assert "3 clips" in out
    assert err.count("epoch ") == 2
    files = {path.name for path in (tmp_path / "mine").iterdir()}
    assert files == {"card.json", "card.md", "weights.safetensors", "history.safetensors"}
    card = load("mine").card
    assert card["class_names"] == sorted(CLASSES)
    assert card["metrics"]["n"] == 3
    assert {"top1_interval", "macro_interval", "window_top1", "classes"} <= card["metrics"].keys()
    assert card["training"]["clips"] == {"train": 6, "val": 3}
    assert card["training"]["averaging"]["decay"] == 0.9
    assert card["training"]["augmentation"]["warp"]["flip"] == 0.5
    assert len(card["digest"]) == 64
    assert load("mine").settings.size == 16
    history = read_history(tmp_path / "mine" / "history.safetensors")
    assert history.steps.tolist() == [0, 1, 2]
    assert {"loss", "top1", "macro"} <= history.metrics.keys()


def test_training_can_start_from_the_weights_of_a_checkpoint(run: Run, clips: Path) -> None:
    assert run("--data", clips, "--out", "first", "--without", "none")[0] == 0
    assert load("first").class_names == ("dark", "light")
    code, _, err = run("--data", clips, "--out", "second", "--init", "first", "--epochs", 1, "--rate", 0)
    assert code == 0, err
    first, second = load("first"), load("second")
    assert second.structure == first.structure
    assert second.settings == first.settings
    before, after = dict(first.network.named_parameters()), dict(second.network.named_parameters())
    filters = [name for name in before if name.startswith("blocks.")]
    assert filters
    assert all(torch.equal(before[name], after[name]) for name in filters)


def test_an_interrupted_run_says_how_to_resume_it_and_can_be_resumed(
    run: Run, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("--data", clips, "--out", "whole")[0] == 0

    def pressed(epoch: Epoch) -> str:
        signal.raise_signal(signal.SIGINT)
        return "pressed"

    with monkeypatch.context() as patch:
        patch.setattr(training_run, "epoch_line", pressed)
        code, out, err = run("--data", clips, "--out", "mine")
    assert (code, out) == (130, "")
    assert err.splitlines()[-1].startswith("cancelled; to resume: peerattn train --config recipe.json")
    assert err.splitlines()[-1].endswith("--out mine --resume")
    assert not (tmp_path / "mine" / "card.json").exists()
    code, _, err = run("--data", clips, "--out", "mine")
    assert code == 2
    assert "add --resume" in err
    code, _, err = run("--data", clips, "--out", "mine", "--epochs", 3, "--resume")
    assert code == 2
    assert "saved with epochs 2, not 3" in err
    assert run("--data", clips, "--out", "mine", "--resume")[0] == 0
    both = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "mine")]
    assert both[0] == both[1]


def test_clips_that_cannot_be_read_are_named_and_counted(run: Run, clips: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(clips, damaged)
    for name in ("1.mp4", "7.mp4"):
        (damaged / name).write_text("no video")
    (damaged / "2.mp4").unlink()
    code, out, err = run("--data", damaged, "--out", "mine")
    assert code == 0, err
    assert "2 clips" in out
    named = [line.partition(": ")[0] for line in err.splitlines() if line.startswith("skipped")]
    assert sorted(Path(name.removeprefix("skipped ")).name for name in named) == ["1.mp4", "2.mp4", "7.mp4"]
    assert err.splitlines()[-2:] == [
        "clips for training that could not be read: 2",
        "clips for measuring that could not be read: 1",
    ]
    assert load("mine").card["unread"] == {"training": 2, "measuring": 1}


def test_a_run_whose_first_save_failed_can_be_resumed(run: Run, clips: Path, tmp_path: Path) -> None:
    for left in ((), (".training.safetensors.partial",)):
        folder = tmp_path / f"mine{len(left)}"
        folder.mkdir()
        for name in left:
            (folder / name).write_bytes(b"half")
        code, _, err = run("--data", clips, "--out", folder.name, "--resume")
        assert code == 0, err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    code, _, err = run("--data", clips, "--out", "other", "--resume")
    assert (code, "exists already" in err) == (2, True)


def test_clips_of_several_classes_are_measured_by_average_precision(run: Run, clips: Path) -> None:
    manifest = clips / "manifest.csv"
    before = manifest.read_text()
    both = before.replace("0.mp4,dark", "0.mp4,dark|light").replace("6.mp4,dark", "6.mp4,dark|none")
    manifest.write_text(both)
    try:
        code, out, err = run("--data", clips, "--out", "mine", "--loss", "binary")
        assert code == 0, err
        assert "average precision" in out
        assert load("mine").card["metrics"]["map"]["n"] == 3
        assert "choose the loss binary" in run("--data", clips, "--out", "other")[2]
    finally:
        manifest.write_text(before)


def test_a_structure_that_answers_with_labels_is_trained_on_labels(
    run: Run, clips: Path, tmp_path: Path
) -> None:
    """`--loss` decides the answer; without it, a recipe whose loss does not fit the structure is refused."""
    structure = actionworld_structure("peer", ("rgb", "flow")).with_answer(LABELS)
    (tmp_path / "labels.json").write_text(json.dumps(structure.to_json()))
    words = ("--data", clips, "--structure", "labels.json")
    code, _, err = run(*words, "--out", "refused")
    assert code == 2
    assert (
        "the structure answers with labels, but the loss in recipe.json is cross_entropy: add --loss binary"
        in err
    )
    assert run(*words, "--out", "one", "--loss", "cross_entropy")[0] == 0
    assert load("one").structure.answer == CLASSES_ASKED
    (tmp_path / "recipe.json").write_text(json.dumps({**RECIPE, "loss": {"kind": "binary"}}))
    assert run(*words, "--out", "any")[0] == 0
    assert load("any").structure.answer == LABELS
    recipe, plain = Recipe(), structure.with_answer(Answer("labels", thresholds=(0.1, 0.2, 0.3)))
    matched, found = training_run.match_answer_to_loss(plain, recipe, loss=None, config=None)
    assert (matched.answer, found.training.loss.kind) == (LABELS, "binary")


REFUSED = {
    "no folder": (("--data", "nowhere"), "nowhere is not a folder"),
    "no split": (("--train-split", "practice"), "no labelled clips of split 'practice'"),
    "no such class": (("--without", "blue"), "is of class 'blue'"),
    "no loss": (("--loss", "hinge"), "loss 'hinge' must be one of"),
    "a loss that is gone": (("--loss", "l1"), "loss 'l1' must be one of cross_entropy, binary"),
    "no maps": (("--objects", "guessed"), "'guessed' must be true or estimated"),
    "no start": (("--init", "missing"), "no checkpoint 'missing'"),
    "no structure": (("--structure", "nowhere.json"), "nowhere.json"),
    "no TensorBoard": (("--tensorboard", "logs"), "TensorBoard is not installed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_training_options_are_refused_in_one_line(
    run: Run, clips: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    words, said = REFUSED[case]
    code, out, err = run("--data", clips, "--out", "mine", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_maps_of_other_classes_than_the_network_reads_are_refused_at_once(
    run: Run, clips: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(clips, folder)
    maps = ObjectMaps(np.zeros((12, 32, 48), np.uint8), np.arange(12), (7, 9), ("cat", "dog"), "attached")
    write_objects(folder / "maps.npz", maps)
    head, *rows = (folder / "manifest.csv").read_text().splitlines()
    lines = [f"{head},mask_path", *(f"{row},maps.npz" for row in rows)]
    (folder / "manifest.csv").write_text("\n".join(lines))
    code, out, err = run("--data", folder, "--out", "mine", "--modalities", "rgb,object")
    assert (code, out) == (2, "")
    assert "have the class ids [7, 9], but the network reads [1]: renumber the maps" in err
    assert err.count("\n") == 1


def test_logs_contain_the_results_of_each_epoch(
    run: Run, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, float, int]] = []

    class SummaryWriter:
        def __init__(self, folder: str) -> None: ...
        def __enter__(self) -> "SummaryWriter":
            return self

        def __exit__(self, *error: object) -> None: ...
        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, value, step))

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    assert run("--data", clips, "--out", "mine", "--tensorboard", "logs")[0] == 0
    names = {name for name, _, _ in written}
    assert {"loss", "connections", "val/top1", "seconds/waiting", "seconds/network"} <= names
    assert {step for _, _, step in written} == {1, 2}
