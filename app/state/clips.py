"""The cache of clips and traces: it turns a `Choice` into the opened clip or trace that the screens show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from torch import Tensor

from app import keys
from app.opening.files import EARLIER_SAMPLES, ObjectFile, Source, UploadFolder, samples
from app.opening.traces import read_trace
from app.state.networks import checkpoint, segmenter
from app.state.opened import MAX_SECONDS, Choice, OpenedClip, OpenedTrace
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import Removal
from peerattn.modalities.clip import Clip, ObjectMaps
from peerattn.modalities.objects import read_objects
from peerattn.network.network import Network
from peerattn.network.size import rough_multiply_adds
from peerattn.pruning.threshold import prune
from peerattn.recording import recorder
from peerattn.recording.altering import Alteration, altered
from peerattn.recording.inside import inside as steps_inside
from peerattn.recording.leaving_out import leave_out_each, leave_out_while
from peerattn.recording.recorder import Vectors
from peerattn.scores.verdict import with_verdict
from peerattn.traces.factor_steps import FactorSteps
from peerattn.traces.left_out import LeftOut
from peerattn.traces.moments import with_moments
from peerattn.traces.trace import Trace
from peerattn.traces.usual import load_usual, shift_scale
from peerattn.video.decoding import decode, probe
from peerattn.video.frames import Frames, VideoInfo

QUICK = 2e11
"""Multiply-adds in the time that a page may take longer to load: some seconds on one core."""


def open_trace(choice: Choice) -> OpenedTrace:
    """Read the chosen trace file; raises PeerattnError if it cannot be shown."""
    return OpenedTrace(choice, _read_trace(choice.source.digest, choice.source.path))


@st.cache_resource(max_entries=8, show_spinner="Reading the trace …")
def _read_trace(digest: str, _path: Path) -> Trace:
    return read_trace(_path.read_text(encoding="utf-8"))


def open_clip(choice: Choice) -> OpenedClip:
    """Read and run the chosen time range of a clip; raises PeerattnError if that fails."""
    if round(choice.stop - choice.start, 1) > MAX_SECONDS:  # rounded as on the slider
        raise PeerattnError(f"at most {MAX_SECONDS:.0f} s are opened at once: choose a shorter time range")
    loaded = checkpoint(choice.checkpoint)
    clip, usual = _clip(choice.key, choice), load_usual(loaded.folder, loaded.structure)
    return OpenedClip(choice, loaded, clip, _run(choice.key, choice)[0], usual)


@st.cache_resource(max_entries=1, show_spinner=False)
def sample_clips() -> tuple[Source, ...]:
    """Return all sample clips: those that the app lists, then the earlier ones."""
    return (*samples(), *samples(EARLIER_SAMPLES))


def offered_samples() -> list[Source]:
    """Return the sample clips to choose from: those that the app lists, and earlier ones that are named."""
    named = keys.NAMED_SAMPLES.get([])
    return [clip for clip in sample_clips() if clip.path.parent != EARLIER_SAMPLES or clip.name in named]


def offer_named_samples(*names: str | None) -> None:
    """Offer, for the rest of the visit, the samples of these names, which a link or a session mentions."""
    keys.NAMED_SAMPLES.value = [*keys.NAMED_SAMPLES.get([]), *(name for name in names if name)]


@st.cache_resource(scope="session", max_entries=1, show_spinner=False)
def upload_folder() -> UploadFolder:
    """Return the folder of the user's own files."""
    return UploadFolder()


def video_information(source: Source) -> VideoInfo:
    """Return the length, size and frame rate of a clip."""
    return _video_information(source.digest, source.path)


@st.cache_resource(max_entries=64, show_spinner=False)
def _video_information(digest: str, _path: Path) -> VideoInfo:
    return probe(_path)


def frames(choice: Choice) -> Frames:
    """Decode the chosen frames at the frame rate of the checkpoint; raises PeerattnError if it cannot."""
    rate = checkpoint(choice.checkpoint).settings.frame_rate
    source = choice.source
    return _frames((source.digest, rate, choice.start, choice.stop), source.path)


@st.cache_resource(max_entries=8, show_spinner="Reading the clip …")
def _frames(key: tuple[str, float, float, float], _path: Path) -> Frames:
    _, rate, start, stop = key
    return decode(_path, frame_rate=rate, start=start, stop=stop)


@st.cache_resource(max_entries=8, show_spinner="Preparing the modalities …")
def _clip(key: tuple[object, ...], _choice: Choice) -> Clip:
    loaded, attached = checkpoint(_choice.checkpoint), _choice.source.objects
    reader = loaded.reader()
    if reader.reads_objects and not attached:
        reader = loaded.reader(segmenter(loaded))
    maps = object_maps(attached) if attached and reader.reads_objects else None
    return reader.clip(frames(_choice), maps, hold=_choice.hold)


def object_maps(attached: ObjectFile) -> ObjectMaps:
    """Read the object maps of a file; raises PeerattnError if it contains none."""
    return _object_maps(attached.digest, attached.origin, attached)


@st.cache_resource(max_entries=8, show_spinner="Reading the object maps …")
def _object_maps(digest: str, origin: str, _attached: ObjectFile) -> ObjectMaps:
    return read_objects(_attached.path, origin=_attached.origin)


def covers_some_frames(attached: ObjectFile) -> bool:
    """Whether the file has maps for some frames only, so each can be used until the next one."""
    maps = object_maps(attached)
    return maps.frames is not None or maps.times is not None


@st.cache_resource(max_entries=16, show_spinner="Running the network …")
def _run(key: tuple[object, ...], _choice: Choice) -> tuple[Trace, Vectors]:
    loaded, clip = checkpoint(_choice.checkpoint), _clip(key, _choice)
    trace, vectors = recorder.record_inside(loaded.network, clip, **_recording_options(loaded))
    return _completed(trace, loaded), vectors


def inside(opened: OpenedClip, key: str) -> FactorSteps:
    """Return the steps inside the attention factors of a connection, from the pass that made the trace."""
    vectors = _run(opened.choice.key, opened.choice)[1]
    return steps_inside(opened.checkpoint.network, vectors, key)


def _record(loaded: Checkpoint, network: Network, clip: Clip) -> Trace:
    return _completed(recorder.record(network, clip, **_recording_options(loaded)), loaded)


def _completed(trace: Trace, loaded: Checkpoint) -> Trace:
    """Return a recorded trace with its verdict and its moments."""
    scale = shift_scale(load_usual(loaded.folder, loaded.structure))
    return with_moments(with_verdict(trace, loaded.card), scale=scale)


def _recording_options(loaded: Checkpoint) -> dict[str, Any]:
    """Return the arguments with which clips of a checkpoint are recorded."""
    settings = loaded.settings
    return {"window": settings.window, "baselines": settings.baselines, "remarks": loaded.remarks}


def pruned_trace(opened: OpenedClip, removal: Removal) -> Trace:
    """Return the trace of the same clip through the network without the removed connections."""
    if not removal.removed:
        return opened.trace
    return _pruned_trace((*opened.choice.key, *removal.removed), opened, removal.threshold)


@st.cache_resource(max_entries=16, show_spinner=False)
def _pruned_trace(key: tuple[object, ...], _opened: OpenedClip, _threshold: float) -> Trace:
    smaller = prune(_opened.checkpoint.network, _threshold)
    return _record(_opened.checkpoint, smaller, _opened.clip)


def is_quick_to_leave_out(opened: OpenedClip) -> bool:
    """Whether the network can run again for each of its connections while the page loads."""
    network, tensors = opened.checkpoint.network, opened.clip.tensors
    _, _, frames, *sides = next(iter(tensors.values())).shape
    work = rough_multiply_adds(network, clips=1, frames=frames, sides=sides)
    return work * len(network.structure.connections) <= QUICK


def left_out(opened: OpenedClip) -> LeftOut:
    """Return how the answer changes without each connection."""
    loaded = opened.checkpoint
    return leave_out_each(loaded.network, opened.clip, window=loaded.settings.window)


def left_out_while(opened: OpenedClip, key: str, spans: Sequence[tuple[int, int]]) -> LeftOut:
    """Return how the answer changes if a connection is left out in one span of frames after another."""
    loaded = opened.checkpoint
    return leave_out_while(
        loaded.network, opened.clip, window=loaded.settings.window, connections=[key], spans=spans
    )


def trace_without(opened: OpenedClip, alteration: Alteration, donor: OpenedClip | None = None) -> Trace:
    """Return the trace of the same clip through the altered network; `donor` is the other clip of a swap.

    Raises PeerattnError if the network cannot answer like that, or if the donor is too short.
    """
    return _trace_without((*opened.choice.key, alteration), opened, alteration, donor)


@st.cache_resource(max_entries=16, show_spinner="Running the network …")
def _trace_without(
    key: tuple[object, ...], _opened: OpenedClip, _alteration: Alteration, _donor: OpenedClip | None
) -> Trace:
    tensors = _first_frames(_donor, len(_opened.trace.times)) if _donor else None
    with altered(_opened.checkpoint.network, _alteration, tensors) as network:
        return _record(_opened.checkpoint, network, _opened.clip)


def _first_frames(donor: OpenedClip, frames: int) -> dict[str, Tensor]:
    """Return the first frames of a donor; raises PeerattnError if it has fewer."""
    if len(donor.trace.times) < frames:
        raise PeerattnError(
            f"{donor.choice.source.name} has {len(donor.trace.times)} frames, fewer than this clip "
            f"({frames}): choose a longer one"
        )
    return {name: tensor[:, :, :frames] for name, tensor in donor.clip.tensors.items()}
