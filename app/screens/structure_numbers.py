"""A structure in numbers: its connections, blocks and modalities, and what one clip costs."""

from __future__ import annotations

import json
from dataclasses import astuple, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.opening.structures import Chosen
from app.parts.elements import number, numbers, table_with_csv
from app.parts.words import DEFINITIONS, memory, multiples, plain
from app.state import caches
from peerattn.checkpoints.structure_facts import structure_facts
from peerattn.checkpoints.subject import Subject
from peerattn.errors import PeerattnError
from peerattn.figures.weights import weights_by_source
from peerattn.graph.connectivity import Removal, without
from peerattn.network.size import Costs
from peerattn.tables import structure as structure_tables

MOST_COUNTED = 1_000
"""Blocks, repeats included: the published networks have up to 81."""
GROUPED = st.column_config.NumberColumn(format="localized")
COLUMNS = {
    "parameters": GROUPED,
    "multiply_adds": GROUPED,
    "output_MiB": st.column_config.NumberColumn("output (MiB)", format="%.1f"),
}


def weights(chosen: Chosen, shown: Subject, removal: Removal) -> None:
    """The tables, and the connection weights by where they come from."""
    structure, weights = shown.structure, shown.weights
    left, right = st.columns([3, 2])
    with left:
        st.subheader("Tables", anchor=False)
        makers = {
            "Connections": lambda: structure_tables.connections_table(structure, weights, removal),
            "Blocks": lambda: structure_tables.blocks_table(structure, removal),
            "Modalities": lambda: structure_tables.modalities_table(structure, weights),
        }
        table_with_csv(makers, stem=chosen.stem)
    with right:
        panels.load_script()
        table = structure_tables.connections_table(structure, weights, removal)
        panels.show_chart(
            "Connection weights by source",
            "A dot a connection, removed ones too; line: mean, dashed: threshold. From input blocks by their "
            "modality; mixed: from inner blocks.",
            weights_by_source(structure, weights, threshold=removal.threshold),
            table[["modality", "source", "target", "connection_weight", "kept"]],
            key=keys.WEIGHTS_BY_SOURCE,
        )


def size(chosen: Chosen, shown: Subject, removal: Removal) -> None:
    """What one clip of a chosen size costs, before and after the removal."""
    st.subheader("Size", anchor=False)
    sized = _sized(chosen, shown)
    repeats = sum(block.repeats for block in shown.structure.blocks)
    if repeats > MOST_COUNTED:
        st.info(f"{repeats:,} blocks, repeats included, take long to count: `peerattn structure` does.")
        return
    try:
        whole = _costs(chosen, sized, None)
        left = _costs(chosen, sized, removal) if removal.output_connected else whole
    except PeerattnError as error:
        st.error(plain(error))
        return
    _sums(left, whole)
    if not removal.output_connected:
        st.caption("Of the whole structure: with its output cut off, nothing is left to run.")
    table = structure_tables.costs_table(left.blocks)
    st.dataframe(table, hide_index=True, alt="Size of each part", column_config=COLUMNS)
    with st.container(horizontal=True):
        csv, name = table.to_csv(index=False), f"{chosen.stem}-size.csv"
        st.download_button(
            "Size of each part (CSV)", csv, name, "text/csv", on_click="ignore", key=keys.SIZE_CSV
        )
        facts, name = partial(_facts, sized, removal.threshold), f"{chosen.stem}-structure.json"
        kind = "application/json"
        st.download_button("All facts and sizes (JSON)", facts, name, kind, on_click="ignore", key=keys.FACTS)


def _facts(sized: Subject, threshold: float) -> str:
    """What the `structure` command reports."""
    return json.dumps(structure_facts(sized, threshold), indent=2, ensure_ascii=False) + "\n"


def _sized(chosen: Chosen, shown: Subject) -> Subject:
    """With the clip and the classes that the visitor enters."""
    fields = {"frames": "Frames", "height": "Height (px)", "width": "Width (px)", "classes": "Classes"}
    given = {}
    with st.container(horizontal=True):
        for field, label in fields.items():
            key, start = keys.SIZED[field].of(chosen.label), getattr(shown, field)
            given[field] = st.number_input(label, 1, 4096, start, key=key, width=132, persist_state="session")
    return replace(shown, **given)


def _costs(chosen: Chosen, sized: Subject, removal: Removal | None) -> Costs:
    """Of what a threshold leaves, or of the whole."""
    structure = without(sized.structure, removal) if removal else sized.structure
    removed = removal.removed if removal else None
    clip = (sized.frames, sized.height, sized.width, sized.classes)
    return caches.kept(("costs", *astuple(chosen), removed, *clip), lambda: sized.costs(structure))


def _sums(left: Costs, whole: Costs) -> None:
    row = numbers()
    _cost(row, "Parameters", f"{left.parameters:,}", left.parameters, whole.parameters)
    work = (left.multiply_adds, whole.multiply_adds)
    _cost(row, "Multiply-adds a clip", multiples(work[0]), *work, meaning=DEFINITIONS["multiply-adds"])
    for what in ("weights", "activations"):
        held = (getattr(left.memory, what), getattr(whole.memory, what))
        _cost(row, f"Memory of {what}", memory(held[0]), *held, meaning=DEFINITIONS.get(what, ""))


def _cost(row: DeltaGenerator, title: str, shown: str, left: int, whole: int, *, meaning: str = "") -> None:
    saved = f"{1 - left / whole:.1%} less than the whole" if left < whole else ""
    number(row, title, shown, saved, meaning=meaning)
