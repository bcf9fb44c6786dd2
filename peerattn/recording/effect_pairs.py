"""Effects of pairs: what changing two components at once costs beyond the sum of each alone.

    found = effect_pairs(network, examples, of="connection", how="remove", window=16)
    found.pairs[0].conclusion

A few pairs are all measured. Of many pairs, those that seem to cost most are chosen on some of the source
videos and measured on the others, because the greatest of many values is too great on the clips by which it
was chosen. For removals, only blocks that a change can reach run again while pairs are chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from operator import length_hint

import numpy as np

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.chosen import Chosen, chosen_alone, possible
from peerattn.recording.donors import LabelledClips
from peerattn.recording.effects import EffectRun
from peerattn.recording.interventions import removed_keys
from peerattn.recording.leaving_out import answers_without
from peerattn.recording.predictions import same_shape_batches
from peerattn.recording.stretches import Progress
from peerattn.scores.effect_answers import About, EffectAnswers
from peerattn.scores.effect_pairs import (
    PairAnswers,
    PairEffect,
    PairEffects,
    Selection,
    beyond_sums,
    pair_name,
    score_pairs,
)

__all__ = ["PairEffect", "PairEffects", "effect_pairs", "pair_answers_in_parts"]

ALL_MEASURED = 10
"""Up to this many pairs, all are measured."""
LISTED = 5
"""How many pairs are measured otherwise."""
CHOOSING_CLIPS = 48
"""The most clips on which pairs are chosen; they are at most half of all."""

Pairs = Mapping[str, tuple[str, str]]


def effect_pairs(
    network: Network,
    examples: LabelledClips,
    *,
    of: str,
    how: str = "swap",
    names: Sequence[str] | None = None,
    window: int,
    seed: int = 0,
    batch: int = 16,
    progress: Progress | None = None,
) -> PairEffects:
    """Measure the pairs of components of one kind (or of `names`), both changed at once in one way.

    All pairs are measured if they are at most ten, else the five that seem to cost most beyond the sum of
    each alone, chosen on other clips. Raises PeerattnError like `effects.effects`, and for fewer than two
    components that can be changed together.
    """
    parts = pair_answers_in_parts(
        network,
        examples,
        of=of,
        how=how,
        names=names,
        window=window,
        seed=seed,
        batch=batch,
        progress=progress,
    )
    return score_pairs(PairAnswers.concatenated(list(parts)))


def pair_answers_in_parts(
    network: Network,
    examples: LabelledClips,
    *,
    of: str,
    how: str = "swap",
    names: Sequence[str] | None = None,
    window: int,
    seed: int = 0,
    batch: int = 16,
    progress: Progress | None = None,
    clip_name: Callable[[int], str] = str,
) -> Iterator[PairAnswers]:
    """Measure like `effect_pairs`, and yield the answers to each batch of clips.

    `clip_name` gives the name to keep for the clip of a number; clips are counted from 0 as they are read.
    `progress(done, total)` counts runs of a clip.
    """
    run = _PairRun(unwrap(network), of, how, window, seed, batch)
    pairs, impossible = run.candidates(names)
    groups = [example.group for example in examples]
    selection, measured, done = Selection(len(pairs)), list(range(len(groups))), 0
    if len(pairs) > ALL_MEASURED:
        choosing = choose_clips(groups)
        measured = sorted({*measured} - {*choosing})
        done = len(choosing) * run.rounds(pairs)
        total = done + len(measured) * run.rounds(dict(list(pairs.items())[:LISTED]))
        found = EffectAnswers.concatenated(
            [*run.answers(_Part(examples, choosing), pairs, _shifted(progress, 0, total))]
        )
        order = np.argsort(-beyond_sums(found, pairs), kind="stable")
        selection = Selection(len(pairs), len(choosing), len({groups[number] for number in choosing}))
        pairs = {name: pairs[name] for name in (list(pairs)[place] for place in order[:LISTED])}
    total = done + len(measured) * run.rounds(pairs)
    for part in run.answers(_Part(examples, measured), pairs, _shifted(progress, done, total)):
        names_of_clips = tuple(clip_name(measured[int(clip)]) for clip in part.about.clips)
        about = replace(part.about, clips=names_of_clips, not_measured=dict(impossible))
        yield PairAnswers(replace(part, about=about), pairs, selection)


def choose_clips(groups: Sequence[str]) -> list[int]:
    """Return the numbers of the clips on which pairs are chosen: all those of source videos drawn at random.

    They are at most half of the clips, and not many more than are needed. Raises PeerattnError if all clips
    are of one source video.
    """
    members: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(group, []).append(number)
    most, chosen = min(CHOOSING_CLIPS, len(groups) // 2), list[int]()
    names = list(members)
    for place in np.random.default_rng(0).permutation(len(names)):
        own = members[names[place]]
        if len(chosen) + len(own) <= most:
            chosen += own
    if not chosen:
        raise PeerattnError(
            "pairs are chosen on some source videos and measured on others: give clips of more source videos"
        )
    return sorted(chosen)


@dataclass(frozen=True)
class _PairRun:
    """Runs clips with components changed alone and in pairs."""

    network: Network
    of: str
    how: str
    window: int
    seed: int
    batch: int

    def candidates(self, names: Sequence[str] | None) -> tuple[Pairs, Mapping[str, str]]:
        """Return the pairs that can be measured, and why other components and pairs cannot."""
        alone = chosen_alone(self.network, self.of, self.how, names)
        both = {pair_name(*parts): parts for parts in combinations(alone.changes, 2)}
        found = possible(self.network, self.of, self.how, both)
        if not found.changes:
            raise PeerattnError(
                next(iter(found.impossible.values()), "a pair needs two components: name at least two")
            )
        return {name: both[name] for name in found.changes}, {**alone.impossible, **found.impossible}

    def rounds(self, pairs: Pairs) -> int:
        """Return how often each clip is run, or read for a swap, to measure these pairs."""
        return len(_changes(pairs)) + 1 + (self.how == "swap")

    def answers(self, clips: _Part, pairs: Pairs, progress: Progress | None) -> Iterator[EffectAnswers]:
        """Yield the answers with each component changed alone and with each pair, batch by batch."""
        if self.how == "remove":
            return self._answers_without(clips, pairs, progress)
        run = EffectRun(self.network, self.of, self.how, Chosen(_changes(pairs)), self.window, self.seed)
        return (
            run.latest([str(number) for number in numbers], length_hint(clips))
            for numbers in run.batches(clips, self.batch, progress)
        )

    def _answers_without(
        self, clips: _Part, pairs: Pairs, progress: Progress | None
    ) -> Iterator[EffectAnswers]:
        structure, done, changes = self.network.structure, 0, _changes(pairs)
        keys = {name: removed_keys(structure, {self.of: parts}) for name, parts in changes.items()}
        for members in same_shape_batches(clips, self.batch):
            runs = done * self.rounds(pairs)

            def count(now: int, _: int, runs: int = runs, clips: int = len(members)) -> None:
                if progress:
                    progress(runs + (now + 1) * clips, 0)

            found = answers_without(self.network, members, window=self.window, left_out=keys, progress=count)
            about = About(
                of=self.of,
                how=self.how,
                kind=structure.answer.kind,
                class_names=tuple(self.network.class_names),
                components=tuple(changes),
                clips=tuple(str(done + number) for number in range(len(members))),
                labels=tuple(member.labels for member in members),
                groups=tuple(member.group for member in members),
                total=length_hint(clips),
                not_measured={},
                left_out=(),
                objects=dict(Counter(member.origin for member in members if member.origin)),
            )
            done += len(members)
            yield EffectAnswers(about, found.pop(""), found)


def _changes(pairs: Pairs) -> dict[str, tuple[str, ...]]:
    """Return the changes that measure pairs: of each component alone, and of both of each pair."""
    alone = dict.fromkeys(part for parts in pairs.values() for part in parts)
    return {**{part: (part,) for part in alone}, **pairs}


@dataclass(frozen=True)
class _Part:
    """Some of the clips, in order; all clips must have been read once."""

    clips: LabelledClips
    numbers: Sequence[int]

    def __iter__(self) -> Iterator[Example]:
        return (self.clips[number] for number in self.numbers)

    def __getitem__(self, number: int) -> Example:
        return self.clips[self.numbers[number]]

    def __length_hint__(self) -> int:
        return len(self.numbers)


def _shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return a function that reports progress after `before` runs of a clip, out of `total`."""
    return None if progress is None else lambda done, _: progress(before + done, max(total, before + done))
