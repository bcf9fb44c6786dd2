"""What was clicked in the level graph, and the whole clip, in panels under the explorer's cursor."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import keys
from app.explorer.component import Selection
from app.explorer.panels import show_panels
from app.parts.words import plain
from app.state import pictures
from app.state.shown import Shown
from peerattn.graph.structure import Structure
from peerattn.graph.validation import TIME_PADDINGS
from peerattn.tables.attention import object_channels


def show(shown: Shown, selection: Selection | None) -> None:
    """The panels of the chosen connection or block, and of the clip; asks for a choice if there is none."""
    with st.container(gap="small"):  # one place in the page whatever it holds: the panels below stay
        title = _heading(shown, selection)
    own = pictures.selection_panels(shown, selection) if selection else []
    show_panels(
        pictures.packed(shown),
        pictures.clip_panels(shown),
        key=keys.PANELS,
        selection=selection,
        title=title,
        own=own,
    )


def _heading(shown: Shown, selection: Selection | None) -> str:
    """Says what is chosen; returns the title of its panels."""
    if selection is None:
        st.caption("Click a connection or a block in the graph to see its panels here.")
        return ""
    return _connection(shown, selection.id) if selection.kind == "connection" else _block(shown, selection.id)


def _connection(shown: Shown, key: str) -> str:
    trace = shown.trace
    connection = trace.connection(key)
    channels = object_channels(trace.structure, connection.source, shown.object_names)
    spec = next(item for item in trace.structure.into(connection.target) if item.key == key)
    weight = connection.connection_weight
    st.subheader(f"Connection {plain(connection.source)} → {plain(connection.target)}", anchor=False)
    st.caption(
        f"Connection weight {'none: it counts fully' if weight is None else f'{weight:.4f}'} · "
        f"{spec.attention} attention · mean attention factor {connection.attention_factors.mean():.3f}"
        + _empty(channels)
    )
    return f"{connection.source} → {connection.target}"


def _empty(channels: Sequence[str | None]) -> str:
    count = channels.count(None)
    if not count:
        return ""
    return f" · {count} of {len(channels)} channels are empty: the object maps declare no class for them"


def _block(shown: Shown, block_id: str) -> str:
    structure = shown.trace.structure
    block = structure.block(block_id)
    reads = f"reads {plain(block.modality)}" if block.modality else f"level {block.level}"
    st.subheader(f"Block {plain(block_id)}", anchor=False)
    st.caption(
        f"{reads} · {plain(block.kind)} · {block.width} channels · temporal dilation "
        f"{block.temporal_dilation} · beyond the clip's ends: {TIME_PADDINGS[block.time_padding]} · a peer "
        f"of {_peer_count(structure, block_id)} connections"
    )
    return block_id


def _peer_count(structure: Structure, block_id: str) -> int:
    return sum(block_id in connection.peers for connection in structure.connections)
