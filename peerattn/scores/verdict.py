"""A network's verdict on a clip: its most probable class or "none of these", or the labels it predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from peerattn.scores.calibration import NoneOfThese
from peerattn.traces.predicted import no_label_text, predicted_names
from peerattn.traces.trace import Trace

NONE = "none of these"


@dataclass(frozen=True)
class Verdict:
    """The predicted names of a clip with their probabilities, most probable first.

    A network that predicts classes has one or, by the rule `rejected`, none; one that predicts labels has all
    that reach their thresholds. `best` is the most probable name, predicted or not, and `empty_answer` the
    answer to show if no name is predicted.
    """

    kind: str
    best: str
    probability: float
    predicted: tuple[tuple[str, float], ...]
    empty_answer: str = NONE
    rejected: NoneOfThese | None = None

    @property
    def names(self) -> frozenset[str]:
        """The predicted names."""
        return frozenset(name for name, _ in self.predicted)

    @property
    def answer(self) -> str:
        """The predicted names as text."""
        return ", ".join(name for name, _ in self.predicted) or self.empty_answer

    @property
    def reason(self) -> str:
        """Why no name is predicted, in one line; empty if one is."""
        if self.predicted:
            return ""
        threshold = f", below {self.rejected.threshold:.1%}" if self.rejected else ""
        return f"{self.empty_answer}: {self.best} is best with {self.probability:.1%}{threshold}"


def verdict(trace: Trace, card: Mapping[str, Any] | None = None) -> Verdict:
    """Return the verdict on a clip, by its network's card; raises PeerattnError if the card is invalid."""
    return VERDICTS[trace.structure.answer.kind](trace, card)


def _verdict_on_classes(trace: Trace, card: Mapping[str, Any] | None) -> Verdict:
    best = predicted_names(trace, trace.probabilities)
    rule = NoneOfThese.from_card(card) if card else None
    applies = rule is not None and rule.applies(trace.probabilities)
    return Verdict("classes", *best[0], () if applies else best, rejected=rule if applies else None)


def _verdict_on_labels(trace: Trace, card: Mapping[str, Any] | None) -> Verdict:
    index = int(trace.probabilities.argmax())
    best = trace.class_names[index], float(trace.probabilities[index])
    return Verdict("labels", *best, predicted_names(trace, trace.probabilities), no_label_text(trace))


VERDICTS: Mapping[str, Callable[[Trace, Mapping[str, Any] | None], Verdict]] = {
    "classes": _verdict_on_classes,
    "labels": _verdict_on_labels,
}
"""Kind of answer → the verdict on a clip, by its network's card."""
