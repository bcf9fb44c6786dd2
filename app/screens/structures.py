"""Structures: the connectivity of any structure, what a threshold removes from it, and what it costs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import keys
from app.opening.structures import DEFAULT_STRUCTURE, StructureChoice, read_structure_text, structure_choices
from app.parts.elements import metric, metric_row
from app.parts.words import DEFINITIONS, dead_block_notes, name_blocks, plain
from app.screens import structure_drawing, structure_health, structure_numbers
from app.state import networks
from peerattn.checkpoints.weighted_structure import WeightedStructure
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
WEIGHT_ORIGINS = {
    "published": "Published structure with its released connection weights; its filters were never released.",
    "checkpoint": "Connection weights as learned by this checkpoint.",
    "own": "Connection weights from your file; filters are not needed here.",
}


def show() -> None:
    """Draw the screen, which needs no clip."""
    choice = _choose_structure()
    try:
        weighted = networks.load_structure(choice)
    except PeerattnError as error:
        st.error(plain(error))
        return
    st.caption(_description(choice, weighted))
    # What the threshold removes: connections, and the blocks and modalities that then have no effect.
    removal = survey(weighted.structure, weighted.weights, _choose_threshold(weighted))
    _show_next_removal(weighted, removal)
    _show_metrics(weighted, removal)
    structure_drawing.show(choice, weighted, removal)
    structure_health.show(choice, weighted)
    structure_numbers.show_weights(choice, weighted, removal)
    structure_numbers.show_costs(choice, weighted, removal)


def _choose_structure() -> StructureChoice:
    left, middle, right = st.columns([3, 2, 3])
    with right:
        own, errors = _upload_structures()
    with left:
        by_label = structure_choices(networks.checkpoint_names(), own)
        uploaded = keys.NEWEST_STRUCTURE.pop()  # the most recently uploaded one, which is selected at once
        if uploaded or keys.STRUCTURE.get() not in by_label:
            keys.STRUCTURE.value = uploaded or DEFAULT_STRUCTURE
        label = st.selectbox(
            "Structure", list(by_label), key=keys.STRUCTURE, bind="query-params", persist_state="session"
        )
    choice = by_label[label]
    with middle:
        options = _choose_options(choice)
    for line in errors:
        st.error(plain(line))
    return dataclasses.replace(choice, options=tuple(options.items()))


def _upload_structures() -> tuple[dict[str, str], list[str]]:
    """Return the user's structures (file name → text), and an error line for each invalid file.

    The structures are kept while other screens are shown.
    """
    own: dict[str, str] = keys.OWN_STRUCTURES.setdefault({})
    errors: dict[str, str | None] = keys.STRUCTURE_ERRORS.setdefault({})  # None: valid; absent: not read yet
    files: list[UploadedFile] = st.file_uploader(
        "Your structures: JSON files as written by peerattn or by the official AssembleNet++ code",
        ["json"],
        accept_multiple_files=True,
        key=keys.STRUCTURE_FILES,
        max_upload_size=FILE_LIMIT,
    )
    for file in files:
        if file.file_id not in errors:
            errors[file.file_id] = _read_structure(file, own)
    return own, [line for file in files if (line := errors[file.file_id])]


def _read_structure(file: UploadedFile, own: dict[str, str]) -> str | None:
    """Add the file to `own` and select it; return the error line if it is not a structure."""
    try:
        own[file.name] = read_structure_text(file.name, file.getvalue())
    except PeerattnError as error:
        return str(error)
    keys.NEWEST_STRUCTURE.value = StructureChoice(file.name, "own").label
    return None


def _choose_options(choice: StructureChoice) -> dict[str, Any]:
    """Return the options of a published structure that the user changed."""
    options: dict[str, Any] = {}
    if choice.has_attention_mode:
        mode = st.segmented_control(
            "Attention", ["peer", "self", "none"], default="peer", required=True, key=keys.ATTENTION_MODE
        )
        options |= {"attention": mode} if mode != "peer" else {}
    if choice.is_lite:
        width = st.number_input(
            "Build for clips of width (px), or 0 to correct the channels",
            0,
            8192,
            224,
            help="Because of a bug in the official code, Lite's number of channels depends on the width of "
            "its clips. Enter 0 for the channels without the bug.",
            key=keys.CLIP_WIDTH,
        )
        options |= {"clip_width": width or None} if width != 224 else {}
    elif choice.has_attention_mode:
        count = st.number_input("Object classes", 1, 8192, 151, key=keys.OBJECT_CLASSES)
        options |= {"object_classes": count} if count != 151 else {}
    return options


def _description(choice: StructureChoice, weighted: WeightedStructure) -> str:
    structure = weighted.structure
    mode = {"none": "no"}.get(structure.attention_mode, structure.attention_mode)
    size = f"{len(structure.blocks)} blocks in {len(structure.levels)} levels, {mode} attention."
    return plain(f"{WEIGHT_ORIGINS[choice.kind]} {size}")


def threshold_options(weights: Mapping[str, float]) -> list[float]:
    """Return the slider's thresholds: every hundredth, and each weight rounded down to six decimal places."""
    at_weights = (math.floor(weight * 1e6) / 1e6 for weight in thresholds(weights))
    return sorted({*at_weights, *(hundredth / 100 for hundredth in range(101))})


def _choose_threshold(weighted: WeightedStructure) -> float:
    options = threshold_options(weighted.weights)
    _move_threshold_to_option(options)
    return st.select_slider(
        "Remove connections weaker than",
        options,
        format_func=lambda option: f"{option:g}",
        help="A connection weight scales a connection by a factor from 0 to 1. All start near 0.5 and are "
        "learned. The slider stops at every weight. A connection is removed once the threshold exceeds its "
        "weight.",
        key=keys.STRUCTURE_THRESHOLD,
        bind="query-params",
        persist_state="session",
    )


def _move_threshold_to_option(options: Sequence[float]) -> None:
    """Replace a threshold between two options of the slider, as another structure has other options.

    A page that has just been opened takes its threshold, as text, from the address.
    """
    key = keys.STRUCTURE_THRESHOLD
    threshold = key.get() if key.is_set else st.query_params.get("below")
    if threshold is not None and threshold not in options:
        key.value = equivalent_option(threshold, options)


def equivalent_option(threshold: str | float, options: Sequence[float]) -> float:
    """Return the lowest option that is not below the threshold; both remove the same connections.

    Return 0 if there is none or if the threshold is not a number.
    """
    try:
        return next(option for option in options if option >= float(threshold))
    except (ValueError, StopIteration):
        return 0.0


def _show_next_removal(weighted: WeightedStructure, removal: Removal) -> None:
    """Say over which range of thresholds nothing changes, and which connection is removed next."""
    kept = {key: weighted.weights[key] for key in removal.kept if key in weighted.weights}
    if not kept:
        st.caption(
            "The remaining connections have no weights, so a higher threshold removes nothing further."
        )
        return
    weakest = min(kept, key=lambda key: kept[key])
    spec = next(spec for spec in weighted.structure.connections if spec.key == weakest)
    removed = [weighted.weights[key] for key in removal.removed]
    until = f"{kept[weakest]:.6f}"
    unchanged = (
        f"No more is removed between thresholds of {max(removed):.6f} and {until}; the next"
        if removed
        else f"Nothing is removed up to a threshold of {until}; the first"
    )
    st.caption(plain(f"{unchanged} to go is the connection {spec.source} → {spec.target}."))


def _show_metrics(weighted: WeightedStructure, removal: Removal) -> None:
    structure, row = weighted.structure, metric_row()
    total = len(structure.connections)
    metric(row, "Connections kept", f"{len(removal.kept)} of {total}", f"{len(removal.removed)} removed")
    dead, starved, lost = removal.dead_blocks, removal.starved, removal.lost_modalities
    metric(row, "Dead blocks", len(dead), *dead_block_notes(removal), meaning=DEFINITIONS["dead"])
    if starved:
        metric(row, "Starved blocks", len(starved), name_blocks(starved), meaning=DEFINITIONS["starved"])
    metric(row, "Lost modalities", len(lost), ", ".join(lost), meaning=DEFINITIONS["lost"])
    near_initial = at_initialisation(structure, weighted.weights)
    into = dict.fromkeys(spec.target for spec in structure.connections if spec.key in near_initial)
    targets = f"connections, into {name_blocks(into)}" if into else ""
    metric(row, "Near initial weight", len(near_initial), targets, meaning=DEFINITIONS["near initial weight"])
    unused = unused_blocks(structure)
    outgoing = f"no outgoing connections: {name_blocks(unused)}" if unused else ""
    metric(row, "Unused blocks", len(unused), outgoing, meaning=DEFINITIONS["unused"])
    counts = [len(spec.peers) for spec in structure.connections if spec.peers]
    per_connection = f"{min(counts)} to {max(counts)} per connection" if counts else ""
    total_weights = count_attention_weights(structure)
    metric(row, "Attention weights", total_weights, per_connection, meaning=DEFINITIONS["attention"])
    if not removal.output_connected:
        st.warning("This threshold disconnects the output from every input.")


show()
