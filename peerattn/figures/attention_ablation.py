"""A Plotly figure of what replacing all attention factors costs, beside random deviations."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.effects import NEEDED_COLOR
from peerattn.figures.predictions import MARGIN, NEUTRAL

SERIES = (
    ("factors replaced", "replaced", NEEDED_COLOR, "circle", 0.16),
    ("random deviations of the same size", "random", NEUTRAL, "diamond", -0.16),
)
"""The name in the legend, the columns of the table, colour, symbol, and how far above its row it is drawn."""


def ablation_dots(table: pd.DataFrame, score: str) -> go.Figure:
    """Plot the changes of a score by replaced factors and by random deviations, from `ablation_table`.

    Lines are 95 % intervals, each on its own. A full dot marks a loss beyond that by random deviations.
    """
    rows = pd.Series(range(len(table) - 1, -1, -1), index=table.index)
    figure = go.Figure()
    for name, column, color, symbol, above in SERIES:
        matters = (table["verdict"] == "matters") & (column == "replaced")
        figure.add_scatter(
            x=table[f"{column}_points"],
            y=rows + above,
            name=name,
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
            hovertemplate=f"{name}: %{{x:+.1f}} points<br>%{{customdata[0]}}, %{{customdata[1]}}"
            "<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": NEUTRAL, "dash": "dash", "width": 1})
    figure.update_layout(
        margin={**MARGIN, "t": 36},
        height=130 + 40 * len(table),
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )
    figure.update_xaxes(title=f"change in {score}, in points", zeroline=False, automargin=True)
    names = [
        f"{factors}<br>{batch_norm}"
        for factors, batch_norm in zip(table["factors"], table["batch_norm"], strict=True)
    ]
    look = {"showgrid": False, "zeroline": False, "automargin": True, "range": [-0.7, len(table) - 0.3]}
    return figure.update_yaxes(tickvals=rows.tolist(), ticktext=names, **look)
