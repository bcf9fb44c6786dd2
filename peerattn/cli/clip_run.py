"""One clip run through a network for a command."""

from __future__ import annotations

from dataclasses import dataclass

from peerattn.checkpoints.checkpoint import Checkpoint, segmenter_of
from peerattn.checkpoints.resolving import resolve
from peerattn.cli.clip_request import ClipRequest
from peerattn.cli.console import float_precision, progress_bar, torch_device
from peerattn.modalities.clip import Clip
from peerattn.recording.recorder import Vectors, record_inside
from peerattn.scores.verdict import with_verdict
from peerattn.traces.moments import with_moments
from peerattn.traces.trace import Trace
from peerattn.traces.usual import load_usual, shift_scale


@dataclass(frozen=True)
class ClipRun:
    """The result of running a clip: the network, the clip as it read it, its trace and its pooled vectors."""

    request: ClipRequest
    loaded: Checkpoint
    clip: Clip
    trace: Trace
    vectors: Vectors


def run_clip(request: ClipRequest) -> ClipRun:
    """Run a clip through its network, with progress on stderr."""
    loaded = resolve(request.checkpoint, torch_device(request.device))
    segmenter = None if request.objects else segmenter_of(loaded, request.segmenter)
    clip = loaded.reader(segmenter).file(
        request.clip, objects=request.objects, stretch=request.stretch, hold=request.hold
    )
    with progress_bar("blocks") as progress, float_precision(request.fast):
        trace, vectors = record_inside(
            loaded.network,
            clip,
            window=loaded.settings.window,
            baselines=loaded.settings.baselines,
            remarks=loaded.remarks,
            progress=progress,
        )
    scale = shift_scale(load_usual(loaded.folder, loaded.structure))
    whole = with_moments(with_verdict(trace, loaded.card), scale=scale)
    return ClipRun(request, loaded, clip, whole, vectors)
