"""Scores for labels: worked by hand, by definition, and paired; and which labels are found in a clip."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.graph.answers import LABELS, Answer
from peerattn.scores.evaluation import summarise
from peerattn.scores.kinds import HEADLINES, SCORES, difference, headline
from peerattn.scores.labels import LabelsEvaluation, paired_precision, summarise_labels
from peerattn.scores.metrics import average_precision, average_precisions, precision_without
from peerattn.scores.verdict import verdict
from peerattn.traces.predicted import leading_indices, predicted_names
from peerattn.traces.trace import Trace
from tests.traces import CLASSES, trace

NAMES = ("ball", "box", "dog")
SHARES = np.array([[0.9, 0.8, 0.1], [0.6, 0.7, 0.2], [0.3, 0.4, 0.3]], np.float32)
TRUTH = np.array([[True, False, False], [False, True, False], [True, True, False]])


def on_paper(groups: tuple[str, ...] = ("a", "b", "c")) -> LabelsEvaluation:
    return summarise_labels(SHARES, TRUTH, groups, NAMES)


def test_an_evaluation_counted_by_hand() -> None:
    """Ball: right, wrong, right. Box: wrong, right, right."""
    evaluation = on_paper()
    ball, box = (1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2
    assert [(row.name, row.n) for row in evaluation.labels] == [("ball", 2), ("box", 2), ("dog", 0)]
    assert evaluation.labels[0].average_precision == pytest.approx(ball)
    assert evaluation.labels[1].average_precision == pytest.approx(box)
    assert evaluation.labels[2].average_precision is None
    assert evaluation.map == pytest.approx((ball + box) / 2)
    # Right, wrong, right, wrong, right; then 0.3 twice, of which one is right.
    assert evaluation.map_micro == pytest.approx((1 + 2 / 3 + 3 / 5 + 4 / 7) / 4)


def test_the_json_has_the_documented_keys_and_no_nan() -> None:
    said = json.loads(json.dumps(on_paper().to_json(), allow_nan=False))
    assert said.keys() >= {"n", "map", "map_interval", "map_micro", "map_micro_interval", "objects", "labels"}
    assert said["n"] == 3
    for name in ("map", "map_micro"):
        assert (said[f"{name}_interval"], said[f"{name}_interval_remark"]) == (
            None,
            "too few clips (3, at least 20 needed)",
        )
    assert {"name", "n", "average_precision", "interval"} <= said["labels"][0].keys()
    assert said["labels"][2]["average_precision"] is said["labels"][2]["interval"] is None


columns = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=3, max_size=3), min_size=1, max_size=12
)


def by_definition(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """The mean over positive clips of the share of positives among all that score at least as high."""
    shares = [labels[scores >= score].mean() for score in scores[labels]]
    return float(np.mean(shares)) if shares else float("nan")


@given(columns)
def test_every_label_is_scored_by_the_definition(rows: list[list[tuple[int, bool]]]) -> None:
    scores = np.array([[score for score, _ in row] for row in rows], float)
    labels = np.array([[label for _, label in row] for row in rows])
    expected = [by_definition(scores[:, place], labels[:, place]) for place in range(3)]
    np.testing.assert_allclose(average_precisions(scores, labels), expected)
    np.testing.assert_allclose(average_precision(scores[:, 0], labels[:, 0]), expected[0])


def random(n: int = 60, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    generator = np.random.default_rng(seed)
    truth = generator.random((n, 3)) < 0.4
    return (truth + generator.normal(size=(n, 3))).astype(np.float32), truth


def test_intervals_are_over_groups() -> None:
    scores, truth = random()
    alone = summarise_labels(scores, truth, [str(n) for n in range(60)], NAMES)
    grouped = summarise_labels(scores, truth, [str(n // 5) for n in range(60)], NAMES)
    for evaluation in (alone, grouped):
        for score in SCORES["labels"](evaluation).values():
            low, high = score.interval or (0, 0)
            assert low < score.value < high
            assert score.n == 60
    assert grouped.map == alone.map
    assert grouped.map_interval != alone.map_interval
    with pytest.raises(PeerattnError, match="no clip has a label"):
        summarise_labels(scores, np.zeros_like(truth), [str(n) for n in range(60)], NAMES)


def test_scores_are_named_as_histories_and_cards_have_them() -> None:
    scores = SCORES["labels"](on_paper())
    assert list(scores) == ["map", "map_micro", "map ball", "map box"]
    assert scores["map"] == headline(on_paper())
    assert HEADLINES["labels"].name == "map"


def test_a_paired_difference_is_of_the_same_clips() -> None:
    scores, truth = random(100)
    groups = [str(n) for n in range(100)]
    before = summarise_labels(scores, truth, groups, NAMES)
    after = summarise_labels(scores + 0.5 * truth.astype(np.float32), truth, groups, NAMES)
    found = difference(before, after)
    assert found.value == after.map - before.map > 0
    low, high = found.interval or (0, 0)
    assert 0 < low < found.value < high
    assert before.map_interval
    assert high - low < before.map_interval[1] - before.map_interval[0]
    assert found.words == "better"
    with pytest.raises(PeerattnError, match="different clips"):
        paired_precision(before, dataclasses.replace(after, truth=~truth))


def test_an_unchanged_set_of_answers_still_has_an_interval_of_some_width() -> None:
    scores, truth = random(100)
    one = summarise_labels(scores, truth, [str(n) for n in range(100)], NAMES)
    found = difference(one, one)
    assert (found.value, found.interval) == (0, pytest.approx((-0.038, 0.038), abs=1e-3))
    assert found.words == "not distinguishable: a loss of up to 3.8 points is not excluded"


@given(st.integers(0, 2**32 - 1))
def test_average_precision_without_a_group_is_that_of_the_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, labels = rng.integers(0, 6, size=30).astype(float), rng.random(30) < 0.3
    number = rng.permutation(np.arange(30) % 7)
    others = [by_definition(scores[number != one], labels[number != one]) for one in range(7)]
    np.testing.assert_allclose(precision_without(scores, labels, number), others)


def test_answers_of_different_kinds_are_not_compared() -> None:
    classes = summarise(SHARES, np.array([0, 1, 2]), ["a", "b", "c"], NAMES)
    with pytest.raises(PeerattnError, match="one network answers with labels, the other with classes"):
        difference(on_paper(), classes)


def answered(*shares: float, answer: Answer = LABELS) -> Trace:
    """A trace of labels with these probabilities."""
    shown = trace()
    probabilities = np.array([*shares, *[0.01] * (len(CLASSES) - len(shares))], np.float32)
    structure = shown.structure.with_answer(answer)
    return dataclasses.replace(shown, structure=structure, probabilities=probabilities)


def test_every_label_at_or_above_its_threshold_is_found_the_strongest_first() -> None:
    said = verdict(answered(0.5, 0.1, 0.735, 0.499))
    assert said.kind == "labels"
    assert said.answer == "push ball, lift ball"
    assert said.predicted == (("push ball", pytest.approx(0.735)), ("lift ball", 0.5))
    assert (said.best, said.reason) == ("push ball", "")


def test_if_no_label_reaches_its_threshold_the_answer_names_the_threshold() -> None:
    said = verdict(answered(0.1, 0.2, 0.447))
    assert (said.answer, said.predicted) == ("none above 50 %", ())
    assert said.reason == "none above 50 %: push ball is best with 44.7%"
    low = Answer("labels", thresholds=(0.4,) * len(CLASSES))
    assert verdict(answered(0.1, 0.2, 0.447, answer=low)).answer == "push ball"
    assert verdict(answered(0.1, 0.2, 0.3, answer=low)).answer == "none above 40 %"
    own = Answer("labels", thresholds=(0.4, 0.9, 0.5, 0.5, 0.5, 0.5))
    assert verdict(answered(0.1, 0.2, 0.3, answer=own)).answer == "none above its threshold"


def test_only_networks_with_classes_answer_none_of_these() -> None:
    card = {
        "none_of_these": {
            "threshold": 0.99,
            "auroc": 0.8,
            "auroc_interval": [0.7, 0.9],
            "n_known": 4,
            "n_unknown": 2,
            "protocol": "one left out",
        }
    }
    assert verdict(answered(0.9), card).answer == "lift ball"
    assert verdict(answered(0.9, answer=Answer()), card).answer == "none of these"


def test_figures_list_the_labels_that_any_window_found_first() -> None:
    shown = answered(0.9, 0.2)
    last = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.8], np.float32)
    windows = (*shown.windows[:-1], dataclasses.replace(shown.windows[-1], probabilities=last))
    assert 5 in leading_indices(dataclasses.replace(shown, windows=windows), 2)
    assert predicted_names(shown, last) == (("pull box", pytest.approx(0.8)),)
    assert set(leading_indices(shown, 2)) >= {0, 1}
