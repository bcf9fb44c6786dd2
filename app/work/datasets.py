"""A visitor's folder of labelled clips: looked through, and a checkpoint measured on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import length_hint
from pathlib import Path

import torch

from app.work.jobs import Progress
from peerattn.checkpoints.resolving import resolve
from peerattn.data.checking import check_folder
from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile
from peerattn.data.labelled_set import of_files, reader_for, with_maps
from peerattn.data.listing import listing
from peerattn.data.report import FolderReport
from peerattn.recording.evaluating import evaluate
from peerattn.scores.evaluation import Evaluation


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
    """Clips of classes that a network knows, the classes that it does not, and clips of several classes."""

    files: tuple[LabelledFile, ...]
    unknown: tuple[str, ...]
    several: int


@dataclass(frozen=True)
class Measured:
    """An evaluation, the clips that it is of in its order, and a line for each that could not be read."""

    evaluation: Evaluation
    files: tuple[LabelledFile, ...]
    skipped: tuple[str, ...]

    def cell(self, true: int, predicted: int) -> list[tuple[LabelledFile, float]]:
        """The clips of a class that were taken for another with what probability, the surest first."""
        found = self.evaluation
        answers = found.probabilities.argmax(axis=1)
        members = [row for row in range(found.n) if (found.labels[row], answers[row]) == (true, predicted)]
        clips = [(self.files[row], float(found.probabilities[row, predicted])) for row in members]
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


def choose(files: Sequence[LabelledFile], split: str | None, class_names: Sequence[str]) -> Chosen:
    """Those of a split that a network can be measured on."""
    asked = [file for file in files if split is None or file.split == split]
    single = [file for file in asked if len(file.labels) == 1]
    known = tuple(file for file in single if file.label in class_names)
    unknown = sorted({file.label for file in single} - set(class_names))
    return Chosen(known, tuple(unknown), len(asked) - len(single))


def checked(folder: Path, progress: Progress) -> Iterator[FolderReport]:
    """The work of looking through a folder."""
    yield check_folder(folder, progress=progress)


def measured(choice: Choice, device: torch.device, progress: Progress) -> Iterator[Measured]:
    """The work of a measurement; a clip that cannot be read is passed over."""
    loaded = resolve(choice.checkpoint, device)
    files = choose(files_of(choice.folder), choice.split, loaded.class_names).files
    files = with_maps(files, "estimated" if choice.estimated else "true")
    readable = of_files(files, loaded.class_names, reader_for(files, loaded))
    found = evaluate(loaded.network, _counted(readable, progress), window=loaded.settings.window)
    progress(len(files), len(files))
    yield Measured(found, readable.files, readable.skipped)
