"""The labelled clips that commands measure a network on, and how well it does on them."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import Objects, progress_bar
from peerattn.data.labelled_set import LabelledSet
from peerattn.data.readable import ReadableExamples
from peerattn.moved import moved
from peerattn.network.precision import precision_on
from peerattn.recording.evaluating import evaluate
from peerattn.scores.kinds import AnyEvaluation

__getattr__ = moved(__name__)


def examples(
    loaded: Checkpoint,
    data: Path | None,
    split: str | None,
    *,
    clips: int,
    objects: Objects,
    passes: int = 1,
) -> ReadableExamples:
    """The labelled clips that a network is measured on; those that cannot be read are named on stderr."""
    chosen = LabelledSet(data, split, clips, objects.value)
    told = partial(print, file=sys.stderr)
    return chosen.examples(loaded, notify=told, cached=passes > 1)


def evaluated(loaded: Checkpoint, examples: ReadableExamples) -> AnyEvaluation:
    """How well a network does on the clips, with progress on stderr, where it also says what it rounds to."""
    say_precision(loaded)
    with progress_bar("clips") as progress:
        return evaluate(loaded.network, examples, window=loaded.settings.window, progress=progress)


def say_precision(loaded: Checkpoint) -> None:
    """On stderr what a network rounds to, where that is not float32."""
    if (allowed := precision_on(loaded.device)) != "float32":
        print(f"{loaded.name} computes in {allowed}", file=sys.stderr)
