"""Training a segmentation network: it learns, is reproducible, and is evaluated correctly."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from peerattn.actionworld.clips import MAP_NAMES, generate
from peerattn.cli.segmentation_run import generator_version
from peerattn.data.generated import TEST_SEED
from peerattn.errors import PeerattnError
from peerattn.files.cards import write_card
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.segmenter import estimate_objects, load_segmenter
from peerattn.segmenter_training.config import SegmenterConfig
from peerattn.segmenter_training.losses import person_loss
from peerattn.segmenter_training.quality import evaluate_persons, evaluate_segmenter, person_overlaps
from peerattn.segmenter_training.saving import metrics_of, save_segmenter
from peerattn.segmenter_training.training import train_segmenter
from peerattn.segmenter_training.videos import PersonVideo
from peerattn.video.frames import Frames

TINY = SegmenterConfig(clips=16, batch=8, size=32, widths=(2, 6, 10, 16))
PEOPLE = replace(TINY, people=4, widths=(8, 16, 24), reduction=2, motion=True, averaging=0.9)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


class Knowing(SegmentationNetwork):
    """Answers with the true map of the test clip that it is shown, wrong where `wrong` says so."""

    def __init__(self, *, wrong: tuple[int, int] | None = None) -> None:
        super().__init__(tuple(range(1, len(MAP_NAMES))), MAP_NAMES[1:], size=32, widths=(2, 4))
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
    train_segmenter(
        replace(TINY, clips=240, widths=(4, 12, 20, 32)),
        progress=lambda done, total, loss: losses.append(loss),
    )
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
    assert result.mean_iou_interval is None
    assert result.to_json()["mean_iou_interval_remark"] == "too few clips (3, at least 20 needed)"
    assert set(result.classes) <= set(MAP_NAMES)
    assert all(value == 1 for value in result.classes.values())


def test_intersection_over_union_is_that_of_all_pixels() -> None:
    clips = [generate(TEST_SEED + number, frames=4, size=32).object_ids for number in range(3)]
    person, background = (sum(int((ids == one).sum()) for ids in clips) for one in (1, 0))
    result = evaluate_segmenter(Knowing(wrong=(1, 0)), clips=3)
    assert result.classes["person"] == 0
    assert result.classes["background"] == pytest.approx(background / (background + person))
    assert result.mean_iou == pytest.approx(np.mean(list(result.classes.values())))


def test_saved_segmenter_is_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = train_segmenter(TINY)
    result = evaluate_segmenter(segmenter, clips=2)
    save_segmenter(
        tmp_path / "mine", segmenter, config=TINY, metrics=metrics_of(result), facts={"command": "as tested"}
    )
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", os.fspath(tmp_path))
    frames = Frames(generate(5, frames=3, size=48).images, np.arange(3) / 8)
    maps = estimate_objects(frames, load_segmenter("mine"))
    np.testing.assert_array_equal(maps.ids, estimate_objects(frames, segmenter).ids)
    assert maps.class_names == MAP_NAMES[1:]


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": 6},
        {"batch": 0},
        {"clips": 0},
        {"seed": -1},
        {"clips": TEST_SEED},
        {"people": -1},
        {"averaging": 1.0},
    ],
)
def test_senseless_training_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(PeerattnError):
        replace(TINY, **wrong)


def person_video(seed: int, *, frames: int = 12) -> PersonVideo:
    """A grey figure that walks over a texture, and its exact masks."""
    random = np.random.default_rng(seed)
    images = np.repeat(random.integers(60, 110, (1, 32, 48, 3), np.uint8), frames, axis=0)
    persons = np.zeros((frames, 32, 48), bool)
    for frame in range(frames):
        left = 4 + 2 * frame
        persons[frame, 6:26, left : left + 8] = True
    images[persons] = 230
    return PersonVideo(Frames(images, np.arange(frames) / 30), persons, f"film {seed}")


def test_people_are_learnt_from_masks() -> None:
    videos = [person_video(seed) for seed in range(4)]
    segmenter = train_segmenter(replace(PEOPLE, clips=160, batch=4, people=8), videos)
    unseen = person_video(9)
    counts = person_overlaps(segmenter.estimate(unseen.frames.images), unseen)
    assert evaluate_persons([counts], ["film 9"], 12).person_iou > 0.5


def test_training_on_people_is_reproducible() -> None:
    videos = [person_video(seed) for seed in range(2)]
    first, again = (train_segmenter(PEOPLE, videos).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_training_on_people_without_clips_is_refused() -> None:
    with pytest.raises(PeerattnError, match="person masks"):
        train_segmenter(PEOPLE)


def test_outside_the_mask_only_the_class_person_is_penalised_heavily() -> None:
    persons = torch.zeros(1, 4, 4, dtype=torch.bool)
    persons[:, :2] = True
    right, object_instead, wrong = (torch.full((1, 3, 4, 4), -20.0) for _ in range(3))
    right[:, 1, :2], right[:, 0, 2:] = 20, 20
    object_instead[:, 1, :2], object_instead[:, 2, 2:] = 20, 20
    wrong[:, 0, :2], wrong[:, 1, 2:] = 20, 20
    losses = [person_loss(logits, persons).item() for logits in (right, object_instead, wrong)]
    assert losses[0] == pytest.approx(0, abs=1e-4)
    assert losses[0] < losses[1] < losses[2] / 10


def test_overlap_with_a_mask_is_counted_at_its_size() -> None:
    video = person_video(0, frames=1)
    ids = video.persons[:, ::2, ::2].astype(np.uint8)
    (both_rest, either_rest), (both, either) = person_overlaps(ids, video)
    assert both == either == 160
    assert both_rest == either_rest == 32 * 48 - 160
    none = person_overlaps(np.zeros_like(ids), video)
    np.testing.assert_array_equal(none, [[32 * 48 - 160, 32 * 48], [0, 160]])


def test_quality_of_persons_counts_pixels_and_clips() -> None:
    counts = [np.array([[90, 100], [10, 20]]), np.array([[50, 60], [30, 40]])]
    result = evaluate_persons(counts, ["one", "other"], 7)
    assert (result.n, result.frames, result.groups) == (2, 7, 2)
    assert result.person_iou == pytest.approx(40 / 60)
    assert result.clip_mean == pytest.approx((10 / 20 + 30 / 40) / 2)
    assert result.mean_iou == pytest.approx((140 / 160 + 40 / 60) / 2)
    assert result.to_json()["person_iou_interval_remark"] == "too few clips (2, at least 20 needed)"


def test_intersections_over_union_have_intervals_over_source_videos() -> None:
    rng = np.random.default_rng(0)
    counts = []
    for clip in range(30):
        both = 20 + (clip // 3) + rng.integers(0, 30)
        counts.append(np.array([[90, 100], [both, 80]]))
    apart = evaluate_persons(counts, [str(clip) for clip in range(30)], 30)
    together = evaluate_persons(counts, [str(clip // 3) for clip in range(30)], 30)
    for name in ("person_iou", "clip_mean", "mean_iou"):
        low, high = getattr(apart, f"{name}_interval")
        assert low < getattr(apart, name) < high
        assert getattr(together, f"{name}_interval") != (low, high)
    perfect = evaluate_persons([np.full((2, 2), 9)] * 30, [str(clip) for clip in range(30)], 30)
    low, high = perfect.person_iou_interval or (0, 0)
    assert 0.8 < low < high == 1  # all alike, and still not known to be


@pytest.mark.parametrize(
    ("training", "version"),
    [(None, 1), ({}, 1), ({"generator_version": 2}, 2), ({"generator_version": "2"}, None)],
)
def test_a_segmenter_is_measured_on_the_version_that_its_card_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, training: object, version: int | None
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path))
    (tmp_path / "mine").mkdir()
    write_card(tmp_path / "mine", "segmenter", {} if training is None else {"training": training})
    if version is None:
        with pytest.raises(PeerattnError, match="no version '2' of the generated clips"):
            generator_version("mine")
    else:
        assert generator_version("mine") == version


def test_evaluation_without_clips_is_refused() -> None:
    with pytest.raises(PeerattnError, match="at least one"):
        evaluate_segmenter(Knowing(), clips=0)
    with pytest.raises(PeerattnError, match="at least one"):
        evaluate_persons([], [], 0)
