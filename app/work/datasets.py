"""A visitor's folder of labelled clips: looked through, and a checkpoint measured on it."""

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
from peerattn.data.labelled_set import of_files, reader_for, with_maps
from peerattn.data.listing import listing
from peerattn.data.report import FolderReport
from peerattn.graph.answers import ANSWERS
from peerattn.recording.evaluating import evaluate
from peerattn.scores.evaluation import Evaluation
from peerattn.scores.kinds import AnyEvaluation
from peerattn.scores.labels import LabelsEvaluation


@dataclass(frozen=True)
class Choice:
    """The clips of a folder that a checkpoint is measured on; `split` None: all of them.

    `estimated`: object maps are estimated even of clips that have some.
    """

    checkpoint: str
    folder: Path
    split: str | None = None
    estimated: bool = False


@dataclass(frozen=True)
class Chosen:
    """Clips of what a network knows, what it does not know, and how many it cannot be asked of.

    Those are clips of several classes, where it answers with one.
    """

    files: tuple[LabelledFile, ...]
    unknown: tuple[str, ...]
    several: int


@dataclass(frozen=True)
class Measured:
    """An evaluation, the clips that it is of in its order, and a line for each that could not be read."""

    evaluation: AnyEvaluation
    files: tuple[LabelledFile, ...]
    skipped: tuple[str, ...]

    def cell(self, true: int, predicted: int) -> list[tuple[LabelledFile, float]]:
        """The clips of a class that were taken for another with what probability, the surest first."""
        found = self.evaluation
        assert isinstance(found, Evaluation)
        answers = found.probabilities.argmax(axis=1)
        members = [row for row in range(found.n) if (found.labels[row], answers[row]) == (true, predicted)]
        return self._with_probability(members, predicted)

    def of_label(
        self, label: int, threshold: float, *, shown: bool, found: bool
    ) -> list[tuple[LabelledFile, float]]:
        """The clips that show a label, or do not, in which it was found, or was not; the surest first."""
        evaluation = self.evaluation
        assert isinstance(evaluation, LabelsEvaluation)
        at = evaluation.probabilities[:, label] >= np.float32(threshold)
        members = np.flatnonzero((evaluation.truth[:, label] == shown) & (at == found))
        return self._with_probability(members.tolist(), label)

    def _with_probability(self, members: Sequence[int], number: int) -> list[tuple[LabelledFile, float]]:
        """The clips of these rows with the probability of a class or label, the greatest first."""
        clips = [(self.files[row], float(self.evaluation.probabilities[row, number])) for row in members]
        return sorted(clips, key=lambda clip: -clip[1])


def _counted(examples: Iterable[Example], progress: Progress) -> Iterator[Example]:
    """The examples; `progress` may cancel between two of them."""
    total = length_hint(examples)
    progress(0, total)
    for done, example in enumerate(examples, start=1):
        yield example
        progress(done, total)


def files_of(folder: Path) -> tuple[LabelledFile, ...]:
    """The clips that a folder lists, whatever else is wrong with it; raises PeerattnError when it is none."""
    return tuple(listed.file for listed in listing(folder).clips)


def choose(files: Sequence[LabelledFile], split: str | None, class_names: Sequence[str], kind: str) -> Chosen:
    """Those of a split that a network which is asked this can be measured on."""
    asked = [file for file in files if split is None or file.split == split]
    several = ANSWERS[kind].several
    whole = [file for file in asked if several or len(file.labels) == 1]
    known = tuple(file for file in whole if set(file.labels) <= set(class_names))
    unknown = sorted({label for file in whole for label in file.labels} - set(class_names))
    return Chosen(known, tuple(unknown), len(asked) - len(whole))


def checked(folder: Path, progress: Progress) -> Iterator[FolderReport]:
    """The work of looking through a folder."""
    yield check_folder(folder, progress=progress)


def measured(choice: Choice, device: torch.device, progress: Progress) -> Iterator[Measured]:
    """The work of a measurement; a clip that cannot be read is passed over."""
    loaded = resolve(choice.checkpoint, device)
    kind = loaded.structure.answer.kind
    files = choose(files_of(choice.folder), choice.split, loaded.class_names, kind).files
    files = with_maps(files, "estimated" if choice.estimated else "true")
    readable = of_files(files, loaded.class_names, reader_for(files, loaded))
    found = evaluate(loaded.network, _counted(readable, progress), window=loaded.settings.window)
    progress(len(files), len(files))
    yield Measured(found, readable.files, readable.skipped)
