"""A Plotly figure of what replacing all attention factors costs, beside random deviations."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.effects import NEEDED_COLOR
from peerattn.figures.predictions import MARGIN, NEUTRAL

SERIES = (
    ("factors replaced", "replaced", NEEDED_COLOR, "circle", 0.16),
    ("control: random deviations", "random", NEUTRAL, "diamond", -0.16),
)
"""The name in the legend, the columns of the table, colour, symbol, and how far above its row it is drawn."""
ROW = 40
"""The height of a row, in pixels."""
GAP = 70
"""The height between the rows that answer whether attention matters and those apart, in pixels."""
FAINT = 0.55
"""The opacity of the rows apart."""


def ablation_dots(table: pd.DataFrame, score: str, apart: Collection[str] = ()) -> go.Figure:
    """Plot the changes of a score by replaced factors and by random deviations, from `ablation_table`.

    Lines are 95 % intervals, each on its own. A full dot marks a loss beyond that by random deviations.
    Factors replaced in a way that is `apart` have fainter rows below, with a scale of their own.
    """
    own_scale = table["factors"].isin(list(apart))
    gap = GAP if own_scale.any() else 0
    figure, height = go.Figure(), ROW * len(table) + gap
    below = ROW * int(own_scale.sum()) / height
    title = f"change in {score}, in points"
    _add_rows(figure, table[~own_scale], "", (below + gap / height, 1.0), title)
    if own_scale.any():
        _add_rows(figure, table[own_scale], "2", (0.0, below), "in points, on another scale")
    return figure.update_layout(
        margin={**MARGIN, "t": 36},
        height=height + 110,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )


def _add_rows(
    figure: go.Figure, table: pd.DataFrame, axes: str, domain: tuple[float, float], title: str
) -> None:
    """Draw rows on axes of this number, in this part of the height."""
    rows = pd.Series(range(len(table) - 1, -1, -1), index=table.index, dtype=int)
    for series in SERIES:
        figure.add_trace(_dots(table, rows, axes, series))
    line = {"color": NEUTRAL, "dash": "dash", "width": 1}
    figure.add_shape(type="line", x0=0, x1=0, y0=0, y1=1, xref=f"x{axes}", yref=f"y{axes} domain", line=line)
    names = [
        f"{factors}<br>batch norm {batch_norm}"
        for factors, batch_norm in zip(table["factors"], table["batch_norm"], strict=True)
    ]
    figure.update_layout(
        {
            f"xaxis{axes}": {
                "title": {"text": title},
                "anchor": f"y{axes}",
                "zeroline": False,
                "automargin": True,
            },
            f"yaxis{axes}": {
                "domain": domain,
                "anchor": f"x{axes}",
                "showgrid": False,
                "zeroline": False,
                "automargin": True,
                "range": [-0.7, len(table) - 0.3],
                "tickvals": rows.tolist(),
                "ticktext": names,
            },
        }
    )


def _dots(
    table: pd.DataFrame, rows: pd.Series[int], axes: str, series: tuple[str, str, str, str, float]
) -> go.Scatter:
    """Return the dots of one series, with their intervals."""
    name, column, color, symbol, above = series
    matters = (table["verdict"] == "matters") & (column == "replaced")
    return go.Scatter(
        x=table[f"{column}_points"],
        y=rows + above,
        xaxis=f"x{axes}",
        yaxis=f"y{axes}",
        name=name,
        showlegend=not axes,
        opacity=FAINT if axes else 1.0,
        mode="markers",
        marker={
            "color": color,
            "size": 9,
            "symbol": [symbol if full else f"{symbol}-open" for full in matters],
            "line": {"width": 2, "color": color},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (table[f"{column}_high"] - table[f"{column}_points"]).tolist(),
            "arrayminus": (table[f"{column}_points"] - table[f"{column}_low"]).tolist(),
            "color": color,
            "thickness": 1.5,
            "width": 4,
        },
        customdata=list(zip(table["factors"], table["batch_norm"], strict=True)),
        hovertemplate=f"{name}: %{{x:+.1f}} points<br>%{{customdata[0]}}, batch norm %{{customdata[1]}}"
        "<extra></extra>",
    )
