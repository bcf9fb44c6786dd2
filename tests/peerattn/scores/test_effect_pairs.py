"""Pairs: what two components cost beyond the sum of each alone, by hand, stored, and with its level."""

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.scores.effect_answers import About, EffectAnswers
from peerattn.scores.effect_pairs import PairAnswers, Selection, beyond_sums, score_pairs

PAIRS = {"a + b": ("a", "b"), "a + c": ("a", "c")}


def kept(rises: dict[str, float], *, clips: int = 60, noise: float = 0.0) -> PairAnswers:
    """Two classes, p = 0.9 of the true one; under each change its −log p rises by about so much."""
    rng, labels = np.random.default_rng(1), tuple((number % 2,) for number in range(clips))
    true = np.array(labels)[:, 0]

    def shares(rise: float) -> np.ndarray:
        p = 0.9 * np.exp(-np.abs(rise + noise * rng.normal(size=clips)))
        both = np.repeat((1 - p)[:, None], 2, axis=1)
        both[np.arange(clips), true] = p
        return both.astype(np.float32)

    groups = tuple(str(clip // 2) for clip in range(clips))
    names, clip_names = tuple(rises), tuple(map(str, range(clips)))
    about = About(
        "connection", "remove", "classes", ("x", "y"), names, clip_names, labels, groups, clips, {}, (), {}
    )
    after = {name: shares(rise) for name, rise in rises.items()}
    return PairAnswers(EffectAnswers(about, shares(0.0), after), PAIRS, Selection(3, 48, 24))


def test_what_stands_in_for_each_other_costs_more_together() -> None:
    answers = kept({"a": 0.1, "b": 0.2, "c": 0.5, "a + b": 1.5, "a + c": 0.6})
    assert beyond_sums(answers.answers, PAIRS) == pytest.approx([1.2, 0.0], abs=1e-5)
    found = score_pairs(answers)
    assert [pair.name for pair in found.pairs] == ["a + b", "a + c"]
    first, second = found.pairs
    assert (first.alone, first.both, first.beyond) == pytest.approx((0.3, 1.5, 1.2), abs=1e-5)
    assert first.change.value == second.change.value == -1.0  # p falls below a half in both
    noisy = score_pairs(kept({"a": 0.1, "b": 0.2, "c": 0.5, "a + b": 1.5, "a + c": 0.6}, noise=0.2))
    assert "redundant" in noisy.pairs[0].conclusion
    assert (
        "less than the sum"
        in score_pairs(kept(dict.fromkeys(["a", "b", "c", *PAIRS], 1.0))).pairs[0].conclusion
    )


def test_intervals_hold_at_once_and_few_clips_have_none() -> None:
    rises = {"a": 0.1, "b": 0.2, "c": 0.5, "a + b": 1.5, "a + c": 0.6}
    answers = kept(rises, noise=0.2)
    alone = PairAnswers(answers.answers, {"a + b": PAIRS["a + b"]}, answers.selection)
    (one,), (both, _) = score_pairs(alone).pairs, score_pairs(answers).pairs
    assert one.interval and both.interval
    assert both.interval[0] < one.interval[0] < one.beyond < one.interval[1] < both.interval[1]
    few = score_pairs(kept(rises, clips=12))
    assert few.pairs[0].interval is None and few.pairs[0].conclusion == few.remark != ""


def test_pairs_without_any_true_cost_beyond_the_sum_are_seldom_called_redundant() -> None:
    called = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        answers = kept({"a": 0.5, "b": 0.5, "c": 0.5, "a + b": 1.0, "a + c": 1.0})
        noisy = {
            name: (shares * np.exp(-0.1 * rng.normal(size=(60, 1)))).astype(np.float32)
            for name, shares in answers.answers.after.items()
        }
        one = EffectAnswers(answers.answers.about, answers.answers.before, noisy)
        called += any(
            "redundant" in pair.conclusion
            for pair in score_pairs(PairAnswers(one, PAIRS, answers.selection)).pairs
        )
    assert called <= 12  # of 200, two-sided at 5 %: 5 are expected


def test_stored_pairs_are_read_again_or_refused() -> None:
    answers = kept({"a": 0.1, "b": 0.2, "c": 0.5, "a + b": 1.5, "a + c": 0.6}, noise=0.2)
    arrays = answers.to_arrays()
    again = PairAnswers.from_arrays(arrays)
    assert (again.pairs, again.selection) == (answers.pairs, answers.selection)
    assert score_pairs(again).pairs == score_pairs(answers).pairs
    for broken in (
        answers.answers.to_arrays(),
        {**arrays, "pairs": np.frombuffer(b"[]", np.uint8)},
        {**arrays, "pairs": np.frombuffer(b'{"pairs": {"d + e": ["d", "e"]}, "selection": {}}', np.uint8)},
    ):
        with pytest.raises(PeerattnError):
            PairAnswers.from_arrays(broken)


def test_words_say_how_pairs_were_chosen() -> None:
    assert (
        Selection(1225, 48, 20).words
        == "chosen from 1,225 pairs on 48 other clips, of 20 other source videos"
    )
    assert Selection(3).words == "all 3 pairs were measured" and Selection(1).words == "the only pair"
