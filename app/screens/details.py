"""Panels for the selected block or connection and for the whole clip, which follow the explorer's cursor."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import keys
from app.explorer.component import Selection
from app.explorer.panels import show_panels
from app.parts.words import plain
from app.screens import leaving_out
from app.state import pictures
from app.state.opened import Opened
from peerattn.graph.structure import Structure
from peerattn.graph.validation import TIME_PADDINGS
from peerattn.tables.attention import object_channels


def show(opened: Opened, selection: Selection | None) -> None:
    """Draw the panels of the selection and of the clip, with a hint if nothing is selected."""
    with st.container(gap="small"):  # always one element, so the panels below are not mounted again
        title = _heading(opened, selection)
    selection_panels = pictures.selection_panels(opened, selection) if selection else []
    show_panels(
        pictures.packed(opened),
        pictures.clip_panels(opened),
        key=keys.PANELS,
        selection=selection,
        title=title,
        selection_panels=selection_panels,
    )


def _heading(opened: Opened, selection: Selection | None) -> str:
    """Draw the heading of the selection and return the title of its panels."""
    if selection is None:
        st.caption("Click a connection or a block in the graph to see its panels here.")
        return ""
    draw = _connection if selection.kind == "connection" else _block
    title = draw(opened, selection.id)
    leaving_out.offer(opened, selection)
    return title


def _connection(opened: Opened, key: str) -> str:
    trace = opened.trace
    connection = trace.connection(key)
    channels = object_channels(trace.structure, connection.source, opened.object_names)
    spec = next(item for item in trace.structure.into(connection.target) if item.key == key)
    weight, factor = connection.connection_weight, connection.attention_factors.mean()
    st.subheader(f"Connection {plain(connection.source)} → {plain(connection.target)}", anchor=False)
    st.caption(
        f"Connection weight {'none (always 1)' if weight is None else f'{weight:.4f}'} · "
        f"{spec.attention} attention · mean attention factor over all frames {factor:.3f}"
        + _empty_channels(channels)
    )
    return f"{connection.source} → {connection.target}"


def _empty_channels(channels: Sequence[str | None]) -> str:
    count = channels.count(None)
    if not count:
        return ""
    return f" · {count} of {len(channels)} channels are empty because the object maps have no class for them"


def _block(opened: Opened, block_id: str) -> str:
    structure = opened.trace.structure
    block = structure.block(block_id)
    reads = f"reads {plain(block.modality)}" if block.modality else f"level {block.level}"
    st.subheader(f"Block {plain(block_id)}", anchor=False)
    st.caption(
        f"{reads} · {plain(block.kind.replace('_', ' '))} · {block.width} channels · temporal dilation "
        f"{block.temporal_dilation} · padding beyond the clip's ends: {TIME_PADDINGS[block.time_padding]} · "
        f"peer of {_peer_count(structure, block_id)} connections"
    )
    return block_id


def _peer_count(structure: Structure, block_id: str) -> int:
    return sum(block_id in connection.peers for connection in structure.connections)
