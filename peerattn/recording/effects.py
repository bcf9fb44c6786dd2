"""Effects: what accuracy loses without single modalities, blocks, connections or attention connections.

    measured = effects(network, examples, of="modality", how="swap", window=16)
    measured.effects[0].difference.words  # in top-1 accuracy; for labels, in mean average precision

Each component is changed alone while the same clips run, so that before and after are paired. A batch of
clips goes through every change before the next batch is read. Besides one run for the answers before and one
run per change, a batch runs once more if a change takes its values from clips: from the donors of a swap, or
from the clips themselves for mean factors and for shuffled factors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from operator import length_hint

import torch

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.baseline import Baselines
from peerattn.recording.changes import Change, changed
from peerattn.recording.chosen import Chosen, chosen_alone
from peerattn.recording.delivered import Array, delivered_shares
from peerattn.recording.donors import DonorBatch, LabelledClips, assign_donors, batches_with_donors
from peerattn.recording.evaluating import score_predictions
from peerattn.recording.interventions import find_places, without
from peerattn.recording.observing import ValueSource, cached, from_clips, from_donor
from peerattn.recording.predictions import Predictions, predict
from peerattn.recording.stretches import MEMORY, Progress, bytes_per_frame
from peerattn.recording.substitutes import held_at_mean, ones, replaced, shuffled_frames
from peerattn.scores.effect_answers import About, EffectAnswers
from peerattn.scores.effects import Effect, Effects, compare_effects
from peerattn.scores.kinds import AnyEvaluation

__all__ = ["Effect", "Effects", "answers_in_parts", "effects"]


def effects(
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
) -> Effects:
    """Measure the effect of each component of one kind (or only of `names`), each changed alone in one way.

    `seed` decides donors and the order of shuffled frames. For a swap, the examples are read twice and donors
    are read by their number: `data.readable.CachedExamples` can cache examples that are slow to read. Clips
    without a donor are left out. Raises PeerattnError if `how` has no meaning for the kind of component, for
    an unknown name, for a named component that cannot be removed, and for clips of several classes if the
    network answers with one. `progress(done, total)` counts clips read and run and may raise to cancel.
    """
    run = EffectRun(unwrap(network), of, how, chosen_alone(network, of, how, names), window, seed)
    for _ in run.batches(examples, batch, progress):
        pass
    before, after = run.evaluations()
    return Effects(before, compare_effects(of, how, before, after), run.not_measured, run.left_out)


def answers_in_parts(
    network: Network,
    examples: LabelledClips,
    *,
    of: str,
    how: str = "swap",
    names: Sequence[str] | None = None,
    window: int,
    seed: int = 0,
    batch: int = 16,
    baselines: Baselines | None = None,
    progress: Progress | None = None,
    clip_name: Callable[[int], str] = str,
) -> Iterator[EffectAnswers]:
    """Measure like `effects`, and yield the answers to each batch of clips once it went through every change.

    For connections, the share that each delivers in the unchanged network is also measured if `baselines`,
    the values of an empty clip, are given. `clip_name` gives the name to keep for the clip of a number; clips
    are counted from 0 as they are read. Raises like `effects`.
    """
    run = EffectRun(unwrap(network), of, how, chosen_alone(network, of, how, names), window, seed)
    run.baselines = baselines if of == "connection" else None
    for numbers in run.batches(examples, batch, progress):
        yield run.latest([clip_name(number) for number in numbers], length_hint(examples))


_KEYWORDS = {"modality": "modality", "block": "blocks", "connection": "connections", "attention": "attention"}


@dataclass
class _ProgressCounter:
    """Counts clips read or run, and reports them as progress out of all clips in all rounds."""

    progress: Progress | None
    clips: int
    rounds: int
    done: int = 0

    def add(self, clips: int) -> None:
        self.done += clips
        if self.progress:
            self.progress(self.done, max(self.rounds * self.clips, self.done))


class EffectRun:
    """The predictions for all clips before any change, and after each change."""

    def __init__(self, network: Network, of: str, how: str, chosen: Chosen, window: int, seed: int) -> None:
        self.names, self.not_measured = tuple(chosen.changes), dict(chosen.impossible)
        self.network, self.of, self.how, self.parts = network, of, how, chosen.changes
        self.window, self.seed = window, seed
        self.places = {
            name: () if how == "remove" else find_places(network.structure, {of: parts})
            for name, parts in self.parts.items()
        }
        self.baselines: Baselines | None = None
        self.left_out: tuple[str, ...] = ()
        self.before: list[Predictions] = []
        self.after: dict[str, list[Predictions]] = defaultdict(list)
        self.shares: dict[str, Array] = {}  # of the batch that ran last

    def batches(
        self, examples: LabelledClips, batch: int, progress: Progress | None
    ) -> Iterator[Sequence[int]]:
        """Run batch after batch through every change; yield the numbers of the clips of each batch."""
        swapping = self.how == "swap"
        counter = _ProgressCounter(progress, length_hint(examples), len(self.names) + 1 + swapping)
        donors = None
        if swapping:
            donors, self.left_out = assign_donors(examples, self.seed, partial(counter.add, 1))
        order = iter(donors) if donors is not None else count()
        for clips in batches_with_donors(self.network, examples, donors, batch):
            self._add(clips, counter)
            yield list(islice(order, len(clips.members)))
        if not self.before:
            raise PeerattnError("there are no clips to measure on: give at least one")

    def evaluations(self) -> tuple[AnyEvaluation, dict[str, AnyEvaluation]]:
        """Return the evaluation of all clips before any change, and after the change of each component."""
        before, *after = (
            score_predictions(Predictions.concatenated(parts), self.network)
            for parts in (self.before, *(self.after[name] for name in self.names))
        )
        return before, dict(zip(self.names, after, strict=True))

    def latest(self, clips: Sequence[str], total: int) -> EffectAnswers:
        """Return the answers to the batch that ran last; `clips` are the names of its clips."""
        before, network = self.before[-1], self.network
        about = About(
            of=self.of,
            how=self.how,
            kind=network.structure.answer.kind,
            class_names=tuple(network.class_names),
            components=self.names,
            clips=tuple(clips),
            labels=before.labels,
            groups=before.groups,
            total=total,
            not_measured=self.not_measured,
            left_out=self.left_out,
            objects=dict(before.objects),
        )
        after = {name: self.after[name][-1].clips for name in self.names}
        shares = {name: self.shares[name] for name in self.names} if self.shares else {}
        return EffectAnswers(about, before.clips, after, shares)

    def _add(self, clips: DonorBatch, counter: _ProgressCounter) -> None:
        """Predict one batch before any change and after each."""
        predict_batch = partial(
            predict, self.network, clips.members, window=self.window, batch=len(clips.members)
        )
        if not ANSWERS[self.network.structure.answer.kind].several:
            _check_labels(clips.members)
        self.before.append(predict_batch())
        counter.add(len(clips.members))
        if self.baselines is not None:
            self.shares = delivered_shares(
                self.network, clips.members, window=self.window, baselines=self.baselines
            )
        sources = self._sources(clips)
        for name in self.names:
            with self._changed(name, sources):
                self.after[name].append(predict_batch())
            counter.add(len(clips.members))

    def _changed(self, name: str, sources: Callable[[str], ValueSource]) -> AbstractContextManager[object]:
        if self.how == "remove":
            return without(self.network, **{_KEYWORDS[self.of]: self.parts[name]})
        return changed(self.network, self._change(name, sources))

    def _change(self, name: str, sources: Callable[[str], ValueSource]) -> Change:
        places = self.places[name]
        if self.how == "swap":
            return replaced(sources(name), places)
        if self.how == "mean":
            return held_at_mean(sources(name), places)
        if self.how == "one":
            return ones(places)
        return shuffled_frames(sources(name), places, self.seed)

    def _sources(self, clips: DonorBatch) -> Callable[[str], ValueSource]:
        """Return component → the source of its values: one source for all if that fits in memory."""
        _, _, frames, *sides = next(iter(clips.members[0].tensors.values())).shape
        size = len(clips.members) * frames * bytes_per_frame(self.network.structure, sides)
        if size > MEMORY:
            return lambda name: self._source(clips, [name])
        together = self._source(clips, self.names)
        return lambda name: together

    def _source(self, clips: DonorBatch, names: Sequence[str]) -> ValueSource:
        places = tuple(dict.fromkeys(place for name in names for place in self.places[name]))
        if not clips.donors:
            return cached(self.network, from_clips(self.network, places))
        frames = next(iter(clips.members[0].tensors.values())).shape[2]
        read = [modality.name for modality in self.network.structure.read_modalities]
        tensors = {
            name: torch.cat([donor.tensors[name][:, :, :frames] for donor in clips.donors]) for name in read
        }
        return from_donor(self.network, tensors, places)


def _check_labels(members: Sequence[Example]) -> None:
    """Raises PeerattnError if a clip has several classes; called before anything runs."""
    for member in members:
        _ = member.label
