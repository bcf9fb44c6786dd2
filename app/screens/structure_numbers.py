"""The tables of a structure (connections, blocks, modalities), and what it costs to run one clip."""

from __future__ import annotations

import json
from dataclasses import astuple, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.explorer import panels
from app.opening.structures import StructureChoice
from app.parts.columns import show_table
from app.parts.elements import metric, metric_row, table_with_csv
from app.parts.words import DEFINITIONS, memory, multiples, plain
from app.state import caches
from peerattn.checkpoints.structure_facts import structure_facts
from peerattn.checkpoints.weighted_structure import WeightedStructure
from peerattn.errors import PeerattnError
from peerattn.figures.weights import weights_by_source
from peerattn.graph.connectivity import Removal, without
from peerattn.network.size import Costs
from peerattn.tables import structure as structure_tables

MAX_COUNTED_BLOCKS = 1_000
"""Larger structures get no costs, because counting takes too long; repeats of a block count as blocks."""


def show_weights(choice: StructureChoice, weighted: WeightedStructure, removal: Removal) -> None:
    """Show the tables, and the chart of the connection weights by source."""
    structure, weights = weighted.structure, weighted.weights
    left, right = st.columns([3, 2])
    with left:
        st.subheader("Tables", anchor=False)
        makers = {
            "Connections": lambda: structure_tables.connections_table(structure, weights, removal),
            "Blocks": lambda: structure_tables.blocks_table(structure, removal),
            "Modalities": lambda: structure_tables.modalities_table(structure, weights),
        }
        table_with_csv(makers, stem=choice.stem)
    with right:
        panels.load_script()
        table = structure_tables.connections_table(structure, weights, removal)
        panels.show_chart(
            "Connection weights by source",
            "One dot per connection that has a weight, including removed ones and those still near their "
            "initial weight; n is the number of dots. The solid line is the mean, the dashed line the "
            "threshold. Connections from input blocks are grouped by modality; those from inner blocks are "
            "mixed.",
            weights_by_source(structure, weights, threshold=removal.threshold),
            table[["modality", "source", "target", "connection_weight", "kept"]],
            key=keys.WEIGHTS_BY_SOURCE,
        )


def show_costs(choice: StructureChoice, weighted: WeightedStructure, removal: Removal) -> None:
    """Show what running one clip of a chosen size costs, before and after the removal."""
    st.subheader("Cost per clip", anchor=False)
    sized = _choose_size(choice, weighted)
    repeats = sum(block.repeats for block in weighted.structure.blocks)
    if repeats > MAX_COUNTED_BLOCKS:
        st.info(
            f"The costs of {repeats:,} blocks, repeats included, take too long to count here. Use "
            "`peerattn structure`."
        )
        return
    try:
        whole = _costs(choice, sized, None)
        remaining = _costs(choice, sized, removal) if removal.output_connected else whole
    except PeerattnError as error:
        st.error(plain(error))
        return
    _show_totals(remaining, whole)
    if not removal.output_connected:
        st.caption(
            "These are the costs of the whole structure, because the pruned one has no connected output."
        )
    table = structure_tables.costs_table(remaining.blocks)
    show_table(table, alt="Cost of each part")
    with st.container(horizontal=True):
        csv, name = table.to_csv(index=False), f"{choice.stem}-size.csv"
        st.download_button(
            "Cost of each part (CSV)", csv, name, "text/csv", on_click="ignore", key=keys.SIZE_CSV
        )
        facts, name = partial(_facts, sized, removal.threshold), f"{choice.stem}-structure.json"
        kind = "application/json"
        st.download_button(
            "Structure summary (JSON)", facts, name, kind, on_click="ignore", key=keys.FACTS_DOWNLOAD
        )


def _facts(sized: WeightedStructure, threshold: float) -> str:
    """Return the JSON that the `structure` command writes."""
    return json.dumps(structure_facts(sized, threshold), indent=2, ensure_ascii=False) + "\n"


def _choose_size(choice: StructureChoice, weighted: WeightedStructure) -> WeightedStructure:
    """Return the structure with the clip size and number of classes that the user enters."""
    fields = {"frames": "Frames", "height": "Height (px)", "width": "Width (px)", "classes": "Output classes"}
    sizes = {}
    with st.container(horizontal=True):
        for field, label in fields.items():
            key, default = keys.CLIP_SIZE[field].scoped(choice.label), getattr(weighted, field)
            sizes[field] = st.number_input(
                label, 1, 4096, default, key=key, width=132, persist_state="session"
            )
    return replace(weighted, **sizes)


def _costs(choice: StructureChoice, sized: WeightedStructure, removal: Removal | None) -> Costs:
    """Return the costs of the structure without the removed connections, or of all of it."""
    structure = without(sized.structure, removal) if removal else sized.structure
    removed = removal.removed if removal else None
    clip = (sized.frames, sized.height, sized.width, sized.classes)
    return caches.cached(("costs", *astuple(choice), removed, *clip), lambda: sized.costs(structure))


def _show_totals(remaining: Costs, whole: Costs) -> None:
    row = metric_row()
    _show_cost(row, "Parameters", f"{remaining.parameters:,}", remaining.parameters, whole.parameters)
    operations = (remaining.multiply_adds, whole.multiply_adds)
    _show_cost(
        row,
        "Multiply-adds per clip",
        multiples(operations[0]),
        *operations,
        meaning=DEFINITIONS["multiply-adds"],
    )
    for kind, title in (("weights", "Parameter memory"), ("activations", "Activation memory")):
        sizes = (getattr(remaining.memory, kind), getattr(whole.memory, kind))
        _show_cost(row, title, memory(sizes[0]), *sizes, meaning=DEFINITIONS.get(kind, ""))


def _show_cost(
    row: DeltaGenerator, title: str, value: str, remaining: int, whole: int, *, meaning: str = ""
) -> None:
    saved = f"{1 - remaining / whole:.1%} less than the whole structure" if remaining < whole else ""
    metric(row, title, value, saved, meaning=meaning)
