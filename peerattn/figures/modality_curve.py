"""A Plotly figure of accuracy by the share of a modality's connections that is kept."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.predictions import MARGIN, PREDICTION_COLOR
from peerattn.tables.accuracy import HEADLINES_BY_COLUMN


def modality_curve_figure(table: pd.DataFrame) -> go.Figure:
    """Plot the score and its 95 % interval by the share kept, from `tables.modality_curve`."""
    score = next(one for name, one in HEADLINES_BY_COLUMN.items() if name in table)
    value = table[score.name]
    figure = go.Figure()
    figure.add_scatter(
        x=table["share_kept"],
        y=value,
        mode="lines+markers",
        line={"color": PREDICTION_COLOR, "width": 1.5, "dash": "dot"},
        marker={"size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (table["high"] - value).tolist(),
            "arrayminus": (value - table["low"]).tolist(),
            "color": PREDICTION_COLOR,
            "thickness": 1.5,
            "width": 4,
        },
        customdata=list(zip(table["kept"], table["difference_points"], strict=True)),
        hovertemplate=f"%{{customdata[0]}} kept, %{{x:.0%}}<br>{score.short} %{{y:.1%}}"
        "<br>%{customdata[1]:+.1f} points<extra></extra>",
    )
    figure.update_layout(margin=MARGIN, height=340, showlegend=False)
    figure.update_xaxes(
        title="share of connections kept", range=[-0.03, 1.03], tickformat=".0%", automargin=True
    )
    return figure.update_yaxes(title=score.title, range=[0, 1], tickformat=".0%", automargin=True)
