"""The answers behind effects: what a network answered to the same clips, before any change and after each.

Everything about effects can be computed from them, so they are what is stored. Shapes: N clips, K classes or
labels.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode
from peerattn.scores.effects import Effects, compare_effects
from peerattn.scores.kinds import EVALUATIONS, AnyEvaluation

Array = NDArray[np.float32]


@dataclass(frozen=True)
class About:
    """What was asked and of which clips: everything but the probabilities.

    `of` is the kind of component, `how` what was done to each, `kind` the kind of answer. `clips` (N,) are
    names by which the clips can be found again, `labels` (N,) the class numbers of each, `groups` (N,) its
    source video. `components` are those that were changed, and `not_measured` maps others to the reason why
    not. `left_out` has a line for each clip left out, and `objects` counts clips by the origin of their
    object maps. `total` is the number of clips of the set.
    """

    of: str
    how: str
    kind: str
    class_names: tuple[str, ...]
    components: tuple[str, ...]
    clips: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]
    groups: tuple[str, ...]
    total: int
    not_measured: dict[str, str]
    left_out: tuple[str, ...]
    objects: dict[str, int]


@dataclass(frozen=True)
class EffectAnswers:
    """Probabilities before any change (N, K), and after the change of each component: name → (N, K).

    `shares` maps connections to the share of what each clip adds at their targets that arrives through them,
    before any change (N,); empty where that was not measured.
    """

    about: About
    before: Array
    after: Mapping[str, Array]
    shares: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def concatenated(cls, parts: Sequence[EffectAnswers]) -> EffectAnswers:
        """Return the answers to the clips of all parts, in order."""
        about = [part.about for part in parts]
        joined = replace(
            about[-1],
            clips=tuple(clip for one in about for clip in one.clips),
            labels=tuple(labels for one in about for labels in one.labels),
            groups=tuple(group for one in about for group in one.groups),
            objects=dict(sum((Counter(one.objects) for one in about), Counter())),
        )
        after = {name: np.concatenate([part.after[name] for part in parts]) for name in about[-1].components}
        shares = {name: np.concatenate([part.shares[name] for part in parts]) for name in parts[-1].shares}
        return cls(joined, np.concatenate([part.before for part in parts]), after, shares)

    def effects(self) -> Effects:
        """Return the effect of each component, with intervals, p-values and what is needed."""
        before, about = self.before_evaluation(), self.about
        after = {name: self.evaluation(name) for name in self.after}
        measured = compare_effects(about.of, about.how, before, after)
        return Effects(before, measured, about.not_measured, about.left_out)

    def before_evaluation(self) -> AnyEvaluation:
        """Return the evaluation before any change."""
        return self._evaluate(self.before)

    def evaluation(self, component: str) -> AnyEvaluation:
        """Return the evaluation after the change of one component."""
        return self._evaluate(self.after[component])

    def changed_clips(self, component: str) -> list[int]:
        """Return the numbers of the clips whose most probable class or label changed, losses first."""
        first, second = self.before.argmax(axis=1), self.after[component].argmax(axis=1)
        numbers = np.flatnonzero(first != second).tolist()
        return sorted(numbers, key=lambda number: not self._is_loss(number, int(first[number])))

    def _is_loss(self, number: int, answer: int) -> bool:
        return answer in self.about.labels[number]

    def _evaluate(self, answers: Array) -> AnyEvaluation:
        about = self.about
        score = EVALUATIONS[about.kind]
        evaluation = score(answers, answers, about.labels, about.groups, about.class_names)
        return replace(evaluation, objects=about.objects)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the answers as arrays to store; text is UTF-8."""
        text = json.dumps(vars(self.about)).encode()
        after = np.stack([self.after[name] for name in self.about.components])
        arrays: dict[str, NDArray[Any]] = {
            "about": np.frombuffer(text, np.uint8),
            "before": self.before,
            "after": after,
        }
        if self.shares:
            arrays["shares"] = np.stack([self.shares[name] for name in self.about.components])
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> EffectAnswers:
        """The inverse of `to_arrays`; raises PeerattnError on anything else."""
        try:
            about = decode(json.loads(arrays["about"].tobytes()), About, "about")
            before, after = arrays["before"], dict(zip(about.components, arrays["after"], strict=True))
            listed = zip(about.components, arrays["shares"], strict=True) if "shares" in arrays else ()
            shares = dict(listed)
        except (KeyError, ValueError) as error:
            raise PeerattnError(f"these are not stored effects ({error}): measure them again") from error
        if any(one.shape != (len(about.clips), len(about.class_names)) for one in (before, *after.values())):
            raise PeerattnError("the stored effects do not fit their clips: measure them again")
        if any(one.shape != (len(about.clips),) for one in shares.values()):
            raise PeerattnError("the stored shares do not fit their clips: measure them again")
        return cls(about, before, after, shares)
