"""A Plotly figure of what pairs of components cost beyond the sum of each alone."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.effects import LOOKS, dot_rows, interval_bars
from peerattn.figures.palette import escape_label
from peerattn.figures.predictions import NEUTRAL

_, REDUNDANT_COLOR, FULL = LOOKS["yes"]
NAMES = {
    True: ("redundant: more than the sum", REDUNDANT_COLOR, FULL),
    False: ("not shown to be redundant", NEUTRAL, "circle-open"),
}
"""Whether the interval is above 0 → the name in the legend, colour and symbol."""


def pair_dots(table: pd.DataFrame) -> go.Figure:
    """Plot what each pair costs beyond the sum, from `tables.effect_pairs.pairs_table`, the most on top.

    Horizontal lines are 95 % intervals; the vertical line marks the sum of each alone.
    """
    rows = pd.Series(range(len(table) - 1, -1, -1), index=table.index)
    figure, redundant = go.Figure(), table["low_nats"] > 0
    for is_redundant, (name, color, symbol) in NAMES.items():
        own = table[redundant == is_redundant]
        if len(own):
            figure.add_scatter(
                x=own["beyond_sum_nats"],
                y=rows[own.index],
                name=name,
                mode="markers",
                marker={"color": color, "symbol": symbol, "size": 9, "line": {"width": 2, "color": color}},
                error_x=interval_bars(own, "beyond_sum_nats", "nats", color),
                customdata=list(
                    zip(
                        map(escape_label, own["pair"]),
                        own["sum_of_rises_nats"],
                        own["rise_of_both_nats"],
                        own["difference_points"],
                        strict=True,
                    )
                ),
                hovertemplate="%{customdata[0]}: %{x:+.3f} nats<br>each alone, summed %{customdata[1]:.3f}, "
                "both %{customdata[2]:.3f} nats<br>score with both %{customdata[3]:+.1f} points"
                "<extra></extra>",
            )
    names = [escape_label(name) for name in table["pair"]]
    return dot_rows(figure, rows, names, "beyond the sum, in nats")
