"""Plotly figures of the effects of single components: a dot and an interval for each, and against weights."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.palette import escape_label
from peerattn.figures.predictions import MARGIN, NEUTRAL

MOST_ROWS = 60
"""The most components that are drawn: those of the greatest losses."""
NEEDED_COLOR = "#CC5500"
LOOKS = {
    "yes": ("needed", NEEDED_COLOR, "circle"),
    "not shown": ("not shown to be needed", NEUTRAL, "circle-open"),
    "unknown": ("too few clips", NEUTRAL, "x-thin-open"),
}
"""Whether a component is needed → the name in the legend, colour and symbol."""


def effect_dots(table: pd.DataFrame, score: str) -> go.Figure:
    """Plot the change of a score by component, from `tables.effects.effects_table`, greatest loss on top.

    `score` is the name of the score, for the axis. Horizontal lines are 95 % intervals; the vertical line
    marks no change.
    """
    shown = table.head(MOST_ROWS)
    rows = pd.Series(range(len(shown) - 1, -1, -1), index=shown.index)
    figure = go.Figure()
    for needed, (name, color, symbol) in LOOKS.items():
        own = shown["needed"] == needed
        if own.any():
            figure.add_scatter(
                x=shown["difference_points"][own],
                y=rows[own],
                name=name,
                mode="markers",
                marker={"color": color, "symbol": symbol, "size": 9, "line": {"width": 2, "color": color}},
                error_x=interval_bars(shown[own], "difference_points", "points", color),
                customdata=_hover(shown[own]),
                hovertemplate="%{customdata[0]}: %{x:+.1f} points<br>%{customdata[1]}<extra></extra>",
            )
    names = [escape_label(name) for name in shown["component"]]
    return dot_rows(figure, rows, names, f"change in {score}, in points")


def dot_rows(figure: go.Figure, rows: pd.Series[int], names: Sequence[str], title: str) -> go.Figure:
    """Give a figure of dots in rows its names, the title of its axis, and a vertical line at 0."""
    figure.add_vline(x=0, line={"color": NEUTRAL, "dash": "dash", "width": 1})
    figure.update_layout(
        margin={**MARGIN, "t": 36},
        height=130 + 24 * len(rows),
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )
    figure.update_xaxes(title=title, zeroline=False, automargin=True)
    look = {"showgrid": False, "zeroline": False, "automargin": True, "range": [-0.7, len(rows) - 0.3]}
    return figure.update_yaxes(tickvals=rows.tolist(), ticktext=list(names), **look)


def interval_bars(rows: pd.DataFrame, column: str, unit: str, color: str) -> dict[str, object]:
    """Return the intervals of rows, `low_UNIT` to `high_UNIT`, as error bars; a row may have none."""
    value = rows[column]
    return {
        "type": "data",
        "symmetric": False,
        "array": (rows[f"high_{unit}"] - value).tolist(),
        "arrayminus": (value - rows[f"low_{unit}"]).tolist(),
        "color": color,
        "thickness": 1.5,
        "width": 4,
    }


def _hover(rows: pd.DataFrame) -> list[tuple[str, str]]:
    intervals = [
        "no interval" if pd.isna(low) else f"95 %: {low:+.1f} to {high:+.1f}"
        for low, high in zip(rows["low_points"], rows["high_points"], strict=True)
    ]
    return list(zip(map(escape_label, rows["component"]), intervals, strict=True))


def effect_weights_scatter(table: pd.DataFrame, needed: Collection[str]) -> go.Figure:
    """Plot the mean rise of −log p against the weight or share, from `tables.effects.weights_table`.

    Components in `needed` have a full dot. Vertical lines are 95 % intervals.
    """
    figure = go.Figure()
    component, across = table.columns[:2]
    marked, title = table[component].isin(needed), across.replace("_", " ")
    for rows, (name, color, symbol) in ((table[marked], LOOKS["yes"]), (table[~marked], LOOKS["not shown"])):
        if len(rows):
            figure.add_scatter(
                x=rows[across],
                y=rows["rise"],
                name=name,
                mode="markers",
                marker={"color": color, "symbol": symbol, "size": 9, "line": {"width": 2, "color": color}},
                error_y={**interval_bars(rows, "rise", "nats", color), "thickness": 1, "width": 0},
                customdata=list(
                    zip(map(escape_label, rows[component]), rows["difference_points"], strict=True)
                ),
                hovertemplate=f"%{{customdata[0]}}: {title} %{{x:.3f}}<br>"
                "rise %{y:.3f} nats<br>"
                "score %{customdata[1]:+.1f} points<extra></extra>",
            )
    figure.update_layout(
        margin={**MARGIN, "t": 36},
        height=380,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )
    most = 1.0 if across == "connection_weight" else float(table[across].max())
    figure.update_xaxes(title=title, range=[-0.01 * most, 1.03 * most], automargin=True)
    return figure.update_yaxes(title="mean rise of −log p, in nats", automargin=True)
