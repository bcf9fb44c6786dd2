"""A clip run as a command asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from peerattn.checkpoints.checkpoint import Checkpoint, segmenter_of
from peerattn.checkpoints.resolving import resolve
from peerattn.cli.asked import Asked
from peerattn.cli.console import allowed_precision, chosen_device, progress_bar
from peerattn.modalities.clip import Clip
from peerattn.recording.recorder import Vectors, record_inside
from peerattn.traces.trace import Trace


@dataclass(frozen=True)
class Ran:
    """A clip that has been run."""

    asked: Asked
    loaded: Checkpoint
    clip: Clip
    trace: Trace
    vectors: Vectors


def run(asked: Asked) -> Ran:
    """The clip through the network, with progress on stderr."""
    loaded = resolve(asked.checkpoint, chosen_device(asked.device))
    segmenter = None if asked.objects else segmenter_of(loaded, asked.segmenter)
    clip = loaded.reader(segmenter).file(
        asked.clip, objects=asked.objects, stretch=asked.stretch, hold=asked.hold
    )
    with progress_bar("blocks") as progress, allowed_precision(asked.fast):
        trace, vectors = record_inside(
            loaded.network,
            clip,
            window=loaded.settings.window,
            baselines=loaded.settings.baselines,
            remarks=loaded.remarks,
            progress=progress,
        )
    return Ran(asked, loaded, clip, trace, vectors)
