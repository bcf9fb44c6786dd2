"""What accuracy loses without a modality, a block, a connection or an attention connection, one by one.

    found = effects(network, examples, of="modality", how="swap", window=16)
    found.effects[0].difference.words  # after against before, in top-1 accuracy; of labels, mean precision

Each thing is changed alone while the same clips run, so that before and after are paired. A batch of clips
goes through everything before the next one is read. Beside one run for the answers before and one for those
after each change, a batch is run once where a change takes its values from clips: from the donors of a swap,
or from the clips themselves for means and for the order of factors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from operator import length_hint

import torch

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.answers import ANSWERS
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.changes import Change, changed
from peerattn.recording.donors import Batch, LabelledClips, donors_of, with_donors
from peerattn.recording.evaluating import evaluation_of
from peerattn.recording.interventions import places_of, without
from peerattn.recording.observing import Source, kept, of_donor, own
from peerattn.recording.predictions import Predictions, predict
from peerattn.recording.stretches import MEMORY, Progress, bytes_a_frame
from peerattn.recording.substitutes import at_mean, given, in_order, ones
from peerattn.scores.comparison import Difference
from peerattn.scores.kinds import AnyEvaluation, difference


@dataclass(frozen=True)
class Effect:
    """What changing one thing does: the evaluation after it, and after minus before in its headline score.

    The interval of `difference` holds for itself, that of `adjusted` for all effects together.
    """

    of: str
    name: str
    how: str
    after: AnyEvaluation
    difference: Difference
    adjusted: Difference


@dataclass(frozen=True)
class Effects:
    """The evaluation before, and the effect of each thing that could be changed, on the same clips.

    `not_measured`: thing → why it cannot be changed so. `left_out`: clips without a donor, in words.
    """

    before: AnyEvaluation
    effects: tuple[Effect, ...]
    not_measured: dict[str, str]
    left_out: tuple[str, ...]


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
    """Measure the effect of each component of a kind (or of those named), intervening on one at a time.

    The interventions are those of `graph.components.INTERVENTIONS`.

    `seed` decides donors and the order of shuffled frames. To swap, the examples are gone through twice, and
    a donor is asked for by its number: let `data.readable.CachedExamples` keep those that are slow to read.
    Clips that no other clip can stand in for are left out. Raises PeerattnError for what has no meaning, for
    an unknown name, for one that is named and cannot be removed, and for clips of several classes where the
    network is asked one.
    `progress(done, total)` counts clips read and run and may raise to cancel.
    """
    network = unwrap(network)
    components.check_intervention(of, how)
    asked = components.select(network.structure, of, names or components.names(network.structure, of))
    measured, impossible = _possible(network, of, how, asked)
    if (names and impossible) or not measured:
        raise PeerattnError(next(iter(impossible.values())))
    counted = _Counted(progress, length_hint(examples), rounds=len(measured) + 1 + (how == "swap"))
    donors, left_out = donors_of(examples, seed, partial(counted.add, 1)) if how == "swap" else (None, ())
    run = _Run(network, of, how, measured, window, seed)
    for clips in with_donors(network, examples, donors, batch):
        run.add(clips, counted)
    if not run.before:
        raise PeerattnError("there are no clips to measure on: give at least one")
    before = evaluation_of(Predictions.joined(run.before), network)
    found = []
    for name in measured:
        after = evaluation_of(Predictions.joined(run.after[name]), network)
        alone, adjusted = (difference(before, after, comparisons=count) for count in (1, len(measured)))
        found.append(Effect(of, name, how, after, alone, adjusted))
    return Effects(before, tuple(found), impossible, left_out)


def _possible(
    network: Network, of: str, how: str, asked: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """What can be changed so, and of what cannot be, why."""
    impossible = {}
    if how == "remove":
        for name in asked:
            try:
                with without(network, **{_KEYWORDS[of]: name}):
                    pass
            except PeerattnError as error:
                impossible[name] = str(error)
    return tuple(name for name in asked if name not in impossible), impossible


_KEYWORDS = {"modality": "modality", "block": "blocks", "connection": "connections", "attention": "attention"}


@dataclass
class _Counted:
    """Clips that have been read or run, of as many as there are in all rounds."""

    progress: Progress | None
    clips: int
    rounds: int
    done: int = 0

    def add(self, clips: int) -> None:
        self.done += clips
        if self.progress:
            self.progress(self.done, max(self.rounds * self.clips, self.done))


class _Run:
    """The predictions of all clips before, and after each change."""

    def __init__(
        self, network: Network, of: str, how: str, names: Sequence[str], window: int, seed: int
    ) -> None:
        self.network, self.of, self.how, self.names = network, of, how, names
        self.window, self.seed = window, seed
        self.places = {
            name: () if how == "remove" else places_of(network.structure, {of: name}) for name in names
        }
        self.before: list[Predictions] = []
        self.after: dict[str, list[Predictions]] = defaultdict(list)

    def add(self, clips: Batch, counted: _Counted) -> None:
        """One batch through everything."""
        predicted = partial(
            predict, self.network, clips.members, window=self.window, batch=len(clips.members)
        )
        if not ANSWERS[self.network.structure.answer.kind].several:
            _check_labels(clips.members)
        self.before.append(predicted())
        counted.add(len(clips.members))
        sources = self._sources(clips)
        for name in self.names:
            with self._changed(name, sources):
                self.after[name].append(predicted())
            counted.add(len(clips.members))

    def _changed(self, name: str, sources: Callable[[str], Source]) -> AbstractContextManager[object]:
        if self.how == "remove":
            return without(self.network, **{_KEYWORDS[self.of]: name})
        return changed(self.network, self._change(name, sources))

    def _change(self, name: str, sources: Callable[[str], Source]) -> Change:
        places = self.places[name]
        if self.how == "swap":
            return given(sources(name), places)
        if self.how == "mean":
            return at_mean(sources(name), places)
        if self.how == "one":
            return ones(places)
        return in_order(sources(name), places, self.seed)

    def _sources(self, clips: Batch) -> Callable[[str], Source]:
        """Thing → what is found for its places: one source for all things where that fits in memory."""
        _, _, frames, *sides = next(iter(clips.members[0].tensors.values())).shape
        size = len(clips.members) * frames * bytes_a_frame(self.network.structure, sides)
        if size > MEMORY:
            return lambda name: self._source(clips, [name])
        together = self._source(clips, self.names)
        return lambda name: together

    def _source(self, clips: Batch, names: Sequence[str]) -> Source:
        places = tuple(dict.fromkeys(place for name in names for place in self.places[name]))
        if not clips.donors:
            return kept(self.network, own(self.network, places))
        frames = next(iter(clips.members[0].tensors.values())).shape[2]
        read = [modality.name for modality in self.network.structure.read_modalities]
        tensors = {
            name: torch.cat([donor.tensors[name][:, :, :frames] for donor in clips.donors]) for name in read
        }
        return of_donor(self.network, tensors, places)


def _check_labels(members: Sequence[Example]) -> None:
    """Raises PeerattnError, before anything is run, where a clip has several classes."""
    for member in members:
        _ = member.label
