"""The effects of a network's components on a labelled set: measured, kept on disk, or shipped with the app.

The answers are kept in the cache of the package under a digest of everything that determines them: weights,
structure, settings, the clips, and what is done to the components. Some answers of the app's own checkpoints
ship with it (see `app.work.shipped`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from app.work import shipped
from app.work.jobs import Progress
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.cache import Cache, entry_key, file_digest
from peerattn.data.cache_folder import default_folder
from peerattn.data.generated import TEST_SEED
from peerattn.data.labelled_set import LabelledSet, with_map_origin
from peerattn.data.readable import SkipUnreadable
from peerattn.errors import PeerattnError
from peerattn.files.paths import folder_of
from peerattn.files.weights import WEIGHTS_FILE
from peerattn.modalities.segmenter import segmenter_name
from peerattn.recording.effects import answers_in_parts
from peerattn.scores.effect_answers import EffectAnswers

_VERSION = 1
"""Of how effects are measured: a new version measures again what an earlier one kept."""


@dataclass(frozen=True)
class EffectQuestion:
    """Which components of a checkpoint are changed and how (see `peerattn.graph.components`), on which
    clips.
    """

    checkpoint: str
    of: str
    how: str
    labelled_set: LabelledSet

    @property
    def file(self) -> str:
        """What the answers are called where they ship."""
        return shipped.name_of(self.labelled_set, f"{self.of}-{self.how}")


def measure_effects(
    question: EffectQuestion, key: str, device: torch.device, progress: Progress
) -> Iterator[EffectAnswers]:
    """Yield the answers to each batch of clips; after the last one, keep all on disk under the key."""
    loaded, parts = resolve(question.checkpoint, device), []
    for part in answers_to(question, loaded, progress):
        parts.append(part)
        yield part
    Cache(default_folder()).put(key, EffectAnswers.concatenated(parts).to_arrays())


def answers_to(
    question: EffectQuestion, loaded: Checkpoint, progress: Progress | None = None
) -> Iterator[EffectAnswers]:
    """Yield the answers to each batch of clips."""
    examples = question.labelled_set.examples(loaded, cached=True)
    return answers_in_parts(
        loaded.network,
        examples,
        of=question.of,
        how=question.how,
        window=loaded.settings.window,
        baselines=loaded.settings.baselines,
        progress=progress,
        clip_name=lambda number: clip_name(examples, question.labelled_set, number),
    )


def clip_name(examples: SkipUnreadable, labelled_set: LabelledSet, number: int) -> str:
    """Return the path of a clip of a folder, or the seed of a generated clip."""
    return str(examples.files[number].path) if labelled_set.folder else str(TEST_SEED + number)


def question_key(question: EffectQuestion, loaded: Checkpoint) -> str:
    """Return the digest of everything that determines the answers.

    Clips of a folder are told apart by path, size and time of change, because reading all of them would take
    long. Raises PeerattnError if the labelled set is not found.
    """
    folder = folder_of(question.checkpoint)
    return entry_key(
        effects=_VERSION,
        weights=file_digest(folder / WEIGHTS_FILE) if folder else question.checkpoint,
        structure=loaded.structure.to_json(),
        settings=loaded.settings.to_json(),
        clips=_clips_key(question.labelled_set, loaded),
        of=question.of,
        how=question.how,
    )


def _clips_key(labelled_set: LabelledSet, loaded: Checkpoint) -> dict[str, Any]:
    origin = labelled_set.origin
    if labelled_set == shipped.SHIPPED_SET:
        return {"shipped": True}
    if labelled_set.folder is None:
        segmenter = _segmenter_key(loaded) if origin == "estimated" else None
        return {"generated": labelled_set.count, "first": TEST_SEED, "segmenter": segmenter}
    files = with_map_origin(labelled_set.files(), origin)
    listed = [
        [_file_state(file.path), list(file.labels), file.group, _file_state(file.objects)] for file in files
    ]
    return {"files": listed, "origin": origin, "segmenter": _segmenter_key(loaded)}


def _segmenter_key(loaded: Checkpoint) -> str | None:
    folder = folder_of(segmenter_name(loaded.card)) if loaded.reader().reads_objects else None
    return file_digest(folder / WEIGHTS_FILE) if folder else None


def _file_state(path: Path | None) -> list[Any] | None:
    """Return the path, size and time of change of a file; None without one."""
    if path is None or not path.exists():
        return None
    state = path.stat()
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]


def kept_answers(question: EffectQuestion, key: str) -> EffectAnswers | None:
    """Return the answers kept on disk or shipped under the key; None if there are none that can be read."""
    arrays = Cache(default_folder()).get(key) or shipped.read(question.checkpoint, question.file, key)
    try:
        return EffectAnswers.from_arrays(arrays) if arrays else None
    except PeerattnError:
        return None
