"""Plotly figures of attention factors: over the frames of a clip, by level, and by channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from peerattn.figures.palette import DASHES, LEVELS, VIRIDIS, escape_label, looks
from peerattn.tables.attention import Grouping, attention_by, attention_groups, level_distribution
from peerattn.traces.trace import ConnectionTrace, Trace

FACTOR = "attention factor"
EMPTY_CHANNEL_COLOR = "rgba(127, 127, 127, 0.85)"
MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}
TIME_AXIS_MARGIN = {"l": 64, "r": 24, "t": 12, "b": 48, "autoexpand": False}
"""Fixed margins: the browser finds a frame in a plot by these margins and the range of the time axis."""


def attention_lines(trace: Trace, by: Grouping = "modality") -> go.Figure:
    """Plot the mean attention factor over the frames, with one line per source modality or target level.

    The line of a modality is the mean over the connections that leave its input blocks; `mixed` is the mean
    over the connections that leave inner blocks. The line of a level is the mean over the connections that
    arrive at it. Dotted vertical lines mark where a window begins.
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
            name=escape_label(f"{name} (n = {count})"),
            mode="lines" if len(table) > 1 else "markers",
            line={"color": color, "dash": dash, "width": 2.5},
            marker={"color": color},
            hovertemplate="%{y:.3f}",
        )
    style_time_axis(figure, trace)
    return figure.update_yaxes(title=f"mean {FACTOR}", range=[0, 1])


def style_time_axis(figure: go.Figure, trace: Trace) -> go.Figure:
    """Give a figure the time axis, margins and window boundaries shared by all figures over a clip's time."""
    starts = [float(trace.times[window.start]) for window in trace.windows[1:]]
    return figure.update_layout(
        hovermode="x unified",
        margin=TIME_AXIS_MARGIN,
        height=300,
        showlegend=False,
        shapes=[_vertical(start) for start in starts],
        xaxis={"title": {"text": "time (s)"}, "hoverformat": ".3f"},
    )


def _vertical(x: float) -> dict[str, Any]:
    """Return the shape that `add_vline` would add, in a tenth of the time."""
    line = {"color": "#7F7F7F", "dash": "dot", "width": 1}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain", "line": line}


def _line_look(trace: Trace, by: Grouping, name: str, index: int) -> tuple[str, str]:
    if by == "level":
        return LEVELS[index % len(LEVELS)], DASHES[index % len(DASHES)]
    look = looks([modality.name for modality in trace.structure.modalities])[name]
    return look.color, look.dash


def factors_by_level(trace: Trace) -> go.Figure:
    """Plot the distribution of attention factors as one box per target level.

    Boxes show the quartiles, whiskers the 5th and 95th percentiles, dashed lines the mean; `n` is the number
    of factors.
    """
    figure = go.Figure()
    for index, row in enumerate(level_distribution(trace).to_dict("records")):
        figure.add_box(
            x=[f"{row['level']}<br>n = {row['n']:,}"],
            name=str(row["level"]),
            q1=[row["q1"]],
            median=[row["median"]],
            q3=[row["q3"]],
            lowerfence=[row["p5"]],
            upperfence=[row["p95"]],
            mean=[row["mean"]],
            marker={"color": LEVELS[index % len(LEVELS)]},
            boxmean=True,
        )
    figure.update_layout(margin={**MARGIN, "l": 64, "b": 56}, height=340, showlegend=False)
    figure.update_xaxes(title="level of the target")
    return figure.update_yaxes(title=FACTOR, range=[0, 1])


def factor_heatmap(
    connection: ConnectionTrace, times: NDArray[np.float64], channels: Sequence[str | None] = ()
) -> go.Figure:
    """Plot every attention factor of a connection: source channels × frames, viridis from 0 to 1.

    `channels` names the content of each channel where it is known, such as an object class; channels without
    content (None) are greyed out. Rows are labelled by channel, so reordering them keeps their names.
    """
    factors = connection.attention_factors.T  # (C, T)
    names = channels or [None] * len(factors)
    rows = [f"{index}: {escape_label(name)}" if name else str(index) for index, name in enumerate(names)]
    figure = go.Figure(
        go.Heatmap(
            z=factors,
            x=times,
            y=rows,
            zmin=0,
            zmax=1,
            colorscale=list(VIRIDIS),
            colorbar={"title": {"text": FACTOR, "side": "right"}, "thickness": 12, "x": 1.01, "xpad": 4},
            hovertemplate="channel %{y}<br>%{x:.3f} s<br>factor %{z:.6f}<extra></extra>",
        )
    )
    empty = [index for index, name in enumerate(channels) if name is None]
    if empty:
        figure.add_trace(_empty_channel_overlay(empty, rows, times))
    figure.update_layout(margin={**TIME_AXIS_MARGIN, "r": 84}, height=360)
    figure.update_xaxes(title="time (s)", hoverformat=".3f")
    return figure.update_yaxes(title=f"channel of {escape_label(connection.source)}", type="category")


def _empty_channel_overlay(
    empty: Sequence[int], rows: Sequence[str], times: NDArray[np.float64]
) -> go.Heatmap:
    """Return a grey overlay for the channels without an object class: their factors scale only zeros."""
    covered = np.full((len(rows), len(times)), np.nan, np.float32)
    covered[list(empty)] = 1.0
    return go.Heatmap(
        z=covered,
        x=times,
        y=rows,
        colorscale=[[0, EMPTY_CHANNEL_COLOR], [1, EMPTY_CHANNEL_COLOR]],
        showscale=False,
        hoverongaps=False,
        hovertemplate="channel %{y} is empty: the object maps have no class for it<extra></extra>",
    )
