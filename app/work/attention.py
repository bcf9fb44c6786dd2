"""Whether attention matters in a network, on a labelled set: measured, kept on disk, or shipped with the app.

`python -m app.work.attention` measures what the app ships anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from app.work.effects import SHIPPED, SHIPPED_CLIPS, EffectQuestion, clip_name, question_key
from app.work.jobs import Progress
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.cache import Cache, entry_key
from peerattn.data.cache_folder import default_folder
from peerattn.data.labelled_set import LabelledSet, training_examples
from peerattn.errors import PeerattnError
from peerattn.recording.attention_ablation import LEAST_TRAINING_CLIPS, ablate_attention
from peerattn.scores.attention_answers import AblationAnswers

SHIPPED_CHECKPOINTS = ("actionworld", "actionworld-self")
TRAINING_CLIPS = LEAST_TRAINING_CLIPS + 8
"""Thirteen batches of 16."""
_VERSION = 1
"""Of how it is measured: a new version measures again what an earlier one kept."""


@dataclass(frozen=True)
class AttentionQuestion:
    """Whether attention matters in a checkpoint, on which clips."""

    checkpoint: str
    labelled_set: LabelledSet


def attention_key(question: AttentionQuestion, loaded: Checkpoint) -> str:
    """Return the digest of everything that determines the answers; raises PeerattnError without clips."""
    same = EffectQuestion(question.checkpoint, "attention factors", "replaced", question.labelled_set)
    return entry_key(attention=_VERSION, about=question_key(same, loaded), training=TRAINING_CLIPS)


def measure_attention(
    question: AttentionQuestion, key: str, device: torch.device, progress: Progress
) -> Iterator[AblationAnswers]:
    """Yield the answers to each batch of clips; after the last one, keep all on disk under the key."""
    loaded, parts = resolve(question.checkpoint, device), []
    for part in _answers(question, loaded, progress):
        parts.append(part)
        yield part
    Cache(default_folder()).put(key, AblationAnswers.concatenated(parts).to_arrays())


def _answers(
    question: AttentionQuestion, loaded: Checkpoint, progress: Progress | None = None
) -> Iterator[AblationAnswers]:
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
    arrays = Cache(default_folder()).get(key)
    path = SHIPPED / f"{question.checkpoint}-attention.npz"
    if arrays is None and path.is_file():
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        if str(arrays.pop("key")) != key:
            return None
    try:
        return AblationAnswers.from_arrays(arrays) if arrays else None
    except PeerattnError:
        return None


def ship(name: str) -> None:
    """Measure what the app ships of a checkpoint, and write it."""
    question, loaded = AttentionQuestion(name, LabelledSet(count=SHIPPED_CLIPS)), resolve(name)
    answers = AblationAnswers.concatenated(list(_answers(question, loaded)))
    path = SHIPPED / f"{name}-attention.npz"
    np.savez_compressed(path, key=np.array(attention_key(question, loaded)), **answers.to_arrays())
    print(path)


if __name__ == "__main__":
    argparse.ArgumentParser(description="Measure whether attention matters, for the app.").parse_args()
    for checkpoint in SHIPPED_CHECKPOINTS:
        ship(checkpoint)
