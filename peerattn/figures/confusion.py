"""Plotly figure of a confusion matrix: the number of clips of each true class by predicted class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from peerattn.figures.palette import escape_label, short_label

ROW_HEIGHT = 26
"""Height of a row, px."""
MAX_SLANTED_LABELS = 12
"""Class names over the columns are slanted up to this many classes, and vertical beyond it."""
MAX_CLASSES_WITH_COUNTS = 40
"""Counts are written into the cells up to this many classes."""


def confusion_matrix(confusion: NDArray[np.int64], class_names: Sequence[str]) -> go.Figure:
    """Plot a confusion matrix of clips (K, K): one row per true class, one column per predicted class.

    The colour of a cell is its share of the clips in its row. Cells without clips stay empty.
    """
    count = len(class_names)
    clips = confusion.sum(axis=1)
    shares = confusion / np.maximum(clips, 1)[:, None]
    hover_texts = [
        [
            f"true {escape_label(true)} ({total} clips)<br>predicted {escape_label(other)}"
            for other in class_names
        ]
        for true, total in zip(class_names, clips, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=np.where(confusion > 0, shares, np.nan),
            zmin=0,
            zmax=1,
            # Translucent, so that the text colours of both the light and the dark theme stay legible on it.
            colorscale=[[0, "rgba(86,180,233,0.08)"], [1, "rgba(86,180,233,0.55)"]],
            showscale=False,
            xgap=1,
            ygap=1,
            text=np.where(confusion > 0, confusion.astype(str), ""),
            customdata=hover_texts,
            hovertemplate="%{customdata}<br>%{text} clips, %{z:.1%} of the true class<extra></extra>",
            hoverongaps=False,
        )
    )
    if count <= MAX_CLASSES_WITH_COUNTS:  # a scatter: the text of a heat map ignores the page's text colour
        true, predicted = np.nonzero(confusion)
        figure.add_scatter(
            x=predicted,
            y=true,
            text=confusion[true, predicted].astype(str),
            mode="text",
            hoverinfo="skip",
            showlegend=False,
        )
    ticks = {"tickvals": np.arange(count), "automargin": True, "showgrid": False, "zeroline": False}
    figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8}, height=150 + ROW_HEIGHT * count)
    figure.update_xaxes(
        title="predicted class",
        title_standoff=12,
        side="top",
        tickangle=-45 if count <= MAX_SLANTED_LABELS else -90,
        range=[-0.5, count - 0.5],
        ticktext=list(map(short_label, class_names)),
        **ticks,
    )
    names = [f"{short_label(name)} ({total})" for name, total in zip(class_names, clips, strict=True)]
    return figure.update_yaxes(
        title="true class (number of clips)",
        title_standoff=12,
        range=[count - 0.5, -0.5],
        ticktext=names,
        **ticks,
    )
