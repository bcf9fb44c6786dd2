"""Accuracy and its intervals: golden values, and networks whose answers are known."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.recording.evaluating import evaluate
from peerattn.scores.bootstrap import bootstrap
from peerattn.scores.evaluation import Evaluation, paired_difference, summarise
from peerattn.scores.intervals import share_interval, wilson

NAMES = ("dark", "grey", "bright")


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Published: Newcombe 1998, Statistics in Medicine 17, table I, method 3 (Wilson's score).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # By hand: (0.8 + 0.19207) / 1.38415 ± 1.95996 · sqrt(0.016 + 0.0096037) / 1.38415.
        (8, 10, 0.4902, 0.9433),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_wilson_gives_the_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_is_symmetric(counts: tuple[int, int]) -> None:
    successes, n = counts
    low, high = wilson(successes, n)
    assert 0 <= low <= high <= 1
    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    if n:
        assert low - 1e-9 <= successes / n <= high + 1e-9
        assert high - low > 0


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_bootstrap_of_a_mean_is_near_the_normal_interval() -> None:
    hits = np.array([True] * 80 + [False] * 20)
    low, high = bootstrap(lambda drawn: float(hits[drawn].mean()), [str(n) for n in range(100)])
    assert (low, high) == pytest.approx((0.8 - 1.96 * 0.04, 0.8 + 1.96 * 0.04), abs=0.012)


def test_bootstrap_draws_whole_groups() -> None:
    """Ten clips of each of ten films, all right or all wrong, say no more than ten clips do."""
    hits = np.repeat(np.array([True] * 8 + [False] * 2), 10)
    groups = [f"film {number // 10}" for number in range(100)]
    low, high = bootstrap(lambda drawn: float(hits[drawn].mean()), groups)
    assert high - low > 0.4
    shuffled = np.random.default_rng(1).permutation(100)
    mixed = bootstrap(
        lambda drawn: float(hits[shuffled][drawn].mean()), [groups[number] for number in shuffled]
    )
    assert mixed == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(("right", "groups"), [(7, 1), (2, 1), (6, 4), (0, 4), (5, 9)])
def test_of_few_groups_an_interval_is_wider_than_of_so_many_clips(right: int, groups: int) -> None:
    clips = max(7, groups + 1)
    hits = np.arange(clips) < right
    names = np.array([f"film {number % groups}" for number in range(clips)])
    low, high = share_interval(hits, names)
    alone = share_interval(hits)
    assert low <= right / clips <= high
    assert high - low > alone[1] - alone[0]


def test_groups_of_different_size_are_drawn_with_all_their_clips() -> None:
    drawn_clips: list[list[int]] = []

    def remember(drawn: np.ndarray) -> float:
        drawn_clips.append(sorted(drawn.tolist()))
        return 0.0

    bootstrap(remember, ["a", "b", "a", "a"])
    assert {tuple(clips) for clips in drawn_clips} == {(0, 0, 2, 2, 3, 3), (0, 1, 2, 3), (1, 1)}


def summary(groups: list[str] | None = None) -> Evaluation:
    """Labels 0 0 0 0 1 1 2 2, predictions 0 0 0 1 1 0 2 1."""
    labels, predicted = np.array([0, 0, 0, 0, 1, 1, 2, 2]), [0, 0, 0, 1, 1, 0, 2, 1]
    return summarise(
        np.eye(3, dtype=np.float32)[predicted], labels, groups or [str(n) for n in range(8)], NAMES
    )


def test_a_summary_counted_by_hand() -> None:
    found = summary()
    assert (found.n, found.top1, found.top5) == (8, 5 / 8, 1.0)
    assert found.macro == pytest.approx((3 / 4 + 1 / 2 + 1 / 2) / 3)
    assert found.confusion.tolist() == [[3, 1, 0], [1, 1, 0], [0, 1, 1]]
    assert [(row.name, row.n, row.accuracy) for row in found.classes] == [
        ("dark", 4, 0.75),
        ("grey", 2, 0.5),
        ("bright", 2, 0.5),
    ]
    assert found.top1_interval == wilson(5, 8)
    assert found.classes[0].interval == wilson(3, 4)
    low, high = found.macro_interval
    assert low < found.macro < high


def test_clips_of_one_film_widen_every_interval() -> None:
    grouped = summary(["a", "a", "b", "b", "a", "b", "a", "b"])
    assert grouped.top1_interval != summary().top1_interval
    assert grouped.classes[0].interval != summary().classes[0].interval


def test_top5_looks_at_five() -> None:
    scores = np.tile(np.arange(8, dtype=np.float32), (8, 1))  # the likeliest is 7, then 6, …
    found = summarise(scores, np.arange(8), [str(n) for n in range(8)], [str(n) for n in range(8)])
    assert (found.top1, found.top5) == (1 / 8, 5 / 8)


def test_a_class_without_clips_is_left_out_of_the_macro_mean() -> None:
    found = summarise(np.eye(3, dtype=np.float32)[[0, 0]], np.array([0, 0]), ["a", "b"], NAMES)
    assert found.macro == 1.0
    assert (found.classes[2].n, found.classes[2].interval) == (0, (0.0, 1.0))


def test_nothing_to_evaluate_is_refused() -> None:
    with pytest.raises(PeerattnError, match="no clips to evaluate on"):
        summarise(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), [], NAMES)


def test_json_has_the_keys_of_the_contract() -> None:
    document = summary().to_json()
    for name in ("top1", "top5", "macro"):
        assert document[f"{name}_interval"][0] <= document[name] <= document[f"{name}_interval"][1]
    assert document.keys() >= {"n", "classes", "confusion"}
    assert document["classes"][1] == {"name": "grey", "n": 2, "accuracy": 0.5, "interval": list(wilson(1, 2))}


def test_a_paired_difference_knows_that_the_clips_are_the_same() -> None:
    """Of 100 clips, 10 are lost and none won: a narrower interval than that of two separate shares."""
    groups, labels = [str(n) for n in range(100)], np.zeros(100, np.int64)
    before = summarise(np.eye(3, dtype=np.float32)[[0] * 60 + [1] * 40], labels, groups, NAMES)
    after = summarise(np.eye(3, dtype=np.float32)[[0] * 50 + [1] * 50], labels, groups, NAMES)
    difference, (low, high) = paired_difference(before, after)
    assert difference == pytest.approx(-0.1)
    assert (low, high) == pytest.approx((-0.1 - 1.96 * 0.03, -0.1 + 1.96 * 0.03), abs=0.02)
    apart = [high - low for low, high in (before.top1_interval, after.top1_interval)]
    assert high - low < min(apart)
    opposite, interval = paired_difference(after, before)
    assert (opposite, interval) == (pytest.approx(0.1), pytest.approx((-high, -low)))
    same, (low, high) = paired_difference(before, before)
    assert same == 0
    assert (low, high) == pytest.approx(
        (-0.038, 0.038), abs=1e-3
    )  # no answer changed: a loss is not excluded


def test_evaluations_of_other_clips_are_not_compared() -> None:
    with pytest.raises(PeerattnError, match="different clips"):
        paired_difference(summary(), summary(["a"] * 8))


class Brightness(Network):
    """Its answer is known: the mean brightness of what it sees, in thirds."""

    def __init__(self) -> None:
        blocks = [
            BlockSpec("eye", 1, "video_input", 1, modality="rgb"),
            BlockSpec("top", 2, "bottleneck", 1, input_width=1),
        ]
        light = (Modality("rgb", 1),)
        super().__init__(Structure.complete(blocks, modalities=light, attention="none"), NAMES)
        self.seen: list[int] = []

    def run(self, clip: Mapping[str, Tensor], extremes: object = None) -> dict[str, Tensor]:
        return {"top": clip["rgb"]}

    def answer(self, outputs: Mapping[str, Tensor]) -> Tensor:
        self.seen.append(outputs["top"].shape[2])
        mean = outputs["top"].mean(dim=(1, 2, 3, 4))
        return -100 * (mean[:, None] - torch.tensor([1 / 6, 3 / 6, 5 / 6])).square()


def examples(*values: float, label: int = 2, frames: int = 4) -> Iterator[Example]:
    for number, value in enumerate(values):
        yield Example((label,), {"rgb": torch.full((1, 1, frames, 4, 4), value)}, str(number))


def test_a_network_whose_answers_are_known() -> None:
    clips = [*examples(0.9, 0.8, 0.5), *examples(0.5, 0.1, label=1), *examples(0.0, label=0)]
    counted: list[tuple[int, int]] = []
    network = Brightness().train()
    found = evaluate(network, clips, window=8, batch=4, progress=lambda *now: counted.append(now))
    assert found.confusion.tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 2]]
    assert found.top1 == 4 / 6
    assert counted == [(4, 6), (6, 6)]
    assert network.training


def test_a_clip_is_the_mean_over_its_windows() -> None:
    """Two sure windows outvote one: 10 frames are 4, 3 and 3; then the middle one is asked alone."""
    clip = torch.full((1, 1, 10, 4, 4), 0.9)
    clip[:, :, :4] = 0.1
    network = Brightness()
    found = evaluate(network, [Example((2,), {"rgb": clip}, "a")], window=4)
    assert network.seen == [4, 3, 3, 3]
    assert found.top1 == 1.0


def test_clips_of_different_length_are_not_batched_together() -> None:
    clips = [*examples(0.9, 0.9), *examples(0.9, frames=6), *examples(0.1, frames=6, label=0)]
    found = evaluate(Brightness(), clips, window=8)
    assert (found.n, found.top1) == (4, 1.0)


def test_evaluating_an_iterator_needs_no_length() -> None:
    assert evaluate(Brightness(), examples(0.9, 0.1), window=8).top1 == 0.5


def test_progress_may_cancel() -> None:
    network = Brightness().train()
    with pytest.raises(KeyboardInterrupt):
        evaluate(network, examples(0.9), window=8, progress=cancel)
    assert network.training


def cancel(done: int, total: int) -> None:
    raise KeyboardInterrupt
