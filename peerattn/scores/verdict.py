"""What a network answers for a clip: its likeliest class or none of them, or the labels that it found."""

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
    """What is found in a clip: names with their probabilities, strongest first.

    Of classes that is one or, by the rule `rejected`, none; of labels every one that is at or above its
    threshold. `best` is the most probable name, found or not; `nothing` is what to say where none is found.
    """

    kind: str
    best: str
    probability: float
    found: tuple[tuple[str, float], ...]
    nothing: str = NONE
    rejected: NoneOfThese | None = None

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.found)

    @property
    def answer(self) -> str:
        return ", ".join(name for name, _ in self.found) or self.nothing

    @property
    def why(self) -> str:
        """Why nothing is found, in one line; nothing where something is."""
        if self.found:
            return ""
        under = f", under {self.rejected.threshold:.1%}" if self.rejected else ""
        return f"{self.nothing}: {self.best} is best with {self.probability:.1%}{under}"


def verdict(trace: Trace, card: Mapping[str, Any] | None = None) -> Verdict:
    """Of a clip, by the card of the network that ran it; raises PeerattnError where that says nonsense."""
    return VERDICTS[trace.structure.answer.kind](trace, card)


def _of_classes(trace: Trace, card: Mapping[str, Any] | None) -> Verdict:
    best = predicted_names(trace, trace.probabilities)
    rule = NoneOfThese.from_card(card) if card else None
    applies = rule is not None and rule.applies(trace.probabilities)
    return Verdict("classes", *best[0], () if applies else best, rejected=rule if applies else None)


def _of_labels(trace: Trace, card: Mapping[str, Any] | None) -> Verdict:
    best = int(trace.probabilities.argmax())
    named = trace.class_names[best], float(trace.probabilities[best])
    return Verdict("labels", *named, predicted_names(trace, trace.probabilities), no_label_text(trace))


VERDICTS: Mapping[str, Callable[[Trace, Mapping[str, Any] | None], Verdict]] = {
    "classes": _of_classes,
    "labels": _of_labels,
}
"""Kind → what the network answers for a clip, by its card."""
