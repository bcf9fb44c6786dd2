"""Whether attention matters in a network, on a labelled set: measured, kept on disk, or shipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from app.work import shipped
from app.work.effects import EffectQuestion, clip_name, question_key
from app.work.jobs import Progress
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.cache import Cache, entry_key
from peerattn.data.cache_folder import default_folder
from peerattn.data.labelled_set import LabelledSet, training_examples
from peerattn.errors import PeerattnError
from peerattn.recording.attention_ablation import LEAST_TRAINING_CLIPS, ablate_attention
from peerattn.scores.attention_answers import AblationAnswers

TRAINING_CLIPS = LEAST_TRAINING_CLIPS + 8
"""Thirteen batches of 16."""
_VERSION = 1
"""Of how it is measured: a new version measures again what an earlier one kept."""


@dataclass(frozen=True)
class AttentionQuestion:
    """Whether attention matters in a checkpoint, on which clips."""

    checkpoint: str
    labelled_set: LabelledSet

    @property
    def file(self) -> str:
        """What the answers are called where they ship."""
        return shipped.name_of(self.labelled_set, "attention")


def attention_key(question: AttentionQuestion, loaded: Checkpoint) -> str:
    """Return the digest of everything that determines the answers; raises PeerattnError without clips."""
    same = EffectQuestion(question.checkpoint, "attention factors", "replaced", question.labelled_set)
    return entry_key(attention=_VERSION, about=question_key(same, loaded), training=TRAINING_CLIPS)


def measure_attention(
    question: AttentionQuestion, key: str, device: torch.device, progress: Progress
) -> Iterator[AblationAnswers]:
    """Yield the answers to each batch of clips; after the last one, keep all on disk under the key."""
    loaded, parts = resolve(question.checkpoint, device), []
    for part in answers_to(question, loaded, progress):
        parts.append(part)
        yield part
    Cache(default_folder()).put(key, AblationAnswers.concatenated(parts).to_arrays())


def answers_to(
    question: AttentionQuestion, loaded: Checkpoint, progress: Progress | None = None
) -> Iterator[AblationAnswers]:
    """Yield the answers to each batch of clips."""
    labelled_set = question.labelled_set
    examples = labelled_set.examples(loaded, cached=True)
    return ablate_attention(
        loaded.network,
        examples,
        training_examples(labelled_set, loaded, count=TRAINING_CLIPS),
        window=loaded.settings.window,
        progress=progress,
        clip_name=lambda number: clip_name(examples, labelled_set, number),
    )


def kept_attention(question: AttentionQuestion, key: str) -> AblationAnswers | None:
    """Return the answers kept on disk or shipped under the key; None if there are none that can be read."""
    arrays = Cache(default_folder()).get(key) or shipped.read(question.checkpoint, question.file, key)
    try:
        return AblationAnswers.from_arrays(arrays) if arrays else None
    except PeerattnError:
        return None
