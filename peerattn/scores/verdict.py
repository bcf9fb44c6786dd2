"""What a network answers for a clip: the class of the greatest probability, or none of those it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peerattn.scores.calibration import NoneOfThese
from peerattn.traces.trace import Trace

NONE = "none of these"


@dataclass(frozen=True)
class Verdict:
    """The best class and its probability; `rejected` is the rule by which the clip is of none of them."""

    best: str
    probability: float
    rejected: NoneOfThese | None = None

    @property
    def answer(self) -> str:
        return NONE if self.rejected else self.best

    @property
    def why(self) -> str:
        """Why it is none of them, in one line; nothing where it is one."""
        if self.rejected is None:
            return ""
        return f"{NONE}: {self.best} is best with {self.probability:.1%}, under {self.rejected.threshold:.1%}"


def verdict(trace: Trace, card: Mapping[str, Any] | None = None) -> Verdict:
    """Of a clip, by the card of the network that ran it; raises PeerattnError where that says nonsense."""
    best = int(trace.probabilities.argmax())
    rule = NoneOfThese.from_card(card) if card else None
    applies = rule is not None and rule.applies(trace.probabilities)
    return Verdict(trace.class_names[best], float(trace.probabilities[best]), rule if applies else None)
