"""The labelled clips that commands measure a network on, and how well it does on them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import Objects, progress_bar
from peerattn.data.examples import Example, FolderExamples
from peerattn.data.folder import labelled_files
from peerattn.data.generated import GeneratedExamples
from peerattn.data.readable import Readable
from peerattn.data.remembered import Remembered
from peerattn.errors import PeerattnError
from peerattn.modalities.segmenter import Segmenter, segmenter_for, segmenter_name
from peerattn.network.precision import precision_on
from peerattn.recording.evaluating import evaluate
from peerattn.scores.evaluation import Evaluation


def segmenter_of(loaded: Checkpoint, name: str | None = None) -> Segmenter | None:
    """What estimates object maps, where a network reads them: the one of this name, else its card's.

    It runs where the network does.
    """
    name = name or segmenter_name(loaded.card)
    return segmenter_for(name, loaded.structure.read_modalities, loaded.device)


def examples(
    loaded: Checkpoint,
    data: Path | None,
    split: str | None,
    *,
    clips: int,
    objects: Objects,
    remembered: bool = False,
) -> Readable | Sequence[Example]:
    """The labelled clips that a network is measured on; those that cannot be read are named on stderr.

    If `remembered`, as many as memory may take are read once, however often they are asked for.
    """
    kept: Callable[[Sequence[Example]], Sequence[Example]] = Remembered if remembered else lambda found: found
    reading: dict[str, Any] = {"modalities": loaded.structure.read_modalities, "settings": loaded.settings}
    if data is not None:
        files = labelled_files(data, split=split)
        if objects is Objects.estimated:
            files = tuple(dataclasses.replace(file, objects=None) for file in files)
        needs_maps = any(file.objects is None for file in files)
        segmenter = segmenter_of(loaded) if needs_maps else None
        found = FolderExamples(files, loaded.class_names, segmenter=segmenter, **reading)
        return Readable(kept(found), files, told=partial(print, file=sys.stderr))
    if split is not None:
        raise PeerattnError("--split chooses among the clips of a folder: give --data FOLDER too")
    segmenter = segmenter_of(loaded) if objects is Objects.estimated else None
    return kept(GeneratedExamples(clips, loaded.class_names, segmenter=segmenter, **reading))


def evaluated(loaded: Checkpoint, examples: Iterable[Example]) -> Evaluation:
    """How well a network does on the clips, with progress on stderr, where it also says what it rounds to."""
    say_precision(loaded)
    with progress_bar("clips") as progress:
        return evaluate(loaded.network, examples, window=loaded.settings.window, progress=progress)


def say_precision(loaded: Checkpoint) -> None:
    """On stderr what a network rounds to, where that is not float32."""
    if (allowed := precision_on(loaded.device)) != "float32":
        print(f"{loaded.name} computes in {allowed}", file=sys.stderr)


def skipped(examples: Iterable[Example]) -> list[str]:
    """A line for each clip of a folder that could not be read."""
    return list(examples.skipped) if isinstance(examples, Readable) else []
