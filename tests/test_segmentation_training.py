"""Training of the segmentation network: it learns, is reproducible, and its quality is measured honestly."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from peerattn.actionworld import MAP_NAMES, generate
from peerattn.errors import PeerattnError
from peerattn.generated import TEST_SEED
from peerattn.modalities import Segmenter, estimate_objects, load_segmenter
from peerattn.segmentation_training import (
    SegmenterConfig,
    evaluate_segmenter,
    save_segmenter,
    train_segmenter,
)
from peerattn.video import Frames

TINY = SegmenterConfig(clips=16, batch=8, size=32, width=2)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


class Knowing(Segmenter):
    """Answers with the true map of the test clip that it is shown, wrong where `wrong` says so."""

    def __init__(self, *, wrong: tuple[int, int] | None = None) -> None:
        super().__init__(tuple(range(1, len(MAP_NAMES))), MAP_NAMES[1:], size=32, width=2)
        self.wrong = wrong
        self.seed = TEST_SEED

    def forward(self, images: Tensor) -> Tensor:
        ids = torch.from_numpy(generate(self.seed, frames=4, size=32).object_ids).long()
        self.seed += 1
        if self.wrong:
            ids = torch.where(ids == self.wrong[0], self.wrong[1], ids)
        return nn.functional.one_hot(ids, len(MAP_NAMES)).permute(0, 3, 1, 2).float()


def test_loss_falls() -> None:
    losses: list[float] = []
    train_segmenter(replace(TINY, clips=240, width=4), progress=lambda done, total, loss: losses.append(loss))
    assert np.mean(losses[-20:]) < 0.85 * np.mean(losses[:20])


def test_training_is_reproducible_and_depends_on_the_seed() -> None:
    first, again, other = (train_segmenter(replace(TINY, seed=seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_progress_counts_the_clips() -> None:
    reports: list[tuple[int, int]] = []
    train_segmenter(TINY, progress=lambda done, total, loss: reports.append((done, total)))
    assert reports == [(done, 16) for done in range(2, 17, 2)]


def test_perfect_maps_have_an_intersection_over_union_of_one() -> None:
    result = evaluate_segmenter(Knowing(), clips=3)
    assert result.n == 3
    assert result.mean_iou == 1
    assert result.mean_iou_interval == (1, 1)
    assert set(result.classes) <= set(MAP_NAMES)
    assert all(value == 1 for value in result.classes.values())


def test_intersection_over_union_is_that_of_all_pixels() -> None:
    clips = [generate(TEST_SEED + number, frames=4, size=32).object_ids for number in range(3)]
    person, background = (sum(int((ids == one).sum()) for ids in clips) for one in (1, 0))
    result = evaluate_segmenter(Knowing(wrong=(1, 0)), clips=3)
    assert result.classes["person"] == 0
    assert result.classes["background"] == pytest.approx(background / (background + person))
    assert result.mean_iou == pytest.approx(np.mean(list(result.classes.values())))
    low, high = result.mean_iou_interval
    assert low <= result.mean_iou <= high


def test_saved_segmenter_is_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = train_segmenter(TINY)
    result = evaluate_segmenter(segmenter, clips=2)
    save_segmenter(tmp_path / "mine", segmenter, config=TINY, result=result, command="as tested")
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tmp_path))
    frames = Frames(generate(5, frames=3, size=48).images, np.arange(3) / 8)
    maps = estimate_objects(frames, load_segmenter("mine"))
    np.testing.assert_array_equal(maps.ids, estimate_objects(frames, segmenter).ids)
    assert maps.class_names == MAP_NAMES[1:]


@pytest.mark.parametrize(
    "wrong", [{"batch": 6}, {"batch": 0}, {"clips": 0}, {"seed": -1}, {"clips": TEST_SEED}]
)
def test_senseless_training_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(PeerattnError):
        replace(TINY, **wrong)


def test_evaluation_without_clips_is_refused() -> None:
    with pytest.raises(PeerattnError, match="at least one"):
        evaluate_segmenter(Knowing(), clips=0)
