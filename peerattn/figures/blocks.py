"""Plotly figures of one block: its activity over the frames, and the connections into and out of it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.attention import FACTOR, MARGIN, style_time_axis
from peerattn.figures.palette import escape_label, looks, short_label
from peerattn.graph.connectivity import source_modality
from peerattn.tables.attention import connections_table
from peerattn.traces.trace import Trace


def activity_line(trace: Trace, block: str) -> go.Figure:
    """Plot the activity of a block, the mean |output| over channels and positions, over the frames."""
    activity = trace.block(block).activity
    figure = go.Figure()
    figure.add_scatter(
        x=trace.times,
        y=activity,
        name="activity",
        mode="lines" if len(activity) > 1 else "markers",
        line={"color": _color(trace, block), "width": 2.5},
        hovertemplate="%{y:.6f}",
    )
    style_time_axis(figure, trace)
    return figure.update_yaxes(title=f"activity of {escape_label(block)}", rangemode="tozero")


def adjacent_connections(trace: Trace, block: str) -> go.Figure:
    """Plot the connections into and out of a block: weights as bars, mean attention factors as diamonds.

    Rows are in the order of `adjacent_connections_table`. A connection without a weight has a bar of 1.
    """
    table = adjacent_connections_table(trace, block)
    names = [f"{escape_label(row.source)} → {escape_label(row.target)}" for row in table.itertuples()]
    texts = table["connection_weight"].map("connection weight {:.6f}".format)
    texts = texts.where(
        table["connection_weight"].notna(), "no connection weight: it passes at full strength"
    )
    rows = list(range(len(table)))
    figure = go.Figure()
    figure.add_bar(
        x=table["connection_weight"].fillna(1.0),
        y=rows,
        orientation="h",
        name="connection weight",
        marker={"color": [_color(trace, source) for source in table["source"]], "opacity": 0.55},
        customdata=[f"{name}<br>{text}" for name, text in zip(names, texts, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=table["mean_factor"],
        y=rows,
        mode="markers",
        name=f"mean {FACTOR}",
        marker={"symbol": "diamond", "size": 10, "color": "#7F7F7F", "line": {"width": 1}},
        customdata=names,
        hovertemplate="%{customdata}<br>mean factor %{x:.6f}<extra></extra>",
    )
    if table.empty:
        figure.add_annotation(text="no connection leads into or out of this block", showarrow=False)
    figure.update_layout(margin={**MARGIN, "b": 48}, height=130 + 24 * len(table), bargap=0.35)
    figure.update_layout(legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"})
    figure.update_xaxes(title=f"bars: connection weight; diamonds: mean {FACTOR}", range=[0, 1])
    ticks = [f"{short_label(row.source)} → {short_label(row.target)}" for row in table.itertuples()]
    return figure.update_yaxes(tickvals=rows, ticktext=ticks, autorange="reversed", automargin=True)


def adjacent_connections_table(trace: Trace, block: str) -> pd.DataFrame:
    """Return `connections_table` restricted to a block: incoming connections first, then outgoing ones.

    Each group is sorted by descending connection weight.
    """
    table = connections_table(trace).astype({"connection_weight": float})
    directions = [table[table[end] == block] for end in ("target", "source")]
    rows = [part.sort_values("connection_weight", ascending=False, kind="stable") for part in directions]
    return pd.concat(rows, ignore_index=True)


def _color(trace: Trace, block: str) -> str:
    styles = looks([modality.name for modality in trace.structure.modalities])
    return styles[source_modality(trace.structure, block)].color
