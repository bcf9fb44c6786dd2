"""The answer of a network and the true labels of the clip, in words."""

import dataclasses

import numpy as np
import pytest

from app.parts.answers import WORDINGS
from peerattn.graph.answers import LABELS
from peerattn.scores.verdict import verdict
from tests.traces import trace

SHARES = np.array([0.735, 0.1, 0.4, 0.62, 0.2, 0.05], np.float32)


def labelled(shares: np.ndarray):
    shown = trace()
    return dataclasses.replace(
        shown, structure=shown.structure.with_answer(LABELS), probabilities=np.array(shares, np.float32)
    )


@pytest.mark.parametrize(
    ("label", "outcome"),
    [
        (None, None),
        ("lift ball | push box", "True labels: **lift ball \\| push box** (2 of 2 found)"),
        ("lift ball | pull ring", "1 of 2 found, 1 found wrongly"),
        ("push ball", "True label: **push ball** (0 of 1 found, 2 found wrongly)"),
        ("golf", "True label: **golf** (not one of the network's labels)"),
    ],
)
def test_labels_are_named_with_their_probabilities_and_what_is_true(label, outcome) -> None:
    shown = labelled(SHARES)
    line = WORDINGS["labels"].detail(verdict(shown), shown, label)
    assert line.startswith("**lift ball** 73.5 %, **push box** 62.0 % (among the network's 6 labels)")
    assert (outcome or "") in line and ("True" in line) == (label is not None)


def test_if_no_label_is_found_the_most_probable_one_is_named() -> None:
    shown = labelled(SHARES / 2)
    said = verdict(shown)
    assert WORDINGS["labels"].summary(said) == (
        "**none above 50 %**, most probable: lift ball, probability 36.8 %"
    )
    assert "most probable: lift ball" in WORDINGS["labels"].detail(said, shown, None)


UNSURE = {
    "threshold": 0.5,
    "below": {"value": 0.4, "n": 30, "interval": [0.25, 0.56]},
    "above": {"value": 0.9, "n": 60, "interval": [0.8, 0.95]},
}


def answered(best: float, **changes):
    """The verdict on a trace whose best class, "push ball", has this probability, and the trace."""
    shown = trace()
    shares = np.full(len(shown.class_names), (1 - best) / (len(shown.class_names) - 1), np.float32)
    shares[2] = best
    shown = dataclasses.replace(shown, probabilities=shares, **changes)
    return verdict(shown, {"unsure": UNSURE}), shown


def test_a_sure_answer_says_how_often_such_answers_are_right() -> None:
    line = WORDINGS["classes"].detail(*answered(0.8), "push ball")
    assert "At 50 % or more, it is right on 90.0 % of 60 test clips (95 % interval 80.0 to 95.0 %)" in line
    assert line.endswith("True label: **push ball** (prediction correct)")


def test_an_unsure_answer_counts_as_right_if_its_best_class_is() -> None:
    said, shown = answered(0.45)
    assert "Below 50 %, it is right on 40.0 % of 30 test clips" in WORDINGS["classes"].detail(
        said, shown, None
    )
    outcomes = {"push ball": "prediction correct, but the network is unsure", "push box": "prediction wrong"}
    for label, outcome in outcomes.items():
        assert f"({outcome})" in WORDINGS["classes"].detail(said, shown, label)
    assert WORDINGS["classes"].summary(said) == r"**unsure\: push ball 45%, lift ball 11%**"


def test_without_a_person_the_page_says_so() -> None:
    said, shown = answered(0.9, person_found=False)
    line = WORDINGS["classes"].detail(said, shown, "push ball")
    assert "Best: **push ball**, probability **90.0 %**" in line and "No person was found" in line
    assert line.endswith("(prediction correct, but the answer is none of these)")
