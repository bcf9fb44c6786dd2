"""Plotly figures of how the answer on one clip changes without a connection, always or for a while.

Losses point to the left, and down: without the connection, the clip's best class is less probable.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.attention import MARGIN, style_time_axis
from peerattn.figures.palette import escape_label, looks, short_label
from peerattn.graph.connectivity import source_modality
from peerattn.traces.trace import Trace

SHOWN = 20
"""How many connections are drawn at most; the table has all."""
LEAST_RANGE = 5.0
"""The axes reach at least so many points either way, so that a picture of tiny changes looks tiny."""


def left_out_bars(trace: Trace, table: pd.DataFrame, best: str) -> go.Figure:
    """Plot the change in the probability of `best` without each connection of `left_out_table`.

    Rows are in the order of the table; if there are more than `SHOWN`, those with the greatest changes.
    """
    shown = strongest(table)
    structure, rows = trace.structure, list(range(len(shown)))
    modalities = [source_modality(structure, source) for source in shown["source"]]
    known = looks([modality.name for modality in structure.modalities])
    figure = go.Figure()
    figure.add_bar(
        x=shown["change_without"],
        y=rows,
        orientation="h",
        marker={"color": [known[modality].color for modality in modalities]},
        customdata=[
            f"{escape_label(row.source)} → {escape_label(row.target)}<br>most probable without it: "
            f"{escape_label(row.answer_without)}"
            for row in shown.itertuples()
        ],
        hovertemplate="%{customdata}<br>change %{x:+.2f} points<extra></extra>",
    )
    figure.update_layout(
        margin={**MARGIN, "b": 64}, height=126 + 22 * len(shown), bargap=0.3, showlegend=False
    )
    title = f"{escape_label(best)}:<br>change in its probability, points"
    figure.update_xaxes(title=title, range=_range(shown["change_without"]), zeroline=True)
    ticks = [f"{short_label(row.source)} → {short_label(row.target)}" for row in shown.itertuples()]
    return figure.update_yaxes(tickvals=rows, ticktext=ticks, autorange="reversed", automargin=True)


def strongest(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are drawn: those with the greatest changes, in the order of the table."""
    order = table["change_without"].abs().sort_values(ascending=False, kind="stable").index[:SHOWN]
    return table.loc[sorted(order)].reset_index(drop=True)


def left_out_over_time(
    trace: Trace, table: pd.DataFrame, spans: Sequence[tuple[int, int]], best: str
) -> go.Figure:
    """Plot the change in the probability of `best` if a part is left out in single spans of frames.

    `table` is `left_out_spans_table`. Each frame has the change of its span.
    """
    lengths = [stop - start for start, stop in spans]
    figure = go.Figure()
    figure.add_scatter(
        x=trace.times,
        y=table["change_without"].repeat(lengths),
        name=f"change in {escape_label(best)} if left out in this span",
        mode="lines",
        line={"color": "#7F7F7F", "width": 2, "shape": "hvh"},
        fill="tozeroy",
        hovertemplate="%{y:+.2f} points",
    )
    style_time_axis(figure, trace)
    return figure.update_yaxes(
        title="change, points",
        range=_range(table["change_without"]),
        zeroline=True,
    )


def _range(changes: pd.Series) -> list[float]:
    low, high = min(float(changes.min()), 0.0), max(float(changes.max()), 0.0)
    return [min(1.05 * low, -LEAST_RANGE), max(1.05 * high, LEAST_RANGE)]
