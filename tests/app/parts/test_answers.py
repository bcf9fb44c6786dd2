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
