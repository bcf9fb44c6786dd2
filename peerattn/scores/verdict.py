"""A network's verdict on a clip: a class, "unsure" or "none of these", or the labels that it predicts.

Whatever the verdict, an answer counts as right if the most probable class is the true one: accuracies do not
depend on a card's thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from peerattn.scores.calibration import Accuracy, NoneOfThese, Unsure
from peerattn.traces.predicted import no_label_text, predicted_names
from peerattn.traces.trace import Conclusion, Trace

NONE = "none of these"
NO_PERSON = "no person was found"
NOTHING_MOVES = "nothing moves"
_NAMED_WHEN_UNSURE = 2


@dataclass(frozen=True)
class Verdict:
    """The predicted names of a clip with their probabilities, most probable first.

    `kind` is the kind of the network's answer, and `outcome` one of `CONCLUSIONS`. A network that predicts
    classes has one predicted name, or no name if it is unsure or the answer is none of its classes; one that
    predicts labels has all that reach their thresholds. `best` is the most probable name, predicted or not,
    `empty_answer` the answer to show if no name is predicted, and `reason` says why none is. `rejected` is
    the rule that no class passed, and `unsure` the rule by which the network may be unsure, passed or not.
    """

    kind: str
    best: str
    probability: float
    predicted: tuple[tuple[str, float], ...]
    empty_answer: str = NONE
    rejected: NoneOfThese | None = None
    outcome: str = "class"
    reason: str = ""
    unsure: Unsure | None = None

    @property
    def names(self) -> frozenset[str]:
        """The predicted names."""
        return frozenset(name for name, _ in self.predicted)

    @property
    def answer(self) -> str:
        """The predicted names as text."""
        return ", ".join(name for name, _ in self.predicted) or self.empty_answer

    @property
    def accuracy(self) -> Accuracy | None:
        """How often the best class is right where the network is sure, or unsure, as it is here."""
        if self.unsure is None:
            return None
        return self.unsure.below if self.probability < self.unsure.threshold else self.unsure.above

    @property
    def conclusion(self) -> Conclusion:
        """The verdict as a trace stores it."""
        return Conclusion(self.outcome, self.reason)


def verdict(trace: Trace, card: Mapping[str, Any] | None = None) -> Verdict:
    """Return the verdict on a clip, by its network's card; raises PeerattnError if the card is invalid.

    Without a card it is the one that the trace stores, or else the most probable class.
    """
    return VERDICTS[trace.structure.answer.kind](trace, card)


def with_verdict(trace: Trace, card: Mapping[str, Any]) -> Trace:
    """Return the trace with the verdict by this card."""
    return replace(trace, verdict=verdict(trace, card).conclusion)


def _verdict_on_classes(trace: Trace, card: Mapping[str, Any] | None) -> Verdict:
    best = predicted_names(trace, trace.probabilities)
    result = Verdict("classes", *best[0], best)
    if card is None:
        return _as_stored(result, trace)
    none, unsure = NoneOfThese.from_card(card), Unsure.from_card(card)
    result = replace(result, unsure=unsure)
    if trace.person_found is False:
        return _none(result, f"{NONE}: {NO_PERSON}")
    if trace.moves is False:
        return _none(result, f"{NONE}: {NOTHING_MOVES}")
    if none and none.applies(trace.probabilities):
        reason = f"{NONE}: {result.best} is best with {result.probability:.1%}, below {none.threshold:.1%}"
        return replace(_none(result, reason), rejected=none)
    if unsure and unsure.applies(trace.probabilities):
        return _unsure(result, trace, f"unsure: no class reaches {unsure.threshold:.0%}")
    return result


def _as_stored(result: Verdict, trace: Trace) -> Verdict:
    """Return the verdict that the trace stores, if it does."""
    stored = trace.verdict
    if stored and stored.kind == "none":
        return _none(result, stored.reason)
    if stored and stored.kind == "unsure":
        return _unsure(result, trace, stored.reason)
    return result


def _none(result: Verdict, reason: str) -> Verdict:
    return replace(result, predicted=(), outcome="none", reason=reason)


def _unsure(result: Verdict, trace: Trace, reason: str) -> Verdict:
    order = np.argsort(-trace.probabilities, kind="stable")[:_NAMED_WHEN_UNSURE]
    named = ", ".join(f"{trace.class_names[n]} {trace.probabilities[n]:.0%}" for n in order)
    return replace(result, predicted=(), empty_answer=f"unsure: {named}", outcome="unsure", reason=reason)


def _verdict_on_labels(trace: Trace, card: Mapping[str, Any] | None) -> Verdict:
    index = int(trace.probabilities.argmax())
    best = trace.class_names[index], float(trace.probabilities[index])
    predicted, empty = predicted_names(trace, trace.probabilities), no_label_text(trace)
    reason = "" if predicted else f"{empty}: {best[0]} is best with {best[1]:.1%}"
    return Verdict("labels", *best, predicted, empty, outcome="labels", reason=reason)


VERDICTS: Mapping[str, Callable[[Trace, Mapping[str, Any] | None], Verdict]] = {
    "classes": _verdict_on_classes,
    "labels": _verdict_on_labels,
}
"""Kind of answer → the verdict on a clip, by its network's card."""
