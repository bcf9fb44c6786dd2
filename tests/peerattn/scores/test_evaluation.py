"""Accuracy and its intervals: golden values, and networks whose answers are known."""

import json
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.scores.evaluation import Evaluation, paired_difference, summarise
from peerattn.scores.intervals import (
    MIN_CLASS_SIZE,
    Interval,
    describe_clips,
    paired_interval,
    share_interval,
    too_few,
    wilson_interval,
)
from peerattn.scores.kinds import difference

NAMES = ("dark", "grey", "bright")
Z = NormalDist().inv_cdf(0.975)


def wilson(successes: int, n: int) -> Interval:
    return wilson_interval(successes / n, n, Z)


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


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_wilson_interval_contains_the_share_and_is_symmetric(counts: tuple[int, int]) -> None:
    successes, n = counts
    low, high = wilson(successes, n)
    assert 0 <= low <= high <= 1
    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    assert low - 1e-9 <= successes / n <= high + 1e-9
    assert high - low > 0


@pytest.mark.parametrize(("right", "groups"), [(21, 10), (6, 10), (0, 10), (29, 29)])
def test_clips_in_few_groups_have_a_wider_interval_than_independent_clips(right: int, groups: int) -> None:
    hits = np.arange(30) < right
    names = np.array([f"film {number % groups}" for number in range(30)])
    low, high = share_interval(hits, names) or (0, 0)
    alone = share_interval(hits) or (0, 0)
    assert low <= right / 30 <= high
    assert high - low > alone[1] - alone[0]


@pytest.mark.parametrize(
    ("clips", "groups", "said"),
    [
        (19, 19, "too few clips (19, at least 20 needed)"),
        (19, 12, "too few clips (19, at least 20 needed)"),
        (100, 9, "too few source videos (9, at least 10 needed)"),
        (12, 3, "too few source videos (3, at least 10 needed)"),
        (0, 0, "too few clips (0, at least 20 needed)"),
    ],
)
def test_too_few_clips_give_a_reason_instead_of_an_interval(clips: int, groups: int, said: str) -> None:
    names = [f"film {number % groups}" for number in range(clips)]
    hits = np.arange(clips) % 2 == 0
    assert share_interval(hits, np.array(names)) is None
    assert paired_interval(hits, ~hits, np.array(names)) is None
    assert too_few(names) == said


def test_twenty_clips_of_ten_videos_are_enough() -> None:
    names = [f"film {number % 10}" for number in range(20)]
    assert too_few(names) == ""
    assert share_interval(np.arange(20) < 15, np.array(names))


def test_of_a_class_five_clips_of_three_videos_are_enough() -> None:
    assert too_few(["a", "b", "c", "a", "b"], MIN_CLASS_SIZE) == ""
    assert (
        too_few(["a", "b", "a", "a", "b"], MIN_CLASS_SIZE) == "too few source videos (2, at least 3 needed)"
    )
    assert too_few(["a", "b", "c", "d"], MIN_CLASS_SIZE) == "too few clips (4, at least 5 needed)"


def test_clips_without_groups_are_described_as_separate_source_videos() -> None:
    assert describe_clips(["a", "b", "c"]) == "3 clips, each counted as a separate source video"
    assert describe_clips(["a", "b", "a"]) == "3 clips of 2 source videos"


def summary(groups: list[str] | None = None) -> Evaluation:
    """Three times labels 0 0 0 0 1 1 2 2, predictions 0 0 0 1 1 0 2 1."""
    labels, predicted = np.array([0, 0, 0, 0, 1, 1, 2, 2] * 3), [0, 0, 0, 1, 1, 0, 2, 1] * 3
    return summarise(
        np.eye(3, dtype=np.float32)[predicted], labels, groups or [str(n) for n in range(24)], NAMES
    )


def test_a_summary_counted_by_hand() -> None:
    found = summary()
    assert (found.n, found.top1, found.top5) == (24, 5 / 8, 1.0)
    assert found.macro == pytest.approx((3 / 4 + 1 / 2 + 1 / 2) / 3)
    assert found.confusion.tolist() == [[9, 3, 0], [3, 3, 0], [0, 3, 3]]
    assert [(row.name, row.n, row.accuracy) for row in found.classes] == [
        ("dark", 12, 0.75),
        ("grey", 6, 0.5),
        ("bright", 6, 0.5),
    ]
    assert found.top1_interval == pytest.approx(wilson(15, 24))
    assert found.classes[0].interval == pytest.approx(wilson(9, 12))
    low, high = found.macro_interval or (0, 0)
    assert low < found.macro < high


def test_grouping_clips_changes_every_interval() -> None:
    grouped = summary([f"film {number % 11}" for number in range(24)])
    assert grouped.top1_interval != summary().top1_interval
    assert grouped.classes[0].interval != summary().classes[0].interval


def test_top5_looks_at_five() -> None:
    scores = np.tile(np.arange(8, dtype=np.float32), (8, 1))  # the likeliest is 7, then 6, …
    found = summarise(scores, np.arange(8), [str(n) for n in range(8)], [str(n) for n in range(8)])
    assert (found.top1, found.top5) == (1 / 8, 5 / 8)


def test_a_class_without_clips_is_left_out_of_the_macro_mean() -> None:
    found = summarise(np.eye(3, dtype=np.float32)[[0, 0]], np.array([0, 0]), ["a", "b"], NAMES)
    assert found.macro == 1.0
    assert (found.classes[2].n, found.classes[2].interval) == (0, None)


def test_nothing_to_evaluate_is_refused() -> None:
    with pytest.raises(PeerattnError, match="no clips to evaluate on"):
        summarise(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), [], NAMES)


def test_the_json_has_the_documented_keys() -> None:
    document = summary().to_json()
    for name in ("top1", "top5", "macro"):
        assert document[f"{name}_interval"][0] <= document[name] <= document[f"{name}_interval"][1]
    assert document.keys() >= {"n", "classes", "confusion"}
    grey = {"name": "grey", "n": 6, "accuracy": 0.5, "interval": pytest.approx(list(wilson(3, 6)))}
    assert document["classes"][1] == grey


def test_json_says_why_there_is_no_interval() -> None:
    few = summarise(np.eye(3, dtype=np.float32)[[0, 1, 1]], np.array([0, 0, 1]), ["a", "b", "a"], NAMES)
    document = json.loads(json.dumps(few.to_json(), allow_nan=False))
    assert document["top1_interval"] is None
    assert document["top1_interval_remark"] == "too few source videos (2, at least 10 needed)"
    assert document["groups"] == 2
    assert document["classes"][0]["interval"] is None
    assert document["classes"][0]["interval_remark"] == "too few clips (2, at least 5 needed)"


def test_a_paired_difference_has_a_narrower_interval_than_two_separate_accuracies() -> None:
    """Of 100 clips, 10 become wrong and none right: the interval is narrower than for two separate sets."""
    groups, labels = [str(n) for n in range(100)], np.zeros(100, np.int64)
    before = summarise(np.eye(3, dtype=np.float32)[[0] * 60 + [1] * 40], labels, groups, NAMES)
    after = summarise(np.eye(3, dtype=np.float32)[[0] * 50 + [1] * 50], labels, groups, NAMES)
    found = paired_difference(before, after)
    assert found.value == pytest.approx(-0.1)
    assert found.interval == pytest.approx((-0.1 - 1.96 * 0.03, -0.1 + 1.96 * 0.03), abs=0.02)
    changed = "10 of 100 answers changed, 10 from right to wrong and 0 from wrong to right"
    assert found.words == f"worse: {changed}"
    assert paired_difference(after, before).verdict == "better"


def test_a_difference_that_is_not_distinguishable_says_which_loss_is_not_excluded() -> None:
    labels, groups = np.zeros(48, np.int64), [str(n) for n in range(48)]
    one = summarise(np.eye(3, dtype=np.float32)[[0] * 40 + [1] * 8], labels, groups, NAMES)
    assert paired_difference(one, one).words == (
        "not distinguishable: 0 of 48 answers changed; a loss of up to 7.8 points is not excluded"
    )
    # Another wrong answer is a change, but neither a loss nor a gain.
    other = summarise(np.eye(3, dtype=np.float32)[[0] * 40 + [2] * 8], labels, groups, NAMES)
    assert paired_difference(one, other).words == (
        "not distinguishable: 8 of 48 answers changed, 0 from right to wrong and 0 from wrong to right; "
        "a loss of up to 7.8 points is not excluded"
    )


def test_with_too_few_clips_there_is_no_verdict() -> None:
    few = summary()
    few = summarise(few.probabilities[:8], few.labels[:8], few.groups[:8], NAMES)
    found = paired_difference(few, few)
    assert found.interval is None
    assert found.words == "too few clips (8, at least 20 needed): 0 of 8 answers changed"
    assert found.to_json()["difference_interval_remark"] == "too few clips (8, at least 20 needed)"


def test_intervals_are_wider_if_several_comparisons_are_made() -> None:
    few = summary()
    alone, of_fifty = difference(few, few), difference(few, few, comparisons=50)
    assert alone.interval and of_fifty.interval
    assert of_fifty.interval[0] < alone.interval[0]
    assert of_fifty.interval == paired_interval(few.correct, few.correct, level=0.999)
