"""The answer for a clip: a class, or none of these."""

import dataclasses

import numpy as np
import pytest

from peerattn.cli.reports import predictions_table
from peerattn.errors import PeerattnError
from peerattn.scores.calibration import Unsure, measure_unsure
from peerattn.scores.verdict import NONE, verdict, with_verdict
from peerattn.tables.moments import moments_remark
from peerattn.traces.trace import Trace
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
    assert str(predictions_table(shown, "clip.mp4", verdict(shown)).caption) == moments_remark(shown)


UNSURE = {
    "threshold": 0.5,
    "below": {"value": 0.4, "n": 30, "interval": [0.25, 0.56]},
    "above": {"value": 0.9, "n": 3, "interval": None, "interval_remark": "too few clips"},
}


@pytest.mark.parametrize(
    ("best", "outcome", "accuracy"), [(0.39, "none", 0.4), (0.45, "unsure", 0.4), (0.5, "class", 0.9)]
)
def test_between_none_and_a_class_the_network_is_unsure(best: float, outcome: str, accuracy: float) -> None:
    said = verdict(answered(best), {**CARD, "unsure": UNSURE})
    assert (said.outcome, said.best) == (outcome, "push ball")
    assert bool(said.predicted) == (outcome == "class") and bool(said.reason) == (outcome != "class")
    assert said.accuracy is not None and said.accuracy.value == accuracy


def test_an_unsure_answer_names_the_two_likeliest_classes() -> None:
    shown = answered(0.45)
    shown.probabilities[4] = 0.3
    said = verdict(shown, {"unsure": UNSURE})
    assert said.answer == "unsure: push ball 45%, pull ring 30%"
    assert said.reason == "unsure: no class reaches 50%"


def test_where_no_person_was_found_the_answer_is_none_of_these_however_probable_a_class() -> None:
    nobody = dataclasses.replace(answered(0.99), person_found=False)
    said = verdict(nobody, {"unsure": UNSURE})
    assert (said.outcome, said.answer, said.reason) == ("none", NONE, "none of these: no person was found")
    assert verdict(dataclasses.replace(nobody, person_found=True), CARD).outcome == "class"


def test_where_nothing_moves_the_answer_is_none_of_these_and_a_trace_keeps_that() -> None:
    still = dataclasses.replace(answered(0.99), moves=False)
    said = verdict(Trace.from_json(still.to_json()), CARD)
    assert (said.outcome, said.answer, said.reason) == ("none", NONE, "none of these: nothing moves")
    assert verdict(dataclasses.replace(still, moves=True), CARD).outcome == "class"
    assert verdict(dataclasses.replace(still, moves=None), CARD).outcome == "class"


@pytest.mark.parametrize("best", [0.39, 0.45, 0.8])
def test_a_trace_keeps_its_verdict_without_the_card(best: float) -> None:
    card = {**CARD, "unsure": UNSURE}
    kept = Trace.from_json(with_verdict(answered(best), card).to_json())
    with_card, without = verdict(kept, card), verdict(kept)
    assert (without.outcome, without.answer, without.reason) == (
        with_card.outcome,
        with_card.answer,
        with_card.reason,
    )
    assert verdict(dataclasses.replace(kept, verdict=None)).outcome == "class"


def test_a_trace_with_an_unknown_verdict_is_refused() -> None:
    text = with_verdict(answered(0.8), CARD).to_json().replace('"kind":"class"', '"kind":"maybe"')
    with pytest.raises(PeerattnError, match="its verdict 'maybe' is none of class, labels, unsure, none"):
        Trace.from_json(text)


@pytest.mark.parametrize("broken", [{"threshold": 2.0, "below": None, "above": None}, {"threshold": 0.5}])
def test_an_invalid_rule_on_being_unsure_is_refused(broken: dict) -> None:
    with pytest.raises(PeerattnError, match="the card's unsure"):
        verdict(answered(0.3), {"unsure": broken})


def test_accuracy_is_measured_on_either_side_of_the_threshold() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.4], [0.45, 0.3]], np.float32)
    rule = measure_unsure(probabilities, np.array([0, 1, 1, 0, 1]), ["a", "b", "c", "d", "e"])
    assert rule.above is not None and rule.below is not None
    assert (rule.above.value, rule.above.n) == (pytest.approx(2 / 3), 3)
    assert (rule.below.value, rule.below.n, rule.below.interval) == (0.5, 2, None)
    assert "too few" in rule.below.interval_remark
    assert Unsure.from_card({"unsure": rule.to_json()}) == rule
    assert measure_unsure(probabilities[:2], np.array([0, 0]), ["a", "b"]).below is None
