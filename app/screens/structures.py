"""Structures: the connectivity of any structure, what a threshold does to it, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import keys
from app.opening.structures import Chosen, choices, read_file
from app.parts.elements import number, numbers
from app.parts.words import DEFINITIONS, plain
from app.screens import structure_drawing, structure_numbers
from app.state import networks
from peerattn.checkpoints.subject import Subject
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import (
    Removal,
    at_initialisation,
    count_attention_weights,
    survey,
    thresholds,
    unused_blocks,
)

FILE_LIMIT = 20  # MB
SAID = {
    "published": "Published structure with its released connection weights; its filters were never released.",
    "checkpoint": "Connection weights as this checkpoint learned them.",
    "own": "Connection weights as in your file; filters are not needed here.",
}


def show() -> None:
    """The screen; it needs no clip."""
    chosen = _choice()
    try:
        shown = networks.subject(chosen)
    except PeerattnError as error:
        st.error(plain(error))
        return
    st.caption(_said(chosen, shown))
    removal = survey(shown.structure, shown.weights, _threshold(shown))
    _next(shown, removal)
    _facts(shown, removal)
    structure_drawing.show(chosen, shown, removal)
    structure_numbers.weights(chosen, shown, removal)
    structure_numbers.size(chosen, shown, removal)


def _choice() -> Chosen:
    left, middle, right = st.columns([3, 2, 3])
    with right:
        own, refused = _own()
    with left:
        by_label = choices(networks.checkpoint_names(), own)
        newest = keys.NEWEST_STRUCTURE.pop()
        if newest or keys.STRUCTURE.get() not in by_label:
            keys.STRUCTURE.value = newest or next(iter(choices((), {})))
        label = st.selectbox(
            "Structure", list(by_label), key=keys.STRUCTURE, bind="query-params", persist_state="session"
        )
    chosen = by_label[label]
    with middle:
        options = _options(chosen)
    for line in refused:
        st.error(plain(line))
    return Chosen(chosen.name, chosen.kind, chosen.text, tuple(options.items()))


def _own() -> tuple[dict[str, str], list[str]]:
    """The visitor's structures (name → text), kept while other screens are shown; refused files' lines."""
    own: dict[str, str] = keys.OWN_STRUCTURES.setdefault({})
    read: dict[str, str | None] = keys.READ_STRUCTURES.setdefault({})
    files: list[UploadedFile] = st.file_uploader(
        "Your structures: JSON, as this program or the published code writes them",
        ["json"],
        accept_multiple_files=True,
        key=keys.STRUCTURE_FILES,
        max_upload_size=FILE_LIMIT,
    )
    for file in files:
        if file.file_id not in read:
            read[file.file_id] = _read(file, own)
    return own, [line for file in files if (line := read[file.file_id])]


def _read(file: UploadedFile, own: dict[str, str]) -> str | None:
    """Take the file in and choose it; else the line that says why not."""
    try:
        own[file.name] = read_file(file.name, file.getvalue())
    except PeerattnError as error:
        return str(error)
    keys.NEWEST_STRUCTURE.value = Chosen(file.name, "own").label
    return None


def _options(chosen: Chosen) -> dict[str, Any]:
    """What was changed of a published structure's options."""
    options: dict[str, Any] = {}
    if chosen.attends:
        mode = st.segmented_control(
            "Attention", ["peer", "self", "none"], default="peer", required=True, key=keys.ATTENTION
        )
        options |= {"attention": mode} if mode != "peer" else {}
    if chosen.lite:
        width = st.number_input(
            "Clip width it is built for (px; 0: true channels)",
            0,
            8192,
            224,
            help="Lite's channels depend, by an official mistake, on the width of the clips it is built for.",
            key=keys.CLIP_WIDTH,
        )
        options |= {"clip_width": width or None} if width != 224 else {}
    elif chosen.attends:
        count = st.number_input("Object classes", 1, 8192, 151, key=keys.OBJECT_CLASSES)
        options |= {"object_classes": count} if count != 151 else {}
    return options


def _said(chosen: Chosen, shown: Subject) -> str:
    structure = shown.structure
    mode = {"none": "no"}.get(structure.attention_mode, structure.attention_mode)
    size = f"{len(structure.blocks)} blocks in {len(structure.levels)} levels, {mode} attention."
    return plain(f"{SAID[chosen.kind]} {size}")


def stops(weights: Mapping[str, float]) -> list[float]:
    """Thresholds worth choosing: every hundredth, and the connection weights, six digits rounded down."""
    at_weights = (math.floor(weight * 1e6) / 1e6 for weight in thresholds(weights))
    return sorted({*at_weights, *(hundredth / 100 for hundredth in range(101))})


def _threshold(shown: Subject) -> float:
    offered = stops(shown.weights)
    asked = keys.BELOW.get() if keys.BELOW.held else st.query_params.get("below")
    if asked is not None and asked not in offered:
        keys.BELOW.value = equal_stop(asked, offered)
    return st.select_slider(
        "Threshold: connections whose connection weight is below it are removed",
        offered,
        format_func=lambda stop: f"{stop:g}",
        help="A connection weight says how much of a connection counts, from 0 to 1. All start near 0.5 and "
        "are learned. Every weight is a stop of this slider: at it the connection stays, above it goes.",
        key=keys.BELOW,
        bind="query-params",
        persist_state="session",
    )


def equal_stop(asked: str | float, offered: Sequence[float]) -> float:
    """The stop that removes the same connections as another threshold: the next above it."""
    try:
        return next(stop for stop in offered if stop >= float(asked))
    except (ValueError, StopIteration):
        return 0.0


def _next(shown: Subject, removal: Removal) -> None:
    """Between which thresholds nothing changes, and what goes next."""
    kept = {key: shown.weights[key] for key in removal.kept if key in shown.weights}
    if not kept:
        st.caption("No connection that is left has a weight: no threshold removes more.")
        return
    first = min(kept, key=lambda key: kept[key])
    spec = next(spec for spec in shown.structure.connections if spec.key == first)
    removed = [shown.weights[key] for key in removal.removed]
    least = f"above {max(removed):.6f} and " if removed else ""
    st.caption(
        plain(
            f"The same connections stay for every threshold {least}up to {kept[first]:.6f}, "
            f"above which {spec.source} → {spec.target} goes."
        )
    )


def _facts(shown: Subject, removal: Removal) -> None:
    structure, row = shown.structure, numbers()
    total = len(structure.connections)
    number(row, "Connections kept", f"{len(removal.kept)} of {total}", f"{len(removal.removed)} removed")
    dead, starved, lost = removal.dead_blocks, removal.starved, removal.lost_modalities
    read = [f"still read as peers: {', '.join(removal.peer_only)}"] if removal.peer_only else []
    number(row, "Dead blocks", len(dead), ", ".join(dead), *read, meaning=DEFINITIONS["dead"])
    if starved:
        number(row, "Starved blocks", len(starved), ", ".join(starved), meaning=DEFINITIONS["starved"])
    number(row, "Lost modalities", len(lost), ", ".join(lost), meaning=DEFINITIONS["lost"])
    fresh = at_initialisation(structure, shown.weights)
    into = dict.fromkeys(spec.target for spec in structure.connections if spec.key in fresh)
    targets = f"into {', '.join(into)}" if into else ""
    number(row, "At initialisation", len(fresh), targets, meaning=DEFINITIONS["fresh"])
    unused = unused_blocks(structure)
    number(row, "Unused blocks", len(unused), ", ".join(unused), meaning=DEFINITIONS["unused"])
    peers = [len(spec.peers) for spec in structure.connections if spec.peers]
    each = f"{min(peers)} to {max(peers)} a connection" if peers else ""
    counted = count_attention_weights(structure)
    number(row, "Attention weights", counted, each, meaning=DEFINITIONS["attention"])
    if not removal.output_connected:
        st.warning("This threshold cuts the output off from every input.")


show()
