"""What a network is asked, as data: which of the classes a clip shows, or which of the labels.

A new kind is a row of `ANSWERS` here and a row in each table of kind -> function: `network.answers`,
`training.losses`, `scores.kinds`, and those of tables, figures, commands and screens. Nothing else asks for
the kind of an answer.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peerattn.errors import PeerattnError

THRESHOLD = 0.5
"""The probability from which on a label counts as found, where no other was chosen for it."""
MOST_LOSS_WEIGHT = 1_000.0
COMBINATIONS = {
    "mean_of_logits": "one answer, from the mean of the heads' logits",
    "mean_of_log_probabilities": "one answer, from the mean of the heads' log-probabilities",
    "separate": "an answer each; that of the first output is the network's",
}
"""How the outputs of a network combine → in words."""
COMBINED = "mean_of_logits"
"""How they do where a structure says nothing."""


@dataclass(frozen=True)
class Answer:
    """What an output is asked.

    `loss_weight` is what its loss counts in training. `thresholds`, an option of labels, are the
    probabilities from which on each label counts as found, one a class name; none: `THRESHOLD` for all.
    """

    kind: str = "classes"
    loss_weight: float = 1.0
    thresholds: tuple[float, ...] = ()

    def threshold(self, number: int) -> float:
        """The probability from which on the label of this number counts as found."""
        return self.thresholds[number] if self.thresholds else THRESHOLD

    def to_json(self) -> dict[str, Any]:
        """The kind, and what is not as usual."""
        usual = {field.name: field.default for field in dataclasses.fields(self)}
        said = {name: getattr(self, name) for name in usual if getattr(self, name) != usual[name]}
        return {"kind": self.kind, **said}

    @classmethod
    def from_json(cls, data: Any) -> Answer:
        """The inverse of `to_json`; raises PeerattnError for other fields, `refusal` finds wrong values."""
        names = [field.name for field in dataclasses.fields(cls)]
        if not isinstance(data, Mapping) or not data.keys() <= set(names):
            raise PeerattnError(f"an answer is {str(data)[:60]!r}: give an object of {', '.join(names)}")
        values: dict[str, Any] = dict(data)
        if isinstance(thresholds := values.get("thresholds"), list):
            values["thresholds"] = tuple(thresholds)
        return cls(**values)


CLASSES, LABELS = Answer("classes"), Answer("labels")


@dataclass(frozen=True)
class AnswerKind:
    """What is known of every answer of a kind.

    `noun` is what one of its names is called, `several` whether a clip may have more than one, `loss` the
    name of its loss in a recipe, `options` the fields of `Answer` that only some kinds have.
    """

    noun: str
    several: bool
    loss: str
    options: tuple[str, ...] = ()


ANSWERS: Mapping[str, AnswerKind] = {
    "classes": AnswerKind("class", several=False, loss="cross_entropy"),
    "labels": AnswerKind("label", several=True, loss="binary", options=("thresholds",)),
}
"""Kind of answer → what is known of it: `classes`, one of K (softmax); `labels`, any of K (sigmoids)."""


def of_loss(loss: object) -> Answer:
    """What a network is asked that is trained by the loss of this name; classes where it has no kind."""
    return next((Answer(kind) for kind, known in ANSWERS.items() if known.loss == loss), CLASSES)


def refusal(answer: Answer) -> str | None:
    """What is wrong with an answer, and what to do; None for a sound one."""
    if not isinstance(answer.kind, str) or answer.kind not in ANSWERS:
        return f"answer {answer.kind!r} must be one of {', '.join(ANSWERS)}"
    if not _number(answer.loss_weight) or not 0 < answer.loss_weight <= MOST_LOSS_WEIGHT:
        return f"loss_weight {answer.loss_weight!r} must lie above 0 and be at most {MOST_LOSS_WEIGHT:g}"
    if answer.thresholds and "thresholds" not in ANSWERS[answer.kind].options:
        return f"an answer of {answer.kind} has no thresholds: leave them out"
    if not isinstance(answer.thresholds, tuple) or not all(
        _number(one) and 0 <= one <= 1 for one in answer.thresholds
    ):
        return f"thresholds {answer.thresholds!r} must be probabilities from 0 to 1, one a label"
    return None


def _number(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)


def validate_answers(answers: Mapping[str, Answer], combination: str) -> None:
    """Raises PeerattnError for answers (output block → its own) that are none, or do not combine so."""
    for block, answer in answers.items():
        if wrong := refusal(answer):
            raise PeerattnError(f"output {block}: {wrong}")
    if not isinstance(combination, str) or combination not in COMBINATIONS:
        raise PeerattnError(f"combination {combination!r} must be one of {', '.join(COMBINATIONS)}")
    if combination != "separate" and len(set(answers.values())) > 1:
        raise PeerattnError(
            f"outputs {', '.join(answers)} give one answer together ({combination}), but are asked different "
            "things: ask them the same, or set the combination to separate"
        )
