"""Pairs: what two components cost together beyond the sum of what each costs alone.

Two components that can stand in for each other cost little alone and much together; a list of single effects
shows neither. The cost is the mean rise of −log p (in nats) of what is true of a clip, as in
`effect_weights`: b(clip) = rise without both − rise without the one − rise without the other. Changes of the
score stand beside it. Shapes: N clips, P pairs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode
from peerattn.scores.comparison import Difference
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effect_weights import Values, clip_rises
from peerattn.scores.intervals import LEVEL, Interval, group_numbers, too_few
from peerattn.scores.jackknife import mean_interval
from peerattn.scores.kinds import AnyEvaluation, difference

PAIR_DEFINITION = (
    "beyond the sum: the mean rise of −log p with both changed, minus the rises with each changed alone, on "
    "the same clips, where p is the probability of what is true. Above 0, the two stand in for each other"
)


def pair_name(first: str, second: str) -> str:
    """Return the name under which the answers with both changed are kept."""
    return f"{first} + {second}"


@dataclass(frozen=True)
class Selection:
    """From how many `candidates` the pairs were chosen, and on how many clips of how many source videos.

    None of these source videos is among those on which the pairs were then measured, because the greatest of
    many values is too great on the clips by which it was chosen. No clips: all candidates were measured.
    """

    candidates: int
    clips: int = 0
    groups: int = 0

    @property
    def words(self) -> str:
        """Say how the pairs were chosen."""
        if not self.clips:
            return f"all {self.candidates} pairs were measured" if self.candidates > 1 else "the only pair"
        return (
            f"chosen from {self.candidates:,} pairs on {self.clips} other clips, of "
            f"{self.groups} other source videos"
        )


@dataclass(frozen=True)
class PairAnswers:
    """The answers with each component changed alone and with both of each pair: name → its two components."""

    answers: EffectAnswers
    pairs: Mapping[str, tuple[str, str]]
    selection: Selection

    @classmethod
    def concatenated(cls, parts: Sequence[PairAnswers]) -> PairAnswers:
        """Return the answers to the clips of all parts, in order."""
        joined = EffectAnswers.concatenated([part.answers for part in parts])
        return cls(joined, parts[-1].pairs, parts[-1].selection)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the answers as arrays to store; text is UTF-8."""
        text = json.dumps({"pairs": self.pairs, "selection": vars(self.selection)}).encode()
        return {**self.answers.to_arrays(), "pairs": np.frombuffer(text, np.uint8)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PairAnswers:
        """The inverse of `to_arrays`; raises PeerattnError on anything else."""
        answers = EffectAnswers.from_arrays(arrays)
        try:
            stored = json.loads(arrays["pairs"].tobytes())
            pairs = decode(stored["pairs"], Mapping[str, tuple[str, str]], "pairs")  # type: ignore[type-abstract]
            selection = decode(stored["selection"], Selection, "selection")
        except (KeyError, TypeError, ValueError) as error:
            raise PeerattnError(f"these are not stored pairs ({error}): measure them again") from error
        if not {*pairs, *(part for parts in pairs.values() for part in parts)} <= answers.after.keys():
            raise PeerattnError("the stored pairs do not fit their answers: measure them again")
        return cls(answers, pairs, selection)


@dataclass(frozen=True)
class PairEffect:
    """What two components cost, in nats: the sum of each alone, both together, and what is beyond the sum.

    The intervals of `beyond` of all pairs hold at once, as do those of `change`, the change of the score with
    both changed; None for too few clips.
    """

    name: str
    parts: tuple[str, str]
    alone: float
    both: float
    beyond: float
    interval: Interval | None
    change: Difference

    @property
    def conclusion(self) -> str:
        """Say whether the two are shown to stand in for each other."""
        if self.interval is None:
            return self.change.remark
        if self.interval[0] > 0:
            return "redundant: together they cost more than the sum"
        if self.interval[1] < 0:
            return "together they cost less than the sum"
        return "not shown to cost more than the sum"


@dataclass(frozen=True)
class PairEffects:
    """The evaluation before, and the pairs on the same clips, those that cost most beyond the sum first."""

    before: AnyEvaluation
    pairs: tuple[PairEffect, ...]
    selection: Selection
    not_measured: Mapping[str, str]
    left_out: tuple[str, ...]
    remark: str


def score_pairs(kept: PairAnswers) -> PairEffects:
    """Return what each pair costs beyond the sum, with intervals that hold for all of them at once."""
    answers, groups = kept.answers, kept.answers.about.groups
    number, level = group_numbers(len(answers.before), groups), 1 - (1 - LEVEL) / max(len(kept.pairs), 1)
    before, evaluated = answers.before_evaluation(), []
    for name, parts in kept.pairs.items():
        first, second, both = clip_rises(answers, [*parts, name])
        beyond = both - first - second
        evaluated.append(
            PairEffect(
                name,
                parts,
                float((first + second).mean()),
                float(both.mean()),
                float(beyond.mean()),
                mean_interval(beyond, number, level=level),
                difference(before, answers.evaluation(name), comparisons=len(kept.pairs)),
            )
        )
    evaluated.sort(key=lambda pair: -pair.beyond)
    about = answers.about
    return PairEffects(
        before, tuple(evaluated), kept.selection, about.not_measured, about.left_out, too_few(groups)
    )


def beyond_sums(answers: EffectAnswers, pairs: Mapping[str, tuple[str, str]]) -> Values:
    """Return by how much each pair costs more than the sum of its components, the mean over clips: (P,)."""
    singles = list(dict.fromkeys(part for parts in pairs.values() for part in parts))
    alone = dict(zip(singles, clip_rises(answers, singles).mean(axis=1), strict=True))
    both = clip_rises(answers, list(pairs)).mean(axis=1)
    sums = np.array([alone[first] + alone[second] for first, second in pairs.values()])
    beyond: Values = both - sums
    return beyond
