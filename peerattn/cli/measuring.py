"""The labelled clips that commands measure a network on, and the measurement itself."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import MapOrigin, progress_bar
from peerattn.data.labelled_set import LabelledSet
from peerattn.data.readable import SkipUnreadable
from peerattn.network.precision import precision_on
from peerattn.recording.evaluating import evaluate
from peerattn.scores.kinds import AnyEvaluation


def examples(
    loaded: Checkpoint,
    data: Path | None,
    split: str | None,
    *,
    clips: int,
    origin: MapOrigin,
    passes: int = 1,
) -> SkipUnreadable:
    """Return the labelled clips of a folder, or `clips` generated ones, as the network reads them.

    Clips that cannot be read are skipped and named on stderr. With more than one of `passes`, what has been
    read is kept for the next pass.
    """
    chosen = LabelledSet(data, split, clips, origin.value)
    notify = partial(print, file=sys.stderr)
    return chosen.examples(loaded, notify=notify, cached=passes > 1)


def evaluate_checkpoint(loaded: Checkpoint, examples: SkipUnreadable) -> AnyEvaluation:
    """Evaluate a network on the clips; progress, and any reduced precision, go to stderr."""
    print_precision(loaded)
    with progress_bar("clips") as progress:
        return evaluate(loaded.network, examples, window=loaded.settings.window, progress=progress)


def print_precision(loaded: Checkpoint) -> None:
    """Print the precision of the network's device to stderr, unless it is float32."""
    if (precision := precision_on(loaded.device)) != "float32":
        print(f"{loaded.name} computes in {precision}", file=sys.stderr)
