"""The drawing of a structure: its style, the selected block or connection, and the SVG downloads."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import keys
from app.opening.structures import StructureChoice
from app.parts.columns import show_table
from app.parts.drawing import PAGE_COLORS, drawing
from app.parts.words import plain
from peerattn.checkpoints.weighted_structure import WeightedStructure
from peerattn.figures.connectivity import connectivity_svg
from peerattn.figures.scene import EXPLORER, PAPER, Style
from peerattn.graph.connectivity import Removal
from peerattn.graph.structure import Structure
from peerattn.graph.validation import TIME_PADDINGS
from peerattn.tables import structure as structure_tables

MOST_DRAWN = 2_000  # connections
PAPER_DIFFERENCE = (
    " The figure in the paper shows the connections at threshold 0.2, and a tenth connection from the object "
    "input, to the top block, which the released structure does not have."
)
STYLES = {"Weights as widths": EXPLORER, "As in the AssembleNet++ paper": PAPER}


def show(choice: StructureChoice, weighted: WeightedStructure, removal: Removal) -> None:
    """Draw the choices, the drawing, the downloads, and the tables of the selected part."""
    count = len(weighted.structure.connections)
    if count > MOST_DRAWN:
        st.info(f"{count:,} connections are too many for one drawing. The tables below list them all.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        style = _choose_style()
        part = _choose_part(weighted.structure)
    as_in_paper = style.widths == "object" and choice.kind == "published" and "full" in choice.name
    st.caption(
        plain(_describe(weighted, removal, part) + (PAPER_DIFFERENCE if as_in_paper and not part else ""))
    )
    svg = connectivity_svg(weighted.structure, weighted.weights, removal, style=style, colors=PAGE_COLORS)
    drawing(svg, key=keys.DRAWING, highlighted=highlighted_parts(weighted.structure, part), on_click=_select)
    _downloads(choice, weighted, removal)
    if part:
        _part_tables(weighted, removal, part)


def _choose_style() -> Style:
    kind = st.segmented_control(
        "Drawing", list(STYLES), default="Weights as widths", required=True, key=keys.STYLE, width="content"
    )
    style = STYLES[kind]
    numbers = st.toggle("Show weight labels", style.numbers, key=keys.SHOW_NUMBERS.scoped(kind))
    removed = st.toggle("Show removed connections", style.removed, key=keys.SHOW_REMOVED.scoped(kind))
    return replace(style, numbers=numbers, removed=removed)


def _choose_part(structure: Structure) -> str | None:
    """Return the selected connection or block by its name in the drawing, or None."""
    parts = {f"connection {spec.key}": f"{spec.source} → {spec.target}" for spec in structure.connections}
    parts |= {f"block {block.id}": f"block {block.id}" for block in structure.blocks}
    if keys.PART.get() not in parts:
        keys.PART.value = None
    return st.selectbox(
        "Connection or block",
        list(parts),
        index=None,
        format_func=lambda part: parts[part],
        key=keys.PART,
        placeholder="Choose or click below",
        width=240,
    )


def _select(part: str) -> None:
    """Store the part that was clicked; an empty text clears the selection."""
    keys.PART.value = part or None


def highlighted_parts(structure: Structure, part: str | None) -> set[str]:
    """Return the parts to highlight with the selected one.

    With a connection these are its two blocks and its candidate peers; with a block, its connections and
    the blocks at their other ends.
    """
    parts = {part} if part else set()
    for spec in structure.connections:
        ends = {f"block {spec.source}", f"block {spec.target}"}
        if part == f"connection {spec.key}":
            parts |= ends | {f"block {peer}" for peer in spec.peers}
        elif part in ends:
            parts |= ends | {f"connection {spec.key}"}
    return parts


def _describe(weighted: WeightedStructure, removal: Removal, part: str | None) -> str:
    """Describe the selected part in one line."""
    kind, _, name = (part or "").partition(" ")
    if kind == "connection":
        return _connection(weighted, removal, name)
    if kind == "block":
        return _block(weighted, removal, name)
    return "Click a connection to see its candidate peers, or a block to see its connections."


def _connection(weighted: WeightedStructure, removal: Removal, key: str) -> str:
    spec = next(spec for spec in weighted.structure.connections if spec.key == key)
    weight = weighted.weights.get(key)
    weight_note = "no connection weight (always 1)" if weight is None else f"connection weight {weight:.6f}"
    kept = "kept" if key in removal.kept else "removed"
    attention = "no attention" if spec.attention == "none" else f"{spec.attention} attention"
    candidates = f" among {len(spec.peers)} candidate peers" if spec.peers else ""
    return f"{spec.source} → {spec.target}: {weight_note}, {kept} · {attention}{candidates}"


def _block(weighted: WeightedStructure, removal: Removal, block_id: str) -> str:
    block = weighted.structure.block(block_id)
    state = structure_tables.block_state(removal, block_id)
    peers = sum(block_id in spec.peers for spec in weighted.structure.connections)
    reads = f" · input of {block.modality}" if block.modality else ""
    return (
        f"Block {block_id}: {state} · level {block.level}{reads} · {block.width} channels · temporal "
        f"dilation {block.temporal_dilation} · padding beyond the clip's ends: "
        f"{TIME_PADDINGS[block.time_padding]} · candidate peer of {peers} connections"
    )


def _part_tables(weighted: WeightedStructure, removal: Removal, part: str) -> None:
    """Draw the candidate peers of a connection, or the incoming and outgoing connections of a block."""
    kind, _, name = part.partition(" ")
    if kind == "connection":
        candidates = structure_tables.candidates_table(weighted.structure, name, removal)
        if not candidates.empty:
            st.caption("Candidate peers")
            show_table(candidates, alt="Candidate peers")
        return
    rows = structure_tables.connections_table(weighted.structure, weighted.weights, removal)
    sides = (("Incoming connections", "target", "source"), ("Outgoing connections", "source", "target"))
    for column, (title, own_end, other_end) in zip(st.columns(2), sides, strict=True):
        with column:
            st.caption(title)
            table = rows[rows[own_end] == name].sort_values("connection_weight", ascending=False)
            columns = [other_end, "modality", "connection_weight", "kept", "candidates"]
            if table.empty:
                st.text("none")
            else:
                show_table(table[columns], alt=title)


def _downloads(choice: StructureChoice, weighted: WeightedStructure, removal: Removal) -> None:
    structure, weights = weighted.structure, weighted.weights
    with_weights = partial(connectivity_svg, structure, weights, removal, style=EXPLORER, title=choice.stem)
    paper = partial(connectivity_svg, structure, weights, removal, style=PAPER)  # has a caption, so no title
    with st.container(horizontal=True):
        for title, make, name in (
            ("Drawing with weights (SVG)", with_weights, "weights.svg"),
            ("Drawing as in the AssembleNet++ paper (SVG)", paper, "paper.svg"),
        ):
            file = f"{choice.stem}-{name}"
            st.download_button(
                title, make, file, "image/svg+xml", on_click="ignore", key=keys.DRAWING_DOWNLOAD.scoped(name)
            )
