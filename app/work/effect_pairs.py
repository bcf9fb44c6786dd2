"""What pairs of components cost beyond the sum of each alone: measured on a labelled set and kept on disk."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from app.work.effects import EffectQuestion, clip_name, question_key
from app.work.jobs import Progress
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.cache import Cache, entry_key
from peerattn.data.cache_folder import default_folder
from peerattn.errors import PeerattnError
from peerattn.recording.effect_pairs import pair_answers_in_parts
from peerattn.scores.effect_pairs import PairAnswers

_VERSION = 1
"""Of how pairs are chosen and measured: a new version measures again what an earlier one kept."""


def pairs_key(question: EffectQuestion, loaded: Checkpoint) -> str:
    """Return the digest of everything that determines the answers; raises PeerattnError without clips."""
    return entry_key(pairs=_VERSION, about=question_key(question, loaded))


def measure_pairs(
    question: EffectQuestion, key: str, device: torch.device, progress: Progress
) -> Iterator[PairAnswers]:
    """Yield the answers to each batch of clips; after the last one, keep all on disk under the key."""
    loaded, parts = resolve(question.checkpoint, device), []
    examples = question.labelled_set.examples(loaded, cached=True)
    for part in pair_answers_in_parts(
        loaded.network,
        examples,
        of=question.of,
        how=question.how,
        window=loaded.settings.window,
        progress=progress,
        clip_name=lambda number: clip_name(examples, question.labelled_set, number),
    ):
        parts.append(part)
        yield part
    Cache(default_folder()).put(key, PairAnswers.concatenated(parts).to_arrays())


def kept_pairs(key: str) -> PairAnswers | None:
    """Return the answers kept on disk under the key; None if there are none that can be read."""
    arrays = Cache(default_folder()).get(key)
    try:
        return PairAnswers.from_arrays(arrays) if arrays else None
    except PeerattnError:
        return None
