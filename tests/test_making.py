"""The script that makes `actions21`: folds, turns, and clips in which one modality says nothing."""

import csv
import importlib
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from peerattn.checkpoints.checkpoint import load
from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile
from tests.conftest import ROOT

FOLDS = ROOT / "examples" / "actions21_folds.csv"


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "examples")
    return importlib.import_module("make_actions21")


def test_every_source_video_is_in_one_of_five_folds() -> None:
    with FOLDS.open(encoding="utf-8", newline="") as table:
        rows = [(row["group"], row["fold"]) for row in csv.DictReader(table)]
    assert len({group for group, _ in rows}) == len(rows) == 154
    sizes = Counter(fold for _, fold in rows)
    assert sorted(sizes) == ["0", "1", "2", "3", "4"] and max(sizes.values()) - min(sizes.values()) <= 5


def test_folds_are_made_once_and_keep_source_videos_together(making: ModuleType, tmp_path: Path) -> None:
    files = [
        LabelledFile(Path(f"{n}.mp4"), ("jump" if n % 2 else "run",), f"video {n // 3}") for n in range(45)
    ]
    path = tmp_path / "folds.csv"
    folds = making.folds_of(files, path)
    assert len({(file.group, fold) for file, fold in zip(files, folds, strict=True)}) == 15
    assert sorted(Counter(folds.tolist()).values()) == [9] * 5
    assert np.array_equal(making.folds_of(files[::-1], path), folds[::-1])
    steps = making.Steps(tuple(files), folds, tmp_path)
    for fold in range(5):
        held_out, kept = (steps.members(fold, held_out=which) for which in (True, False))
        assert {file.group for file in held_out}.isdisjoint(file.group for file in kept)
        assert len(held_out) + len(kept) == len(files)


def test_every_class_is_left_out_in_one_turn(making: ModuleType) -> None:
    names = load("actions21").class_names
    turns = making.turns(names)
    assert sorted(name for turn in turns for name in turn) == sorted(names)
    assert {len(turn) for turn in turns} == {4, 5}


def test_a_modality_without_information_is_at_its_mean_and_the_others_stay(making: ModuleType) -> None:
    tensors = {"rgb": torch.randn(1, 3, 6, 1, 1), "flow": torch.randn(1, 2, 6, 1, 1)}
    mean = torch.tensor([1.0, -2.0])
    [changed] = making.WithoutModality([Example((0,), tensors, "video")], "flow", mean)
    assert torch.equal(changed.tensors["rgb"], tensors["rgb"])
    assert torch.equal(changed.tensors["flow"][0, :, 3, 0, 0], mean)
    assert changed.tensors["flow"].shape == tensors["flow"].shape


def test_the_card_says_what_each_modality_is_worth() -> None:
    card = load("actions21").card
    for name in ("rgb", "flow", "joints"):
        loss = card["metrics"]["without"][name]
        assert loss["difference"] <= -0.03 and loss["difference_interval"][1] < 0
    assert card["metrics"]["pooled"]["n"] == 662
