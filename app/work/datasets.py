"""Work on a folder of labelled clips: checking its files, and evaluating a checkpoint on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import length_hint
from pathlib import Path

import numpy as np
import torch

from app.work.jobs import Progress
from peerattn.checkpoints.resolving import resolve
from peerattn.data.checking import check_folder
from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile
from peerattn.data.labelled_set import file_examples, reader_for, with_map_origin
from peerattn.data.listing import list_clips
from peerattn.data.report import FolderReport
from peerattn.graph.answers import ANSWERS
from peerattn.recording.evaluating import evaluate
from peerattn.scores.evaluation import Evaluation
from peerattn.scores.kinds import AnyEvaluation
from peerattn.scores.labels import LabelsEvaluation


@dataclass(frozen=True)
class EvaluationRequest:
    """A checkpoint to evaluate, and the clips to evaluate it on: those of a split, or all if it is None.

    With `estimated`, object maps are estimated even for clips that come with some.
    """

    checkpoint: str
    folder: Path
    split: str | None = None
    estimated: bool = False


@dataclass(frozen=True)
class ClipSelection:
    """The clips with classes that a network knows, the classes it does not know, and the clips left out.

    `several` counts clips that are left out because they have several classes, and the network answers with
    one.
    """

    files: tuple[LabelledFile, ...]
    unknown: tuple[str, ...]
    several: int


@dataclass(frozen=True)
class FolderEvaluation:
    """An evaluation, its clips in the same order, and a line for each clip that could not be read."""

    evaluation: AnyEvaluation
    files: tuple[LabelledFile, ...]
    skipped: tuple[str, ...]

    def clips_of_cell(self, true: int, predicted: int) -> list[tuple[LabelledFile, float]]:
        """Return the clips of a true and a predicted class, with their probabilities in descending order."""
        evaluation = self.evaluation
        assert isinstance(evaluation, Evaluation)
        answers = evaluation.probabilities.argmax(axis=1)
        pairs = zip(evaluation.labels, answers, strict=True)
        rows = [row for row, pair in enumerate(pairs) if pair == (true, predicted)]
        return self._most_probable_first(rows, predicted)

    def clips_of_label(
        self, label: int, threshold: float, *, shown: bool, found: bool
    ) -> list[tuple[LabelledFile, float]]:
        """Return the clips with a true state and an outcome of a label, the most probable first.

        `shown` says whether the clips show the label, `found` whether the network found it.
        """
        evaluation = self.evaluation
        assert isinstance(evaluation, LabelsEvaluation)
        predicted = evaluation.probabilities[:, label] >= np.float32(threshold)
        rows = np.flatnonzero((evaluation.truth[:, label] == shown) & (predicted == found))
        return self._most_probable_first(rows.tolist(), label)

    def _most_probable_first(self, rows: Sequence[int], index: int) -> list[tuple[LabelledFile, float]]:
        """Return the clips of these rows with the probability of a class or label, in descending order."""
        clips = [(self.files[row], float(self.evaluation.probabilities[row, index])) for row in rows]
        return sorted(clips, key=lambda clip: -clip[1])


def _report_progress(examples: Iterable[Example], progress: Progress) -> Iterator[Example]:
    """Yield the examples and report the progress, which may raise CancelledError between two of them."""
    total = length_hint(examples)
    progress(0, total)
    for done, example in enumerate(examples, start=1):
        yield example
        progress(done, total)


def clips_in_folder(folder: Path) -> tuple[LabelledFile, ...]:
    """Return the clips listed in a folder, even if it has faults; raises PeerattnError if it is not one."""
    return tuple(clip.file for clip in list_clips(folder).clips)


def select_clips(
    files: Sequence[LabelledFile], split: str | None, class_names: Sequence[str], kind: str
) -> ClipSelection:
    """Select the clips of a split on which a network with this kind of answer can be evaluated."""
    in_split = [file for file in files if split is None or file.split == split]
    several = ANSWERS[kind].several
    usable = [file for file in in_split if several or len(file.labels) == 1]
    known = tuple(file for file in usable if set(file.labels) <= set(class_names))
    unknown = sorted({label for file in usable for label in file.labels} - set(class_names))
    return ClipSelection(known, tuple(unknown), len(in_split) - len(usable))


def check(folder: Path, progress: Progress) -> Iterator[FolderReport]:
    """Check every file of a folder; yields one report."""
    yield check_folder(folder, progress=progress)


def measure_folder(
    request: EvaluationRequest, device: torch.device, progress: Progress
) -> Iterator[FolderEvaluation]:
    """Evaluate a checkpoint on a folder; yields one result. Clips that cannot be read are skipped."""
    loaded = resolve(request.checkpoint, device)
    kind = loaded.structure.answer.kind
    files = select_clips(clips_in_folder(request.folder), request.split, loaded.class_names, kind).files
    files = with_map_origin(files, "estimated" if request.estimated else "true")
    readable = file_examples(files, loaded.class_names, reader_for(files, loaded))
    evaluation = evaluate(loaded.network, _report_progress(readable, progress), window=loaded.settings.window)
    progress(len(files), len(files))
    yield FolderEvaluation(evaluation, readable.files, readable.skipped)
