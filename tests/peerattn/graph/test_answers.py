"""Kinds of answer in structure files: defaults are not written, and invalid answers are refused."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS, COMBINATIONS, Answer, answer_for_loss, find_problem
from peerattn.graph.specs import OutputSpec
from peerattn.graph.structure import Structure, restore_answers
from tests.small import small_structure

LABELS = Answer("labels")
PLAIN = small_structure()
TWO = (OutputSpec("top"), OutputSpec("mid1"))


def test_the_default_answer_is_not_written() -> None:
    assert PLAIN.answer == Answer("classes", 1.0, ())
    said = PLAIN.to_json()
    assert said.keys() == {"blocks", "connections", "outputs", "modalities"}
    assert said["outputs"] == [{"block": "top", "head": "classification"}]
    spoken = [{"block": "top", "answer": {"kind": "classes"}}]
    assert Structure.from_json({**said, "outputs": spoken, "combination": "mean_of_logits"}) == PLAIN


def test_only_settings_that_differ_from_the_default_are_written() -> None:
    chosen = PLAIN.with_answer(Answer("labels", thresholds=(0.25, 0.5)))
    [said] = chosen.to_json()["outputs"]
    assert said["answer"] == {"kind": "labels", "thresholds": (0.25, 0.5)}


answers = st.builds(
    Answer, st.just("labels"), st.floats(0.01, 10), st.lists(st.floats(0, 1), max_size=3).map(tuple)
) | st.builds(Answer, st.just("classes"), st.floats(0.01, 10))


@given(answers, st.sampled_from(sorted(COMBINATIONS)))
def test_every_answer_survives_a_file(answer: Answer, combination: str) -> None:
    structure = dataclasses.replace(PLAIN.with_answer(answer), combination=combination)
    assert Structure.parse(json.dumps(structure.to_json())) == structure


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no kind": (lambda: PLAIN.with_answer(Answer("pixels")), "output top: answer 'pixels' must be one of"),
    "a kind that is a list": (
        lambda: Answer.from_json({"kind": ["labels"]}),
        "kind is ['labels'], but must be text",
    ),
    "no weight": (lambda: PLAIN.with_answer(Answer(loss_weight=0.0)), "loss_weight 0.0 must lie above 0"),
    "true": (lambda: Answer.from_json({"loss_weight": True}), "loss_weight is True, but must be a number"),
    "thresholds of classes": (
        lambda: PLAIN.with_answer(Answer(thresholds=(0.5,))),
        "an answer of classes has no thresholds: leave them out",
    ),
    "no share": (lambda: PLAIN.with_answer(Answer("labels", thresholds=(1.5,))), "probabilities from 0 to 1"),
    "other fields": (
        lambda: Answer.from_json({"kind": "labels", "colour": 1}),
        "there is no field 'colour': choose among kind,",
    ),
    "no object": (lambda: Answer.from_json("labels"), "an answer is 'labels'"),
    "no combination": (lambda: dataclasses.replace(PLAIN, combination="sum"), "combination 'sum' must be"),
    "different questions": (
        lambda: dataclasses.replace(PLAIN, outputs=(TWO[0], OutputSpec("mid1", answer=LABELS))),
        "outputs top, mid1 are combined into one answer (mean_of_logits), but their answers differ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_answer_is_refused_in_one_line(case: str) -> None:
    make, said = REFUSED[case]
    with pytest.raises(PeerattnError) as refused:
        make()
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_separate_outputs_may_have_different_kinds_of_answer() -> None:
    outputs = (OutputSpec("top", answer=LABELS), OutputSpec("mid1"))
    both = dataclasses.replace(PLAIN, outputs=outputs, combination="separate")
    assert both.answer == LABELS
    assert {output.answer for output in both.with_answer(Answer()).outputs} == {Answer()}


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_answer_of_an_older_file_is_restored_from_the_loss_of_its_recipe(kind: str) -> None:
    training = {"loss": {"kind": ANSWERS[kind].loss}}
    assert restore_answers(PLAIN, training).answer == answer_for_loss(ANSWERS[kind].loss) == Answer(kind)
    said = PLAIN.with_answer(Answer("labels", thresholds=(0.1,)))
    assert restore_answers(said, training) == said
    assert find_problem(Answer(kind)) is None


@pytest.mark.parametrize("training", [None, [], {"loss": "binary"}, {"loss": {"kind": "l2"}}, {"loss": {}}])
def test_an_older_file_without_a_loss_answers_with_classes(training: object) -> None:
    assert restore_answers(PLAIN, training) == PLAIN
