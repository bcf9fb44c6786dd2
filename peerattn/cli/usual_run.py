"""The recordings that the command `usual` makes, and its report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import progress_bar
from peerattn.cli.measuring import print_precision
from peerattn.data.examples import Example
from peerattn.data.labelled_set import LabelledSet, training_examples
from peerattn.recording.delivered import example_clip
from peerattn.recording.recorder import record
from peerattn.traces.trace import Trace
from peerattn.traces.usual import PERCENTILES, Usual, save_usual, summarise

WINDOWS = 3
"""Length of generated clips: most frames of a single window are within reach of the clip's ends."""


def measure(loaded: Checkpoint, chosen: LabelledSet, *, clips: int, split: str) -> Usual:
    """Record clips like those that the network learned from, and save what is usual beside its weights."""
    assert loaded.folder is not None
    notify = partial(print, file=sys.stderr)
    examples = training_examples(chosen, loaded, count=clips, split=split, notify=notify, windows=WINDOWS)
    of = f"clips of {chosen.folder.name}, {split}" if chosen.folder else "generated clips"
    print_precision(loaded)
    with progress_bar("clips") as progress:
        usual = summarise(_traces(loaded, examples, lambda done: progress(done, clips)), of=of)
    save_usual(loaded.folder, usual)
    return usual


def _traces(
    loaded: Checkpoint, examples: Iterable[Example], progress: Callable[[int], None]
) -> Iterator[Trace]:
    settings = loaded.settings
    for done, example in enumerate(examples, start=1):
        clip = example_clip(example)
        yield record(loaded.network, clip, window=settings.window, baselines=settings.baselines)
        progress(done)


def table(usual: Usual, name: str) -> Table:
    """Return a table of the range of each measure."""
    low, high = PERCENTILES
    rows = Table(
        title=Text(f"{name}: what is usual in {usual.clips} {usual.of}"),
        caption=Text(
            f"percentiles {low} and {high} over all connections and frames; saved beside the checkpoint"
        ),
        caption_justify="left",
    )
    rows.add_column("measure")
    for title in ("from", "to"):
        rows.add_column(title, justify="right")
    for measure, ends in usual.ranges.items():
        rows.add_row(measure.replace("_", " "), *(f"{end:.3f}" for end in ends))
    return rows
