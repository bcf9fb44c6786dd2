"""What the screens share: checkpoints, clips and traces kept in memory, and the lock around recording.

The only file that caches. Everything kept is frozen and shared by all visitors, so it is kept as it is
(`cache_resource`) rather than copied for each of them; every cache is bounded.
"""

from __future__ import annotations

import copy
import hashlib
import platform
import threading
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
import torch

from app.curves import LabelledSet, accuracy_curve
from app.explorer import Selection, pack, pack_history
from app.files import ObjectFile, Shelf, Source, samples
from app.jobs import Job, Jobs
from app.structures import Chosen
from app.traces import no_frames, read_trace
from peerattn import checkpoint as checkpoints
from peerattn import figures, modalities, pruning, recorder, structure_file, tables, untrained, video
from peerattn.checkpoint import Checkpoint
from peerattn.connectivity import Pruning
from peerattn.errors import PeerattnError
from peerattn.figures import Panel
from peerattn.history import HISTORY_FILE, History, read_history
from peerattn.inside import Inside
from peerattn.inside import inside as steps_inside
from peerattn.modalities import Clip, ObjectMaps, Segmenter
from peerattn.network import Network
from peerattn.recorder import Vectors
from peerattn.size import multiply_adds, parameters
from peerattn.structure import Structure
from peerattn.subject import Subject
from peerattn.trace import Trace
from peerattn.video import Frames, VideoInfo
from peerattn.weights import find_checkpoint

DEFAULT_CHECKPOINT = "actionworld"
UNTRAINED = tuple(name + untrained.MARK for name in ("full_asnp50", "asnp50", "asn50", "asnp_lite"))
"""Published networks that can be opened too: without trained filters, which were not released."""
OWN_KEPT = 32  # structures
FIRST_STRETCH = 12.0  # s of a long clip that are opened at first
LONGEST_STRETCH = 32.0  # s; 256 frames at 8 frames/s

T = TypeVar("T")
RECORDING = threading.Lock()  # one recording at a time on a shared network


@dataclass(frozen=True)
class Choice:
    """What the visitor has chosen: everything that decides the trace."""

    checkpoint: str
    source: Source
    start: float = 0.0  # s
    stop: float = FIRST_STRETCH  # s
    hold: bool = False

    @property
    def key(self) -> tuple[str | float | bool, ...]:
        objects = self.source.objects
        maps = (objects.digest, objects.origin) if objects else ("", "")
        return (self.checkpoint, self.source.digest, *maps, self.start, self.stop, self.hold)


@dataclass(frozen=True)
class Opened:
    """A clip that has been read and run: what the screens show."""

    choice: Choice
    checkpoint: Checkpoint
    clip: Clip
    trace: Trace
    object_names: Mapping[int, str]  # class id → its name, of the object maps in use


@dataclass(frozen=True)
class Read:
    """A trace file that has been read: neither network nor frames are here."""

    choice: Choice
    trace: Trace
    object_names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Learned:
    """How a checkpoint learned, and the same as the explorer replays it."""

    history: History
    packed: bytes


Shown = Opened | Read


def open_trace(choice: Choice) -> Read:
    """Read the chosen trace file; raises PeerattnError with the one line to show."""
    return Read(choice, _read_trace(choice.source.digest, choice.source.path))


@st.cache_resource(max_entries=8, show_spinner="Reading the trace …")
def _read_trace(digest: str, _path: Path) -> Trace:
    return read_trace(_path.read_text(encoding="utf-8"))


def open_clip(choice: Choice) -> Opened:
    """Read and run the chosen stretch; raises PeerattnError with the one line to show."""
    if round(choice.stop - choice.start, 1) > LONGEST_STRETCH:  # as the slider says it
        raise PeerattnError(f"at most {LONGEST_STRETCH:.0f} s are opened at once: choose a shorter stretch")
    loaded = checkpoint(choice.checkpoint)
    clip = _clip(choice.key, choice)
    return Opened(choice, loaded, clip, _run(choice.key, choice)[0], _object_names(choice, clip))


def _object_names(choice: Choice, clip: Clip) -> Mapping[int, str]:
    if clip.objects is None:
        return {}
    attached = choice.source.objects
    classes = object_maps(attached) if attached else segmenter(checkpoint(choice.checkpoint))
    return dict(zip(classes.class_ids, classes.class_names, strict=True))


@st.cache_resource(show_spinner=False)
def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@st.cache_resource(show_spinner=False)
def device_name() -> str:
    """The CUDA device or the model of the processor, as its maker calls it."""
    if device().type == "cuda":
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def checkpoint_names() -> tuple[str, ...]:
    """The networks found, the one that ships first."""
    return tuple(sorted(checkpoints.names(), key=lambda name: (name != DEFAULT_CHECKPOINT, name)))


@st.cache_resource(max_entries=1, show_spinner=False)
def _own_structures() -> dict[str, Structure]:
    """Visitors' structures by the name of their network, the last of them."""
    return {}


def own_networks(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The names under which a visitor's structures (file name → text) can be opened, untrained."""
    known, names = _own_structures(), []
    for file_name, text in texts.items():
        digest = hashlib.sha256(text.encode()).hexdigest()[:6]
        name = f"{Path(file_name).stem}-{digest}"
        known[name] = known.pop(name, None) or structure_file.parse(text)
        names.append(name + untrained.MARK)
    for name in list(known)[:-OWN_KEPT]:
        del known[name]
    return tuple(names)


@st.cache_resource(max_entries=4, show_spinner="Loading the checkpoint …")
def checkpoint(name: str) -> Checkpoint:
    plain = name.removesuffix(untrained.MARK)
    if plain in _own_structures():
        return untrained.untrained(plain, _own_structures()[plain], device())
    return untrained.opened(name, device())


def learned(name: str) -> Learned | None:
    """How a checkpoint learned, where that was logged; raises PeerattnError for a file that is none."""
    try:
        path = find_checkpoint(name) / HISTORY_FILE
    except PeerattnError:  # an untrained network has no folder
        return None
    return _history(path, path.stat().st_mtime_ns) if path.is_file() else None


@st.cache_resource(max_entries=4, show_spinner="Reading the training history …")
def _history(path: Path, changed: int) -> Learned:
    found = read_history(path)
    return Learned(found, pack_history(found))


def segmenter(loaded: Checkpoint) -> Segmenter:
    """What estimates the object maps that this network is given."""
    return _segmenter(modalities.segmenter_name(loaded.card))


@st.cache_resource(max_entries=2, show_spinner=False)
def _segmenter(name: str) -> Segmenter:
    return modalities.load_segmenter(name, device())


@st.cache_resource(max_entries=1, show_spinner=False)
def sample_clips() -> tuple[Source, ...]:
    return samples()


@st.cache_resource(scope="session", max_entries=1, show_spinner=False)
def shelf() -> Shelf:
    """The visitor's own files."""
    return Shelf()


def information(source: Source) -> VideoInfo:
    return _information(source.digest, source.path)


@st.cache_resource(max_entries=64, show_spinner=False)
def _information(digest: str, _path: Path) -> VideoInfo:
    return video.probe(_path)


def frames(choice: Choice) -> Frames:
    rate = checkpoint(choice.checkpoint).settings.frame_rate
    source = choice.source
    return _frames((source.digest, rate, choice.start, choice.stop), source.path)


@st.cache_resource(max_entries=8, show_spinner="Reading the clip …")
def _frames(key: tuple[str, float, float, float], _path: Path) -> Frames:
    _, rate, start, stop = key
    return video.decode(_path, frame_rate=rate, start=start, stop=stop)


@st.cache_resource(max_entries=8, show_spinner="Preparing what the network reads …")
def _clip(key: tuple[object, ...], _choice: Choice) -> Clip:
    loaded = checkpoint(_choice.checkpoint)
    read = frames(_choice)
    needed = loaded.structure.read_modalities
    reads_objects = any(modality.name == "object" for modality in needed)
    maps = _maps_for(_choice.source.objects, read, loaded) if reads_objects else None
    return modalities.prepare(read, needed, loaded.settings, objects=maps, hold=_choice.hold)


def _maps_for(attached: ObjectFile | None, read: Frames, loaded: Checkpoint) -> ObjectMaps:
    return object_maps(attached) if attached else modalities.estimate_objects(read, segmenter(loaded))


def object_maps(attached: ObjectFile) -> ObjectMaps:
    """The object maps of a file; raises PeerattnError with the one line to show."""
    return _object_maps(attached.digest, attached.origin, attached)


@st.cache_resource(max_entries=8, show_spinner="Reading the object maps …")
def _object_maps(digest: str, origin: str, _attached: ObjectFile) -> ObjectMaps:
    return modalities.read_objects(_attached.path, origin=_attached.origin)


def covers_some_frames(attached: ObjectFile) -> bool:
    """Whether the file holds maps for certain frames only, so that holding them is a choice."""
    maps = object_maps(attached)
    return maps.frames is not None or maps.times is not None


@st.cache_resource(max_entries=16, show_spinner="Running the network …")
def _run(key: tuple[object, ...], _choice: Choice) -> tuple[Trace, Vectors]:
    loaded, clip = checkpoint(_choice.checkpoint), _clip(key, _choice)
    with RECORDING:
        return recorder.record_inside(loaded.network, clip, **_as_read(loaded))


def inside(opened: Opened, key: str) -> Inside:
    """The steps inside the attention factors of a connection, from the pass that made the trace."""
    vectors = _run(opened.choice.key, opened.choice)[1]
    return steps_inside(opened.checkpoint.network, vectors, key)


def _recorded(loaded: Checkpoint, network: Network, clip: Clip) -> Trace:
    return recorder.record(network, clip, **_as_read(loaded))


def _as_read(loaded: Checkpoint) -> dict[str, Any]:
    """How a checkpoint's clips are recorded."""
    settings = loaded.settings
    return {"window": settings.window, "baselines": settings.baselines, "remarks": loaded.remarks}


def about(shown: Shown) -> dict[str, str]:
    """What a picture of it is called by."""
    network = {"checkpoint": shown.choice.checkpoint} if isinstance(shown, Opened) else {}
    return {"clip": shown.choice.source.name, **network}


def packed(shown: Shown) -> bytes:
    """The trace and its frames, as the explorer draws them; pictures that say so where there are none."""
    if isinstance(shown, Read):
        key = ("packed", shown.choice.source.digest)
        return _packed(key, lambda: pack(shown.trace, no_frames(shown.trace)))
    return _packed(shown.choice.key, lambda: _pack(shown, shown.trace))


@st.cache_resource(max_entries=16, show_spinner=False)
def _packed(key: tuple[object, ...], _make: Callable[[], bytes]) -> bytes:
    return _make()


def packed_on(layout: Structure, opened: Opened, trace: Trace) -> bytes:
    """A trace of this clip over its frames, drawn on a structure of which its own is a part."""
    keys = tuple(spec.key for spec in layout.connections), tuple(one.key for one in trace.connections)
    return _packed_on((*opened.choice.key, *keys), layout, opened, trace)


@st.cache_resource(max_entries=8, show_spinner=False)
def _packed_on(key: tuple[object, ...], _layout: Structure, _opened: Opened, _trace: Trace) -> bytes:
    return _pack(_opened, _trace, _layout)


def _pack(opened: Opened, trace: Trace, layout: Structure | None = None) -> bytes:
    clip = opened.clip
    flow = clip.tensors.get("flow")
    return pack(
        trace,
        clip.images,
        object_ids=clip.object_ids,
        object_names=opened.object_names,
        flow=None if flow is None else flow[0].numpy(),
        layout=layout,
    )


@st.cache_resource(max_entries=1, show_spinner=False)
def films() -> Jobs:
    """Films that are being made, and the last that were."""
    return Jobs(kept=4)


def clip_panels(shown: Shown) -> list[Panel]:
    """The panels of the whole clip."""
    whole = (
        ("panels", *shown.choice.key) if isinstance(shown, Opened) else ("panels", shown.choice.source.digest)
    )
    return kept(whole, lambda: figures.clip_panels(shown.trace))


def selection_panels(shown: Shown, selection: Selection) -> list[Panel]:
    """The panels of a connection or block; without steps inside a factor where there is no network."""
    key = (type(shown).__name__, *shown.choice.key, selection.kind, selection.id)
    return _selection_panels(key, shown, selection)


@st.cache_resource(max_entries=32, show_spinner=False)
def _selection_panels(key: tuple[object, ...], _shown: Shown, _selection: Selection) -> list[Panel]:
    trace, name = _shown.trace, _selection.id
    if _selection.kind == "block":
        return figures.block_panels(trace, name)
    source = trace.connection(name).source
    channels = tables.object_channels(trace.structure, source, _shown.object_names)
    steps = inside(_shown, name) if isinstance(_shown, Opened) else None
    return figures.connection_panels(trace, name, steps, channels)


def pruned_trace(opened: Opened, pruned: Pruning) -> Trace:
    """The same clip through the network without the removed connections."""
    if not pruned.removed:
        return opened.trace
    return _pruned_trace((*opened.choice.key, *pruned.removed), opened, pruned.threshold)


@st.cache_resource(max_entries=16, show_spinner=False)
def _pruned_trace(key: tuple[object, ...], _opened: Opened, _threshold: float) -> Trace:
    smaller = pruning.prune(_opened.checkpoint.network, _threshold)
    with RECORDING:
        return _recorded(_opened.checkpoint, smaller, _opened.clip)


@st.cache_resource(max_entries=1, show_spinner=False)
def _jobs() -> Jobs:
    return Jobs()


@st.cache_resource(max_entries=1, show_spinner=False)
def datasets() -> Jobs:
    """Folders of clips that are looked through, and checkpoints that are measured on them."""
    return Jobs()


def apart(name: str) -> Checkpoint:
    """A checkpoint with a network of its own."""
    loaded = checkpoint(name)
    with RECORDING:  # else the copy would keep the hooks of a recording that goes on
        return replace(loaded, network=copy.deepcopy(loaded.network))


def curve(name: str, examples: LabelledSet) -> Job | None:
    """The accuracy curve of a checkpoint on a labelled set, if it was started: shared by all visitors."""
    return _jobs().get((name, examples))


def start_curve(name: str, examples: LabelledSet) -> Job:
    """Start it. It has a network of its own, so that it needs no lock while it removes connections."""
    own = apart(name)
    return _jobs().start((name, examples), partial(accuracy_curve, own, examples, partial(segmenter, own)))


@dataclass(frozen=True)
class Size:
    """Learned numbers, and multiply-adds of one window."""

    parameters: int
    multiply_adds: int


def size(opened: Opened, threshold: float) -> Size:
    """What the network without the connections below the threshold costs."""
    return _size((opened.checkpoint.name, threshold), opened.checkpoint)


@st.cache_resource(max_entries=64, show_spinner=False)
def _size(key: tuple[str, float], _loaded: Checkpoint) -> Size:
    network, settings = pruning.prune(_loaded.network, key[1]), _loaded.settings
    return Size(parameters(network), multiply_adds(network, frames=settings.window, size=settings.size))


def subject(chosen: Chosen) -> Subject:
    """A structure with its connection weights; raises PeerattnError with the one line to show."""
    if chosen.kind == "checkpoint":
        return Subject.trained(checkpoint(chosen.name))
    return kept(("subject", *astuple(chosen)), chosen.read)


@st.cache_resource(max_entries=256, show_spinner=False)
def kept(key: tuple[object, ...], _make: Callable[[], T]) -> T:
    """What `_make` returns, made once for a key."""
    return _make()
