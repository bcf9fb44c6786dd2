"""The drawing of a structure: its style, the part that is looked at, and the files to take away."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import keys
from app.opening.structures import Chosen
from app.parts.drawing import PAGE_COLORS, drawing
from app.parts.words import plain
from peerattn.checkpoints.subject import Subject
from peerattn.figures.connectivity import connectivity_svg
from peerattn.figures.scene import EXPLORER, PAPER, Style
from peerattn.graph.connectivity import Removal
from peerattn.graph.structure import Structure
from peerattn.graph.validation import TIME_PADDINGS
from peerattn.tables import structure as structure_tables

MOST_DRAWN = 2_000  # connections
TENTH = (
    " The paper's figure has the connections of threshold 0.2, and a tenth one from the object input, into "
    "the top block, that the released structure does not have."
)
STYLES = {"Weights as widths": EXPLORER, "As in the paper": PAPER}


def show(chosen: Chosen, shown: Subject, removal: Removal) -> None:
    """The choices, the drawing, one part in numbers, the downloads."""
    count = len(shown.structure.connections)
    if count > MOST_DRAWN:
        st.info(f"{count:,} connections are too many for one drawing: the tables below hold them all.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        style = _style()
        part = _part(shown.structure)
    as_in_paper = style.widths == "object" and chosen.kind == "published" and "full" in chosen.name
    st.caption(plain(_said(shown, removal, part) + (TENTH if as_in_paper and not part else "")))
    svg = connectivity_svg(shown.structure, shown.weights, removal, style=style, colors=PAGE_COLORS)
    drawing(svg, key=keys.DRAWING, lit=lit(shown.structure, part), on_click=_choose)
    _downloads(chosen, shown, removal)
    if part:
        _numbers(shown, removal, part)


def _style() -> Style:
    kind = st.segmented_control(
        "Drawing", list(STYLES), default="Weights as widths", required=True, key=keys.STYLE, width="content"
    )
    style = STYLES[kind]
    numbers = st.toggle("Numbers", style.numbers, key=keys.NUMBERS.of(kind))
    removed = st.toggle("Removed connections", style.removed, key=keys.REMOVED.of(kind))
    return replace(style, numbers=numbers, removed=removed)


def _part(structure: Structure) -> str | None:
    """The chosen connection or block, as the drawing names it."""
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
        placeholder="Choose, or click below",
        width=240,
    )


def _choose(part: str) -> None:
    """Runs before the page is drawn again."""
    keys.PART.value = part or None


def lit(structure: Structure, part: str | None) -> set[str]:
    """A connection with its ends and its attention candidates, or a block with its connections' ends."""
    found = {part} if part else set()
    for spec in structure.connections:
        ends = {f"block {spec.source}", f"block {spec.target}"}
        if part == f"connection {spec.key}":
            found |= ends | {f"block {peer}" for peer in spec.peers}
        elif part in ends:
            found |= ends | {f"connection {spec.key}"}
    return found


def _said(shown: Subject, removal: Removal, part: str | None) -> str:
    """The chosen part in one line."""
    kind, _, name = (part or "").partition(" ")
    if kind == "connection":
        return _connection(shown, removal, name)
    if kind == "block":
        return _block(shown, removal, name)
    return "Click a connection to see the blocks among which its attention chooses, or a block."


def _connection(shown: Subject, removal: Removal, key: str) -> str:
    spec = next(spec for spec in shown.structure.connections if spec.key == key)
    weight = shown.weights.get(key)
    said = "no connection weight, it counts fully" if weight is None else f"connection weight {weight:.6f}"
    kept = "kept" if key in removal.kept else "removed"
    attention = "no attention" if spec.attention == "none" else f"{spec.attention} attention"
    candidates = f" among {len(spec.peers)} candidates" if spec.peers else ""
    return f"{spec.source} → {spec.target}: {said}, {kept} · {attention}{candidates}"


def _block(shown: Subject, removal: Removal, block_id: str) -> str:
    block = shown.structure.block(block_id)
    now = structure_tables.block_state(removal, block_id)
    peers = sum(block_id in spec.peers for spec in shown.structure.connections)
    reads = f" · input of {block.modality}" if block.modality else ""
    return (
        f"Block {block_id}: {now} · level {block.level}{reads} · {block.width} channels · temporal dilation "
        f"{block.temporal_dilation} · beyond the clip's ends: {TIME_PADDINGS[block.time_padding]} · "
        f"attention candidate of {peers} connections"
    )


def _numbers(shown: Subject, removal: Removal, part: str) -> None:
    """A connection's attention candidates, or what feeds a block and what it feeds."""
    kind, _, name = part.partition(" ")
    if kind == "connection":
        candidates = structure_tables.candidates_table(shown.structure, name, removal)
        if not candidates.empty:
            st.caption("Attention candidates")
            st.dataframe(candidates, hide_index=True, alt="Attention candidates")
        return
    rows = structure_tables.connections_table(shown.structure, shown.weights, removal)
    sides = (("What feeds it", "target", "source"), ("What it feeds", "source", "target"))
    for place, (title, own, other) in zip(st.columns(2), sides, strict=True):
        with place:
            st.caption(title)
            found = rows[rows[own] == name].sort_values("connection_weight", ascending=False)
            columns = [other, "modality", "connection_weight", "kept", "candidates"]
            if found.empty:
                st.text("nothing")
            else:
                st.dataframe(found[columns], hide_index=True, alt=title)


def _downloads(chosen: Chosen, shown: Subject, removal: Removal) -> None:
    structure, weights = shown.structure, shown.weights
    weighted = partial(connectivity_svg, structure, weights, removal, style=EXPLORER, title=chosen.stem)
    paper = partial(connectivity_svg, structure, weights, removal, style=PAPER)  # its caption says the rest
    with st.container(horizontal=True):
        for title, make, name in (
            ("Drawing with weights (SVG)", weighted, "weights.svg"),
            ("Drawing as in the paper (SVG)", paper, "paper.svg"),
        ):
            file = f"{chosen.stem}-{name}"
            st.download_button(title, make, file, "image/svg+xml", on_click="ignore", key=keys.DRAWN.of(name))
