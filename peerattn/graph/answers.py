"""The kinds of answer a network can give: the one class that a clip shows, or any number of labels.

A new kind is a row of `ANSWERS` here and a row in each table of kind → function: `network.answers`,
`training.losses`, `scores.kinds`, and those of tables, figures, commands and screens. No other code depends
on the kind of an answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode

Number = int | float
"""A number that is written to a file as it was read: 1 is not made 1.0."""
DEFAULT_THRESHOLD = 0.5
"""A label is predicted if its probability is at least this, unless it has a threshold of its own."""
MAX_LOSS_WEIGHT = 1_000.0
COMBINATIONS = {
    "mean_of_logits": "one answer, from the mean of the heads' logits",
    "mean_of_log_probabilities": "one answer, from the mean of the heads' log-probabilities",
    "separate": "an answer each; that of the first output is the network's",
}
"""How the outputs of a network are combined → a description."""
DEFAULT_COMBINATION = "mean_of_logits"
"""The combination of a structure that does not state one."""


@dataclass(frozen=True)
class Answer:
    """What an output predicts.

    `loss_weight` is the weight of the output's loss in training. `thresholds`, for labels only, holds one
    probability per label at and above which the label is predicted; if empty, it is `DEFAULT_THRESHOLD` for
    all.
    """

    kind: str = "classes"
    loss_weight: Number = 1.0
    thresholds: tuple[Number, ...] = ()

    def threshold(self, number: int) -> float:
        """Return the probability at and above which the label with this index is predicted."""
        return self.thresholds[number] if self.thresholds else DEFAULT_THRESHOLD

    def to_json(self) -> dict[str, Any]:
        """Return the kind, and the other fields that differ from their defaults."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        changed = {name: getattr(self, name) for name in defaults if getattr(self, name) != defaults[name]}
        return {"kind": self.kind, **changed}

    @classmethod
    def from_json(cls, data: Any) -> Answer:
        """The inverse of `to_json`; raises PeerattnError. `find_problem` checks the range of the values."""
        return decode(data, cls, "an answer")


CLASSES, LABELS = Answer("classes"), Answer("labels")


@dataclass(frozen=True)
class AnswerKind:
    """The properties shared by all answers of one kind.

    `noun` is the word for one of its names (class, label), `several` says whether a clip may have more than
    one of them, `loss` is the name of its loss in a recipe, and `options` lists the optional fields of
    `Answer` that apply to it.
    """

    noun: str
    several: bool
    loss: str
    options: tuple[str, ...] = ()


ANSWERS: Mapping[str, AnswerKind] = {
    "classes": AnswerKind("class", several=False, loss="cross_entropy"),
    "labels": AnswerKind("label", several=True, loss="binary", options=("thresholds",)),
}
"""Kind of answer → its properties: `classes`, exactly one of K (softmax); `labels`, any of K (sigmoids)."""


def answer_for_loss(loss: object) -> Answer:
    """Return the answer of a network trained with the loss of this name; classes if no kind has that loss."""
    return next((Answer(kind) for kind, properties in ANSWERS.items() if properties.loss == loss), CLASSES)


def find_problem(answer: Answer) -> str | None:
    """Say what is wrong with an answer and what to do; None if it is valid."""
    if answer.kind not in ANSWERS:
        return f"answer {answer.kind!r} must be one of {', '.join(ANSWERS)}"
    if not 0 < answer.loss_weight <= MAX_LOSS_WEIGHT:
        return f"loss_weight {answer.loss_weight!r} must lie above 0 and be at most {MAX_LOSS_WEIGHT:g}"
    if answer.thresholds and "thresholds" not in ANSWERS[answer.kind].options:
        return f"an answer of {answer.kind} has no thresholds: leave them out"
    if not all(0 <= one <= 1 for one in answer.thresholds):
        return f"thresholds {answer.thresholds!r} must be probabilities from 0 to 1, one for each label"
    return None


def validate_answers(answers: Mapping[str, Answer], combination: str) -> None:
    """Raise PeerattnError if an answer (output block → answer) is invalid, or if they cannot combine."""
    for block, answer in answers.items():
        if problem := find_problem(answer):
            raise PeerattnError(f"output {block}: {problem}")
    if combination not in COMBINATIONS:
        raise PeerattnError(f"combination {combination!r} must be one of {', '.join(COMBINATIONS)}")
    if combination != "separate" and len(set(answers.values())) > 1:
        raise PeerattnError(
            f"outputs {', '.join(answers)} are combined into one answer ({combination}), but their answers "
            "differ: give them the same answer, or set the combination to separate"
        )
