"""What was clicked in the level graph: a connection's attention, or what feeds a block and what it feeds."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.explorer import Selection
from app.screens.parts import chart
from app.state import Opened
from app.words import plain
from peerattn import figures, tables
from peerattn.structure import Structure
from peerattn.trace import Trace


def show(shown: Opened, selection: Selection | None) -> None:
    """The chosen connection or block in detail; asks for a choice where there is none."""
    trace = shown.trace
    if selection is None:
        st.caption("Click a connection or a block in the graph to see its numbers here.")
    elif selection.kind == "connection":
        _connection(trace, selection.id, shown.object_names)
    else:
        _block(trace, selection.id)


def _connection(trace: Trace, key: str, object_names: Mapping[int, str]) -> None:
    connection = trace.connection(key)
    channels = tables.object_channels(trace.structure, connection.source, object_names)
    spec = next(item for item in trace.structure.into(connection.target) if item.key == key)
    weight = connection.connection_weight
    st.subheader(f"Connection {plain(connection.source)} → {plain(connection.target)}", anchor=False)
    st.caption(
        f"Connection weight {'none: it counts fully' if weight is None else f'{weight:.4f}'} · "
        f"{spec.attention} attention · mean attention factor {connection.attention_factors.mean():.3f}"
    )
    peers, factors = st.columns([2, 3])
    with peers:
        st.caption("Attention weights: the share of each peer in the attention of this connection.")
        chart(figures.attention_weights_bar(connection, trace.structure), "peers", "Attention weights")
    with factors:
        empty = channels.count(None)
        st.caption(
            "Attention factors: how much of each channel passes, frame by frame."
            + (
                f" {empty} of {len(channels)} channels are empty: the object maps declare no class for them."
                if empty
                else ""
            )
        )
        chart(figures.factor_heatmap(connection, trace.times, channels), "factors", "Attention factors")


def _block(trace: Trace, block_id: str) -> None:
    block = trace.structure.block(block_id)
    connections = tables.connections_table(trace)
    reads = f"reads {plain(block.modality)}" if block.modality else f"level {block.level}"
    st.subheader(f"Block {plain(block_id)}", anchor=False)
    st.caption(
        f"{reads} · {plain(block.kind)} · {block.width} channels · temporal dilation "
        f"{block.temporal_dilation} · a peer of {_peer_count(trace.structure, block_id)} connections"
    )
    fed_by, feeds = st.columns(2)
    columns = ["connection_weight", "mean_factor", "change_over_frames"]
    for place, title, own, other in (
        (fed_by, "What feeds it", "target", "source"),
        (feeds, "What it feeds", "source", "target"),
    ):
        with place:
            st.caption(title)
            rows = connections[connections[own] == block_id].sort_values("connection_weight", ascending=False)
            if rows.empty:
                st.text("nothing")
            else:
                st.dataframe(rows[[other, *columns]], hide_index=True, alt=title)


def _peer_count(structure: Structure, block_id: str) -> int:
    return sum(block_id in connection.peers for connection in structure.connections)
