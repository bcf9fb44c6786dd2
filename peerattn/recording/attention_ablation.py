"""Does attention matter? All attention factors of a network replaced at once, beside random deviations.

    parts = list(ablate_attention(network, examples, training, window=16))
    summarise_ablation(AblationAnswers.concatenated(parts)).sentence

The questions are those of `scores.attention_questions`. Each is asked twice: with batch norm as trained, and
with its statistics re-estimated from unlabelled training clips that ran with the replaced factors, because
a change that the statistics absorb is not one that the network needs. Factors that are not replaced are those
of the unchanged network, also in the levels above a change. Beside each runs the control: random
deviations of the factors that change what each block receives as much (see `recording.matched_runs`).

Shapes: B clips, T frames, K classes, D draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from operator import length_hint

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.network.batch_norm import estimated_statistics, running_statistics
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.donors import LabelledClips, assign_several_donors, batches_with_donors
from peerattn.recording.factors import Factors, delivering_means, own_factors, scaled_connections
from peerattn.recording.matched_runs import Copies, MatchedOutputs, run_matched
from peerattn.recording.predictions import same_shape_batches
from peerattn.recording.stretches import Progress, evaluation_mode
from peerattn.recording.windows import windows
from peerattn.scores.attention_answers import AblationAbout, AblationAnswers
from peerattn.scores.attention_questions import BATCH_NORMS, QUESTIONS

Array = NDArray[np.float16]
DRAWS = 5
"""Of donors for each clip, and of random deviations."""
LEAST_TRAINING_CLIPS = 200
"""The fewest clips from which statistics of batch norm are estimated."""


def ablate_attention(
    network: Network,
    examples: LabelledClips,
    training: Iterable[Example],
    *,
    window: int,
    seed: int = 0,
    batch: int = 16,
    progress: Progress | None = None,
    clip_name: Callable[[int], str] = str,
) -> Iterator[AblationAnswers]:
    """Ask each question of the network on labelled clips; yield the answers batch by batch.

    `training` are at least 200 clips like those that the network learned from; their labels are not used.
    `seed` decides donors and random deviations. `clip_name` gives the name to keep for the clip of a number;
    clips without a donor are left out. `progress(done, total)` counts clips, each once for every time that
    it runs through all copies of the network, and may raise to cancel. Raises PeerattnError for a network
    without attention factors, and for too few training clips.
    """
    network = unwrap(network)
    if not scaled_connections(network):
        raise PeerattnError("this network has no attention factors, so there is nothing to ask about them")
    ablation = _Ablation(network, training, window, seed)
    counter = _Counter(progress, ablation.rounds(length_hint(examples)))
    seeds = range(seed * DRAWS, (seed + 1) * DRAWS)
    donors, left_out = assign_several_donors(examples, seeds, partial(counter.add, 0))
    ablation.estimate(counter)
    order = iter(donors[0])
    for clips in batches_with_donors(network, examples, donors[0], batch, passes=4 * DRAWS):
        numbers = list(islice(order, len(clips.members)))
        others = [[examples[one[number]] for number in numbers] for one in donors]
        about = AblationAbout(
            kind=network.structure.answer.kind,
            class_names=tuple(network.class_names),
            clips=tuple(clip_name(number) for number in numbers),
            labels=tuple(member.labels for member in clips.members),
            groups=tuple(member.group for member in clips.members),
            total=length_hint(examples),
            left_out=left_out,
            training_clips=ablation.clips,
        )
        yield ablation.answers(about, clips.members, others, counter)


class _Counter:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.done, self.total = progress, 0, total

    def add(self, clips: int) -> None:
        self.done += clips
        if self.progress:
            self.progress(self.done, max(self.total, self.done))


@dataclass(frozen=True)
class _Batch:
    """Clips of one shape, modality → (B, C, T, H, W), their own factors, and those of D donors of each."""

    clips: Mapping[str, Tensor]
    own: Factors
    donors: Sequence[Factors]

    @property
    def count(self) -> int:
        return len(next(iter(self.clips.values())))


@dataclass(frozen=True)
class _Asked:
    """A question, asked with one way of batch norm, and the copies of the network that answer it."""

    question: str
    batch_norm: str
    copies: Copies

    @property
    def key(self) -> str:
        return f"{self.question} {self.batch_norm}"


class _Ablation:
    """All questions, and what the training clips say: mean factors, and statistics of batch norm."""

    def __init__(self, network: Network, training: Iterable[Example], window: int, seed: int) -> None:
        self.network, self.window = network, window
        self.seeds = range(seed * DRAWS, (seed + 1) * DRAWS)
        self.training = list(_training_batches(network, training, window))
        self.clips = sum(one.count for one in self.training)
        if self.clips < LEAST_TRAINING_CLIPS:
            raise PeerattnError(
                f"{self.clips} training clips are too few to estimate batch norm: give at least "
                f"{LEAST_TRAINING_CLIPS}"
            )
        self.means = delivering_means(network, [one.clips for one in self.training])
        batch_norms = tuple(BATCH_NORMS) if running_statistics(network) else ("kept",)
        self.asked = [
            _Asked(question.key, batch_norm, self._copies(question.key))
            for question in QUESTIONS
            for batch_norm in batch_norms
        ]

    def _copies(self, question: str) -> Copies:
        return Copies.of(self.network, replaced=DRAWS if question == "match" else 1, deviating=DRAWS)

    def rounds(self, clips: int) -> int:
        """Return how often a clip runs, for this many clips."""
        estimated = sum(one.batch_norm == "estimated" for one in self.asked)
        return estimated * self.clips + len(self.asked) * clips

    def estimate(self, counter: _Counter) -> None:
        """Estimate the statistics of batch norm in those copies that are to have new ones."""
        for asked in self.asked:
            if asked.batch_norm == "kept":
                continue
            with torch.no_grad(), ExitStack() as stack:
                for copied in asked.copies.all:
                    stack.enter_context(estimated_statistics(copied))
                for one in self.training:
                    self._run(asked, one)
                    counter.add(one.count)

    def answers(
        self,
        about: AblationAbout,
        members: Sequence[Example],
        donors: Sequence[Sequence[Example]],
        counter: _Counter,
    ) -> AblationAnswers:
        """Return the answers to clips of one shape."""
        batch = self._batch(members, donors)
        unchanged, replaced, deviating, ratios = {}, {}, {}, {}
        with evaluation_mode(self.network):
            for asked in self.asked:
                ran = self._run(asked, batch)
                unchanged[asked.batch_norm], *others = self._probabilities(asked, ran)
                count = len(asked.copies.replaced)
                replaced[asked.key] = np.stack(others[:count])
                deviating[asked.key] = np.stack(others[count:])
                ratios[asked.key] = ran.ratios.cpu().numpy().astype(np.float16)
                counter.add(batch.count)
        return AblationAnswers(about, unchanged, replaced, deviating, ratios)

    def _batch(self, members: Sequence[Example], donors: Sequence[Sequence[Example]]) -> _Batch:
        frames = next(iter(members[0].tensors.values())).shape[2]

        def joined(some: Sequence[Example]) -> dict[str, Tensor]:
            read = [modality.name for modality in self.network.structure.read_modalities]
            tensors = {name: torch.cat([one.tensors[name][:, :, :frames] for one in some]) for name in read}
            return {name: self.network.to_own_device(tensor) for name, tensor in tensors.items()}

        clips = joined(members)
        others = [own_factors(self.network, joined(some)) for some in donors]
        return _Batch(clips, own_factors(self.network, clips), others)

    def _run(self, asked: _Asked, batch: _Batch) -> MatchedOutputs:
        replaced = self._replaced(asked.question, batch)
        return run_matched(asked.copies, batch.clips, batch.own, replaced, self.seeds)

    def _replaced(self, question: str, batch: _Batch) -> Sequence[Factors]:
        """Return the factors that a question puts in place of the clips' own, once or for each donor."""
        if question == "movement":
            return [{key: value.mean(dim=1, keepdim=True) for key, value in batch.own.items()}]
        if question == "clip":
            return [self.means]
        if question == "level":
            return [{key: torch.ones_like(value[:1, :1]) for key, value in batch.own.items()}]
        return batch.donors

    def _probabilities(self, asked: _Asked, ran: MatchedOutputs) -> list[Array]:
        """Return the probabilities (B, K) of each copy: the mean over the windows of the clips."""
        network = asked.copies.unchanged
        frames = next(iter(ran.outputs[0].values())).shape[2]
        answers = []
        for outputs in ran.outputs:
            parts = [
                network.combined_logits({block: value[:, :, start:stop] for block, value in outputs.items()})
                for start, stop in windows(frames, self.window)
            ]
            shares = torch.stack([network.probabilities(part.float()) for part in parts]).mean(dim=0)
            answers.append(shares.cpu().numpy().astype(np.float16))
        return answers


def _training_batches(network: Network, training: Iterable[Example], window: int) -> Iterator[_Batch]:
    """Yield batches of the middle window of each training clip.

    The donors are other clips of the batch, whatever their labels.
    """
    read = [modality.name for modality in network.structure.read_modalities]
    for members in same_shape_batches((_middle(example, window) for example in training), 16):
        joined = {name: torch.cat([member.tensors[name] for member in members]) for name in read}
        clips = {name: network.to_own_device(tensor) for name, tensor in joined.items()}
        own = own_factors(network, clips)
        donors = [
            {
                key: value.roll(draw + 1, 0) if len(value) == len(members) else value
                for key, value in own.items()
            }
            for draw in range(DRAWS)
        ]
        yield _Batch(clips, own, donors)


def _middle(example: Example, window: int) -> Example:
    start = max(next(iter(example.tensors.values())).shape[2] - window, 0) // 2
    part = slice(start, start + window)
    return replace(example, tensors={name: tensor[:, :, part] for name, tensor in example.tensors.items()})
