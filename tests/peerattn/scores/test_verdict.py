"""The answer for a clip: a class, or none of these."""

import dataclasses

import numpy as np
import pytest

from peerattn.cli.reports import predictions_table
from peerattn.errors import PeerattnError
from peerattn.scores.verdict import NONE, verdict
from tests.traces import trace

CARD = {
    "none_of_these": {
        "threshold": 0.4,
        "auroc": 0.81,
        "auroc_interval": [0.7, 0.9],
        "n_known": 40,
        "n_unknown": 12,
        "protocol": "two classes left out",
    }
}


def answered(best: float):
    """A trace whose best class, the third, has this probability."""
    shown = trace()
    shares = np.full(len(shown.class_names), (1 - best) / (len(shown.class_names) - 1), np.float32)
    shares[2] = best
    return dataclasses.replace(shown, probabilities=shares)


def test_the_best_class_is_the_answer_if_it_is_probable_enough() -> None:
    said = verdict(answered(0.5), CARD)
    assert (said.answer, said.best, said.reason) == ("push ball", "push ball", "")
    assert said.probability == pytest.approx(0.5)


def test_below_the_threshold_the_answer_is_none_of_these_with_the_best_class() -> None:
    said = verdict(answered(0.39), CARD)
    assert (said.answer, said.best) == (NONE, "push ball")
    assert said.reason == "none of these: push ball is best with 39.0%, below 40.0%"


@pytest.mark.parametrize("card", [None, {}])
def test_without_a_threshold_the_answer_is_always_a_class(card) -> None:
    assert verdict(answered(0.3), card).answer == "push ball"


def test_an_invalid_card_is_refused() -> None:
    with pytest.raises(PeerattnError, match="none_of_these"):
        verdict(answered(0.3), {"none_of_these": {"threshold": "much"}})


def test_record_tells_people_why_a_clip_is_none_of_the_classes() -> None:
    shown = answered(0.39)
    caption = predictions_table(shown, "clip.mp4", verdict(shown, CARD)).caption
    assert "none of these: push ball is best with 39.0%, below 40.0%" in str(caption)
    assert str(predictions_table(shown, "clip.mp4", verdict(shown)).caption) == ""
