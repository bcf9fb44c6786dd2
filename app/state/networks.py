"""The cache of checkpoints, untrained networks and structures, which all users share."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import streamlit as st
import torch

from app.explorer.component import pack_history
from app.opening.structures import StructureChoice
from app.state.caches import cached
from app.state.opened import OpenedClip, PackedHistory
from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints import untrained
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import Stamp, resolve, stamp
from peerattn.checkpoints.weighted_structure import WeightedStructure
from peerattn.files.paths import folder_of
from peerattn.graph import structure_file
from peerattn.graph.structure import Structure
from peerattn.modalities.segmenter import Segmenter, check_meanings, load_segmenter, segmenter_name
from peerattn.network.size import count_parameters, multiply_adds
from peerattn.pruning.threshold import prune
from peerattn.traces.history import HISTORY_FILE, read_history

DEFAULT_CHECKPOINT = "actionworld"
UNTRAINED = tuple(name + untrained.SUFFIX for name in ("full_asnp50", "asnp50", "asn50", "asnp_lite"))
"""Published networks, which can be opened without trained filters because those were not released."""
MOST_OWN_STRUCTURES = 32  # of all users together


@st.cache_resource(show_spinner=False)
def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@st.cache_resource(show_spinner=False)
def device_name() -> str:
    """Return the name of the CUDA device or the model name of the processor."""
    if device().type == "cuda":
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def checkpoint_names() -> tuple[str, ...]:
    """Return the names of the installed checkpoints, with the default one first."""
    return tuple(sorted(checkpoints.names(), key=lambda name: (name != DEFAULT_CHECKPOINT, name)))


@st.cache_resource(max_entries=1, show_spinner=False)
def _own_structures() -> dict[str, Structure]:
    """Return the structures of all users by the name of their network, the most recent ones only."""
    return {}


def own_network_names(texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names under which a user's structures (file name → text) can be opened, untrained."""
    known, names = _own_structures(), []
    for file_name, text in texts.items():
        digest = hashlib.sha256(text.encode()).hexdigest()[:6]
        name = f"{Path(file_name).stem}-{digest}"
        known[name] = known.pop(name) if name in known else structure_file.parse(text)
        names.append(name + untrained.SUFFIX)
    for name in list(known)[:-MOST_OWN_STRUCTURES]:
        del known[name]
    return tuple(names)


def checkpoint(name: str) -> Checkpoint:
    """Return the checkpoint of a name, which is read again if its files have changed."""
    return _checkpoint(name, stamp(name))


@st.cache_resource(max_entries=4, show_spinner="Loading the checkpoint …")
def _checkpoint(name: str, stamp: Stamp) -> Checkpoint:
    return resolve(name, device(), own=_own_structures())


def training_history(name: str) -> PackedHistory | None:
    """Return the training history of a checkpoint, or None; raises PeerattnError if its file is invalid."""
    folder = folder_of(name)
    path = folder / HISTORY_FILE if folder else None  # an untrained network has none
    return _history(path, path.stat().st_mtime_ns) if path and path.is_file() else None


@st.cache_resource(max_entries=4, show_spinner="Reading the training history …")
def _history(path: Path, changed: int) -> PackedHistory:
    history = read_history(path)
    return PackedHistory(history, pack_history(history))


def segmenter(loaded: Checkpoint) -> Segmenter:
    """Return the segmenter for the object maps of a network; raises PeerattnError if it does not fit."""
    name = segmenter_name(loaded.card)
    loaded_segmenter = _segmenter(name, stamp(name))
    check_meanings(loaded_segmenter, name, loaded.structure.read_modalities)
    return loaded_segmenter


@st.cache_resource(max_entries=2, show_spinner=False)
def _segmenter(name: str, stamp: Stamp) -> Segmenter:
    return load_segmenter(name, device())


@dataclass(frozen=True)
class Size:
    """The number of parameters, and the multiply-adds of one window."""

    parameters: int
    multiply_adds: int


def size(opened: OpenedClip, threshold: float) -> Size:
    """Return the size of the network without the connections below the threshold."""
    return _size((opened.choice.checkpoint, opened.choice.stamp, threshold), opened.checkpoint)


@st.cache_resource(max_entries=64, show_spinner=False)
def _size(key: tuple[str, Stamp, float], _loaded: Checkpoint) -> Size:
    network, settings = prune(_loaded.network, key[2]), _loaded.settings
    return Size(count_parameters(network), multiply_adds(network, frames=settings.window, size=settings.size))


def load_structure(choice: StructureChoice) -> WeightedStructure:
    """Return a structure with its connection weights; raises PeerattnError if it cannot be read."""
    if choice.kind == "checkpoint":
        return WeightedStructure.trained(checkpoint(choice.name))
    return cached(("structure", *astuple(choice)), choice.read)
