"""A clip run as a command asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from peerattn.checkpoints import untrained
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.asked import Asked
from peerattn.cli.console import allowed_precision, chosen_device, progress_bar
from peerattn.cli.measuring import segmenter_of
from peerattn.data.examples import read_clip
from peerattn.modalities.clip import Clip
from peerattn.modalities.objects import read_objects
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
    object_names: Mapping[int, str]


def run(asked: Asked) -> Ran:
    """The clip through the network, with progress on stderr."""
    loaded = untrained.opened(asked.checkpoint, chosen_device(asked.device))
    estimates = None if asked.objects else segmenter_of(loaded, asked.segmenter)
    clip = read_clip(
        asked.clip,
        loaded.structure.read_modalities,
        loaded.settings,
        objects=asked.objects,
        segmenter=estimates,
        stretch=asked.stretch,
        hold=asked.hold,
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
    classes = read_objects(asked.objects) if asked.objects and clip.objects else estimates
    names = dict(zip(classes.class_ids, classes.class_names, strict=True)) if classes else {}
    return Ran(asked, loaded, clip, trace, vectors, names)
