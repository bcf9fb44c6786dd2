"""Plotly figures of attention: over the frames of a clip, the channels of a connection, its peers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from peerattn.connectivity import source_modality
from peerattn.figures.palette import DASHES, LEVELS, VIRIDIS, looks, plain
from peerattn.structure import Structure
from peerattn.tables import Grouping, attention_by, attention_groups
from peerattn.trace import ConnectionTrace, Trace

FACTOR = "attention factor"
VEIL = "rgba(127, 127, 127, 0.85)"
MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}


def attention_lines(trace: Trace, by: Grouping = "modality") -> go.Figure:
    """Mean attention factor over the frames, a line a modality of the source or a level of the target.

    A modality's line is the mean over the connections that leave its input blocks, `mixed` over those that
    leave inner blocks, a level's over those that arrive at it. Dotted verticals: where a window begins.
    """
    table = attention_by(trace, by)
    groups = attention_groups(trace, by)
    figure = go.Figure()
    for index, name in enumerate(table.columns):
        color, dash = _line_look(trace, by, str(name), index)
        count = len(groups[name])
        figure.add_scatter(
            x=trace.times,
            y=table[name].to_numpy(),
            name=plain(f"{name} · mean of {count}"),
            mode="lines" if len(table) > 1 else "markers",
            line={"color": color, "dash": dash, "width": 2.5},
            marker={"color": color},
            hovertemplate="%{y:.3f}",
        )
    for window in trace.windows[1:]:
        figure.add_vline(
            x=trace.times[window.start],
            line={"color": "#7F7F7F", "dash": "dot", "width": 1},
        )
    figure.update_layout(
        hovermode="x unified",
        margin=MARGIN,
        height=300,
        legend={"orientation": "h", "y": 1.12, "x": 0},
    )
    figure.update_xaxes(title="time (s)", hoverformat=".3f")
    return figure.update_yaxes(title=f"mean {FACTOR}", range=[0, 1])


def _line_look(trace: Trace, by: Grouping, name: str, index: int) -> tuple[str, str]:
    if by == "level":
        return LEVELS[index % len(LEVELS)], DASHES[index % len(DASHES)]
    look = looks([modality.name for modality in trace.structure.modalities])[name]
    return look.color, look.dash


def factor_heatmap(
    connection: ConnectionTrace, times: NDArray[np.float64], channels: Sequence[str | None] = ()
) -> go.Figure:
    """Every attention factor of a connection: channels of its source × frames, viridis from 0 to 1.

    `channels` say what each shows, where that is known; those that show nothing (None) are veiled.
    """
    factors = connection.attention_factors.T  # (C, T)
    known = channels or [None] * len(factors)
    named = [
        f"channel {index}: {plain(name)}" if name else f"channel {index}" for index, name in enumerate(known)
    ]
    frames = np.arange(1, factors.shape[1] + 1)
    hover = np.stack(np.broadcast_arrays(np.array(named)[:, None], frames[None].astype(str)), axis=-1)
    figure = go.Figure(
        go.Heatmap(
            z=factors,
            x=times,
            y=np.arange(len(factors)),
            zmin=0,
            zmax=1,
            colorscale=list(VIRIDIS),
            colorbar={"title": {"text": FACTOR, "side": "right"}, "thickness": 12},
            customdata=hover,
            hovertemplate="%{customdata[0]}<br>frame %{customdata[1]}, %{x:.3f} s<br>"
            "factor %{z:.3f}<extra></extra>",
        )
    )
    empty = [index for index, name in enumerate(channels) if name is None]
    if empty:
        figure.add_trace(_veil(empty, len(factors), times))
    figure.update_layout(margin=MARGIN, height=320)
    figure.update_xaxes(title="time (s)")
    return figure.update_yaxes(title=f"channel of {plain(connection.source)}")


def _veil(empty: Sequence[int], channels: int, times: NDArray[np.float64]) -> go.Heatmap:
    """Grey over the channels that show no object class: their factors scale nothing."""
    rows = np.full((channels, len(times)), np.nan)
    rows[list(empty)] = 1.0
    return go.Heatmap(
        z=rows,
        x=times,
        y=np.arange(channels),
        colorscale=[[0, VEIL], [1, VEIL]],
        showscale=False,
        hoverongaps=False,
        hovertemplate="channel %{y} is empty: the object maps declare no class for it<extra></extra>",
    )


def attention_weights_bar(connection: ConnectionTrace, structure: Structure | None = None) -> go.Figure:
    """The attention weight of each peer, greatest on top, beside the weight all would have if uniform.

    With the structure, each bar has the colour of the modality its peer reads.
    """
    order = np.argsort(connection.attention_weights, kind="stable")
    names = [plain(connection.peers[index]) for index in order]
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
        figure.add_annotation(text="this connection's attention has no peers", showarrow=False)
    figure.update_layout(margin={**MARGIN, "r": 48}, height=110 + 24 * len(names), bargap=0.35)
    figure.update_xaxes(title="attention weight (all peers sum to 1)", rangemode="tozero")
    return figure.update_yaxes(title="peer", tickvals=np.arange(len(names)), ticktext=names)


def _peer_colors(peers: list[str], structure: Structure | None) -> str | list[str]:
    if structure is None:
        return "#7F7F7F"
    colors = looks([modality.name for modality in structure.modalities])
    return [colors[source_modality(structure, peer)].color for peer in peers]
