"""Plotly figures of attention weights: the peers of one connection, and those of all connections."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from peerattn.figures.attention import MARGIN
from peerattn.figures.palette import escape_label, looks, short_label
from peerattn.graph.connectivity import source_modality
from peerattn.graph.structure import Structure
from peerattn.tables.attention import entropies_table
from peerattn.traces.trace import ConnectionTrace, Trace

WEIGHT_COLORSCALE = "Cividis"
"""Colour scale of attention weights: differs from that of attention factors; legible if colour-blind."""
ROW_HEIGHT = 18
"""Height of a row, px."""


def attention_weights_bar(connection: ConnectionTrace, structure: Structure | None = None) -> go.Figure:
    """Plot the attention weight of each peer of a connection, largest on top.

    A dotted line marks the weight that every peer would have if all counted equally. If `structure` is
    specified, each bar has the colour of the modality that its peer reads; otherwise all bars are grey.
    """
    order = np.argsort(connection.attention_weights, kind="stable")
    names = [escape_label(connection.peers[index]) for index in order]
    figure = go.Figure(
        go.Bar(
            x=connection.attention_weights[order],
            y=np.arange(len(order)),
            orientation="h",
            marker={"color": _peer_colors([connection.peers[index] for index in order], structure)},
            text=[f"{weight:.3f}" for weight in connection.attention_weights[order]],
            textposition="outside",
            cliponaxis=False,
            customdata=names,
            hovertemplate="%{customdata}: %{x:.4f}<extra></extra>",
        )
    )
    if names:
        uniform = 1 / len(names)
        figure.add_vline(
            x=uniform,
            line={"color": "#7F7F7F", "dash": "dot", "width": 1},
            annotation={
                "text": f"uniform {uniform:.3f}",
                "yref": "paper",
                "y": 1,
                "yanchor": "bottom",
            },
        )
    else:
        figure.add_annotation(text="the attention of this connection has no peers", showarrow=False)
    figure.update_layout(margin={**MARGIN, "r": 48, "b": 48}, height=110 + 24 * len(names), bargap=0.35)
    figure.update_xaxes(title="attention weight (all peers sum to 1)", rangemode="tozero")
    figure.update_yaxes(
        tickvals=np.arange(len(names)),
        ticktext=[short_label(connection.peers[index]) for index in order],
        automargin=True,
    )
    return figure.update_yaxes(title="peer", showgrid=False)


def _peer_colors(peers: list[str], structure: Structure | None) -> str | list[str]:
    if structure is None:
        return "#7F7F7F"
    colors = looks([modality.name for modality in structure.modalities])
    return [colors[source_modality(structure, peer)].color for peer in peers]


def peer_matrix(trace: Trace) -> go.Figure:
    """Plot the attention weights as a connection × peer matrix, next to each connection's normalised entropy.

    Connections with fewer than two peers are left out: their attention has no choice.
    """
    rows = connections_with_several_peers(trace)
    entropy = entropies_table(trace).set_index("connection")["normalised_entropy"]
    names = [f"{escape_label(each.source)} → {escape_label(each.target)}" for each in rows]
    columns = list(dict.fromkeys(peer for each in rows for peer in each.peers))
    figure = make_subplots(cols=2, shared_yaxes=True, column_widths=[0.78, 0.22], horizontal_spacing=0.02)
    figure.add_heatmap(
        z=_weight_matrix(rows, columns),
        x=[escape_label(peer) for peer in columns],
        y=np.arange(len(rows)),
        zmin=0,
        colorscale=WEIGHT_COLORSCALE,
        colorbar={"title": {"text": "attention weight", "side": "right"}, "thickness": 12},
        hoverongaps=False,
        customdata=np.array([[name] * len(columns) for name in names]),
        hovertemplate="%{customdata}<br>peer %{x}<br>attention weight %{z:.6f}<extra></extra>",
        col=1,
        row=1,
    )
    figure.add_bar(
        x=[entropy[each.key] for each in rows],
        y=np.arange(len(rows)),
        orientation="h",
        marker={"color": "#7F7F7F"},
        customdata=names,
        hovertemplate="%{customdata}<br>entropy of the attention weights %{x:.6f}<extra></extra>",
        col=2,
        row=1,
    )
    if not rows:
        figure.add_annotation(text="no connection has more than one peer", showarrow=False)
    figure.update_layout(
        margin={**MARGIN, "t": 12}, height=120 + ROW_HEIGHT * len(rows), showlegend=False, bargap=0.3
    )
    figure.update_xaxes(side="top", automargin=True)
    figure.update_xaxes(title="peer", type="category", showgrid=False, col=1)
    figure.update_xaxes(title="entropy (0 to 1)", range=[0, 1], nticks=3, col=2)
    figure.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    figure.update_xaxes(
        tickvals=[escape_label(peer) for peer in columns], ticktext=list(map(short_label, columns)), col=1
    )
    ticks = [f"{short_label(each.source)} → {short_label(each.target)}" for each in rows]
    return figure.update_yaxes(tickvals=np.arange(len(rows)), ticktext=ticks, col=1)


def connections_with_several_peers(trace: Trace) -> list[ConnectionTrace]:
    """Return the connections with at least two peers: the rows of `peer_matrix`, in its order."""
    return [connection for connection in trace.connections if len(connection.peers) > 1]


def _weight_matrix(rows: list[ConnectionTrace], columns: list[str]) -> np.ndarray:
    """Return the attention weights (connections, peers), NaN where a block is not a peer."""
    weights = np.full((len(rows), len(columns)), np.nan, np.float32)
    for row, connection in enumerate(rows):
        weights[row, [columns.index(peer) for peer in connection.peers]] = connection.attention_weights
    return weights
