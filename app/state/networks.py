"""Checkpoints, untrained networks and structures, kept in memory and shared by all visitors."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import streamlit as st
import torch

from app.explorer.component import pack_history
from app.opening.structures import Chosen
from app.state.caches import kept
from app.state.shown import Learned, Opened
from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints import untrained
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import Stamp, resolve, stamp
from peerattn.checkpoints.subject import Subject
from peerattn.files.paths import folder_of
from peerattn.graph import structure_file
from peerattn.graph.structure import Structure
from peerattn.modalities.segmenter import Segmenter, check_meanings, load_segmenter, segmenter_name
from peerattn.network.size import multiply_adds, parameters
from peerattn.pruning.threshold import prune
from peerattn.traces.history import HISTORY_FILE, read_history

DEFAULT_CHECKPOINT = "actionworld"
UNTRAINED = tuple(name + untrained.MARK for name in ("full_asnp50", "asnp50", "asn50", "asnp_lite"))
"""Published networks that can be opened too: without trained filters, which were not released."""
OWN_KEPT = 32  # structures


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
        known[name] = known.pop(name) if name in known else structure_file.parse(text)
        names.append(name + untrained.MARK)
    for name in list(known)[:-OWN_KEPT]:
        del known[name]
    return tuple(names)


def checkpoint(name: str) -> Checkpoint:
    """The network of a name, read anew where its files have changed."""
    return _checkpoint(name, stamp(name))


@st.cache_resource(max_entries=4, show_spinner="Loading the checkpoint …")
def _checkpoint(name: str, stamp: Stamp) -> Checkpoint:
    return resolve(name, device(), own=_own_structures())


def learned(name: str) -> Learned | None:
    """How a checkpoint learned, where that was logged; raises PeerattnError for a file that is none."""
    folder = folder_of(name)
    path = folder / HISTORY_FILE if folder else None  # an untrained network has none
    return _history(path, path.stat().st_mtime_ns) if path and path.is_file() else None


@st.cache_resource(max_entries=4, show_spinner="Reading the training history …")
def _history(path: Path, changed: int) -> Learned:
    found = read_history(path)
    return Learned(found, pack_history(found))


def segmenter(loaded: Checkpoint) -> Segmenter:
    """What estimates the maps that this network is given; raises PeerattnError where it does not fit."""
    name = segmenter_name(loaded.card)
    found = _segmenter(name, stamp(name))
    check_meanings(found, name, loaded.structure.read_modalities)
    return found


@st.cache_resource(max_entries=2, show_spinner=False)
def _segmenter(name: str, stamp: Stamp) -> Segmenter:
    return load_segmenter(name, device())


@dataclass(frozen=True)
class Size:
    """Learned numbers, and multiply-adds of one window."""

    parameters: int
    multiply_adds: int


def size(opened: Opened, threshold: float) -> Size:
    """What the network without the connections below the threshold costs."""
    return _size((opened.choice.checkpoint, opened.choice.stamp, threshold), opened.checkpoint)


@st.cache_resource(max_entries=64, show_spinner=False)
def _size(key: tuple[str, Stamp, float], _loaded: Checkpoint) -> Size:
    network, settings = prune(_loaded.network, key[2]), _loaded.settings
    return Size(parameters(network), multiply_adds(network, frames=settings.window, size=settings.size))


def subject(chosen: Chosen) -> Subject:
    """A structure with its connection weights; raises PeerattnError with the one line to show."""
    if chosen.kind == "checkpoint":
        return Subject.trained(checkpoint(chosen.name))
    return kept(("subject", *astuple(chosen)), chosen.read)
