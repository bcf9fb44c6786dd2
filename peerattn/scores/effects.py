"""Effects of single components on the same clips, and which of many components a network needs.

Many components are measured at once, so some would stand out by chance alone. `needed` therefore follows the
procedure of Benjamini and Hochberg (Journal of the Royal Statistical Society B 57, 1995): of all components
called needed, at most 5 % are expected to be called so wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from peerattn.scores.comparison import BETTER, Difference
from peerattn.scores.kinds import AnyEvaluation, difference

FALSE_SHARE = 0.05
"""The share of wrong calls that is accepted among the components called needed."""
ALONE = 0.05
"""The probability with which a component without effect stands out if it is judged alone."""
NEEDED, NOT_SHOWN = "needed", "not shown to be needed"
DEFINITION = (
    "needed: the score falls, and by more than chance explains given how many were measured (Benjamini and "
    "Hochberg: of those called needed, at most 5 % are expected to be called so wrongly)"
)


@dataclass(frozen=True)
class Effect:
    """The effect of changing one component: the evaluation after it, and the change in the headline score.

    The change is after minus before. `of` is the kind of component and `how` what was done to it. The
    interval of `difference` holds on its own, that of `adjusted` for all effects together. `needed` says
    whether the network needs the component: the score falls without it, by more than chance explains given
    how many components were measured. It is None for too few clips.
    """

    of: str
    name: str
    how: str
    after: AnyEvaluation
    difference: Difference
    adjusted: Difference
    needed: bool | None = None

    def conclusion(self, *, pointwise: bool = False) -> str:
        """Say in words whether the component is needed, or else which loss is not excluded.

        The loss is the lower end of the interval that holds for all effects together, or with `pointwise` of
        that which holds on its own.
        """
        if self.needed is None:
            return self.difference.remark
        details = [self.difference.changed] if self.difference.changes else []
        if self.needed:
            return ": ".join([NEEDED, *details])
        if self.adjusted.verdict == BETTER:
            return ": ".join(["better when changed", *details])
        excluded = (self.difference if pointwise else self.adjusted).not_excluded
        return f"{NOT_SHOWN}: {'; '.join([*details, excluded])}"


@dataclass(frozen=True)
class Effects:
    """The evaluation before, and the effect of each component that could be changed, on the same clips.

    `not_measured` maps components to the reason why they cannot be changed in this way. `left_out` has a line
    for each clip without a donor.
    """

    before: AnyEvaluation
    effects: tuple[Effect, ...]
    not_measured: Mapping[str, str]
    left_out: tuple[str, ...]


def compare_effects(
    of: str, how: str, before: AnyEvaluation, after: Mapping[str, AnyEvaluation]
) -> tuple[Effect, ...]:
    """Return the effect of each component from the evaluations of the same clips before and after its change.

    Raises PeerattnError if the clips differ.
    """
    alone = {name: difference(before, one) for name, one in after.items()}
    together = {name: difference(before, one, comparisons=len(after)) for name, one in after.items()}
    needed = find_needed(list(alone.values()))
    return tuple(
        Effect(of, name, how, after[name], alone[name], together[name], is_needed)
        for name, is_needed in zip(after, needed, strict=True)
    )


def find_needed(differences: Sequence[Difference]) -> list[bool | None]:
    """Return for each of many differences whether it shows a need; None where it has no p-value."""
    p_values = [one.p for one in differences if one.p is not None]
    limit = p_value_limit(p_values)
    return [None if one.p is None else one.value < 0 and one.p <= limit for one in differences]


def p_value_limit(p_values: Sequence[float], false_share: float = FALSE_SHARE) -> float:
    """Return the greatest p-value that stands out among these by Benjamini-Hochberg; -1 if none does."""
    ordered = np.sort(np.array(p_values, float))
    passing = ordered <= false_share * np.arange(1, len(ordered) + 1) / max(len(ordered), 1)
    return float(ordered[passing][-1]) if passing.any() else -1.0


def chance_in_words(count: int) -> str:
    """Say how many of `count` components without effect would stand out if each were judged alone."""
    expected = ALONE * count
    number = f"{expected:.0f}" if expected >= 1 else f"{expected:.1g}"
    return f"judged one by one, of {count}, about {number} would stand out by chance"
