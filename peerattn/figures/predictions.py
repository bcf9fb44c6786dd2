"""Plotly figures of predictions, and of accuracy as connections are pruned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.palette import escape_label
from peerattn.graph.answers import Answer
from peerattn.tables.accuracy import HEADLINES_BY_COLUMN
from peerattn.tables.clip import frame_ends
from peerattn.traces.predicted import leading_indices
from peerattn.traces.trace import Array, Trace

PREDICTION_COLOR = "#56B4E9"
"""Predictions belong to no modality, so they have a hue that no modality uses."""
NEUTRAL = "#7F7F7F"
MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}


def prediction_bars(trace: Trace, top: int = 5) -> go.Figure:
    """Plot the most probable classes or labels of a clip, largest on top.

    Probabilities are the means over the windows of the clip. For labels, a mark shows each threshold.
    """
    order = _most_probable(trace.probabilities, top)[::-1]
    figure = go.Figure(
        go.Bar(
            x=trace.probabilities[order],
            y=np.arange(len(order)),
            orientation="h",
            marker={"color": PREDICTION_COLOR},
            text=[f"{probability:.1%}" for probability in trace.probabilities[order]],
            textposition="outside",
            cliponaxis=False,
            customdata=_names(trace, order),
            hovertemplate="%{customdata}: %{x:.2%}<extra></extra>",
        )
    )
    figure.update_layout(margin={**MARGIN, "r": 48}, height=90 + 28 * len(order), bargap=0.35)
    return _with_axes(figure, trace, order)


def prediction_pair_bars(first: Trace, second: Trace, top: int = 5) -> go.Figure:
    """Plot the most probable classes or labels of the first trace, with those of a second one, B, below A.

    The most probable one of B is always among them. Each bar of B gives its difference from A in percentage
    points.
    """
    order = np.array(_leading_of_both(first, second, top)[::-1])
    rows, names = np.arange(len(order)), _names(first, order)
    before, after = first.probabilities[order], second.probabilities[order]
    differences = 100 * (after - before)
    texts = {
        "A": [f"A {share:.1%}" for share in before],
        "B": [
            f"B {share:.1%}, {difference:+.1f} points".replace("-", "−")
            for share, difference in zip(after, differences, strict=True)
        ],
    }
    markers = {
        "A": {"color": PREDICTION_COLOR},
        "B": {
            "color": "rgba(86,180,233,0.25)",
            "line": {"color": PREDICTION_COLOR, "width": 1},
            "pattern": {"shape": "/", "fgcolor": PREDICTION_COLOR, "size": 5},
        },
    }
    figure = go.Figure()
    for letter, offset, shares in (("A", 0.01, before), ("B", -0.39, after)):
        figure.add_bar(
            x=shares,
            y=rows,
            offset=offset,
            width=0.38,
            orientation="h",
            name=letter,
            marker=markers[letter],
            text=texts[letter],
            textposition="outside",
            cliponaxis=False,
            customdata=names,
            hovertemplate=f"{letter} · %{{customdata}}: %{{x:.2%}}<extra></extra>",
        )
    figure.update_layout(
        margin={**MARGIN, "r": 136}, height=90 + 44 * len(order), barmode="overlay", showlegend=False
    )
    return _with_axes(figure, first, order)


def prediction_pair_words(first: Trace, second: Trace, top: int = 5) -> str:
    """Return the numbers of `prediction_pair_bars` as a line of text."""
    return "; ".join(
        f"{first.class_names[index]}: A {first.probabilities[index]:.1%}, B {second.probabilities[index]:.1%}"
        for index in _leading_of_both(first, second, top)
    )


def _leading_of_both(first: Trace, second: Trace, top: int) -> list[int]:
    """Return the most probable classes of the first trace and that of the second, by falling probability."""
    leading = [*_most_probable(first.probabilities, top), *_most_probable(second.probabilities, 1)]
    return [int(index) for index in dict.fromkeys(leading)]


def _names(trace: Trace, order: np.ndarray) -> list[str]:
    return [escape_label(trace.class_names[index]) for index in order]


def _with_axes(figure: go.Figure, trace: Trace, order: np.ndarray) -> go.Figure:
    """Add the axes of bars of these classes or labels, and a mark for each threshold."""
    answer = trace.structure.answer
    windows = "its only window" if len(trace.windows) == 1 else f"mean over {len(trace.windows)} windows"
    BAR_MARKS[answer.kind](figure, answer, order.tolist())
    title = f"{PROBABILITY_TITLES[answer.kind]} for the clip ({windows})"
    figure.update_xaxes(title=title, range=[0, 1], tickformat=".0%", automargin=True)
    look = {"showgrid": False, "zeroline": False, "automargin": True}
    return figure.update_yaxes(tickvals=np.arange(len(order)), ticktext=_names(trace, order), **look)


def _no_marks(figure: go.Figure, answer: Answer, numbers: Sequence[int]) -> None:
    """Add nothing: the answer is the most probable class, so there is no threshold to mark."""


def _threshold_marks(figure: go.Figure, answer: Answer, numbers: Sequence[int]) -> None:
    """Mark under each bar the probability from which its label counts as found."""
    thresholds = [answer.threshold(number) for number in numbers]
    figure.add_scatter(
        x=thresholds,
        y=np.arange(len(numbers)) - 0.44,  # in the gap between two bars, so that it covers no number
        mode="markers",
        marker={"symbol": "triangle-up", "size": 8, "color": NEUTRAL},
        hovertemplate="found from %{x:.1%}<extra></extra>",
        cliponaxis=False,
    )
    figure.update_layout(showlegend=False)


BAR_MARKS: Mapping[str, Callable[[go.Figure, Answer, Sequence[int]], None]] = {
    "classes": _no_marks,
    "labels": _threshold_marks,
}
"""Kind of answer → function that adds marks to the bars of the classes or labels with these indices."""
PROBABILITY_TITLES = {"classes": "probability", "labels": "probability of each label"}
"""Kind of answer → what the axis of the bars shows."""


def window_strip(trace: Trace, top: int = 5, *, name: str = "") -> go.Figure:
    """Plot the probabilities of each window over time.

    Rows are the most probable classes or labels of the clip, and those that any window predicts. The title
    begins with `name`.
    """
    order = leading_indices(trace, top)[::-1]
    names = [escape_label(trace.class_names[index]) for index in order]
    grid = np.stack([window.probabilities[order] for window in trace.windows], axis=1)  # (classes, windows)
    edges = [trace.times[window.start] for window in trace.windows]
    edges.append(frame_ends(trace.times)[-1])
    figure = go.Figure(
        go.Heatmap(
            z=grid,
            x=edges,
            y=np.arange(len(order)),
            zmin=0,
            zmax=1,
            # Translucent, so that the text colours of both the light and the dark theme stay legible on it.
            colorscale=[[0, "rgba(86,180,233,0.05)"], [1, "rgba(86,180,233,0.5)"]],
            showscale=False,
            xgap=2,
            ygap=2,
            customdata=[[name] * len(trace.windows) for name in names],
            hovertemplate="%{customdata}: %{z:.2%}<extra></extra>",
        )
    )
    rows, columns = np.indices(grid.shape)
    figure.add_scatter(
        x=(np.add(edges[:-1], edges[1:]) / 2)[columns.ravel()],
        y=rows.ravel(),
        text=[f"{probability:.0%}" for probability in grid.ravel()],
        mode="text",
        hoverinfo="skip",
        showlegend=False,
    )
    count = len(trace.windows)
    windows = f"each of the {count} windows" if count > 1 else "the only window"
    title = f"{PROBABILITY_TITLES[trace.structure.answer.kind].capitalize()} in {windows}"
    look_of_title = {
        "text": f"{escape_label(name)}: {title}" if name else title,
        "font": {"size": 14, "weight": 400},
        "x": 0,
        "xref": "paper",
        "yanchor": "top",
    }
    figure.update_layout(title=look_of_title, margin=MARGIN, height=90 + 28 * len(order))
    look = {"showgrid": False, "zeroline": False, "automargin": True}
    figure.update_xaxes(title="time (s)", range=[edges[0], edges[-1]], **look)
    return figure.update_yaxes(tickvals=np.arange(len(order)), ticktext=names, **look)


def _most_probable(probabilities: Array, top: int) -> np.ndarray:
    return np.argsort(-probabilities, kind="stable")[:top]


def _interval_texts(table: pd.DataFrame) -> list[str]:
    """Return the interval of each row in words, or the reason why the row has none."""
    rows = zip(table["low"], table["high"], table["remark"], strict=True)
    return [remark or f"95 %: {low:.1%} to {high:.1%}" for low, high, remark in rows]


def accuracy_curve(table: pd.DataFrame, *, threshold: float | None = None) -> go.Figure:
    """Plot the score and its 95 % interval by pruning threshold, from `tables.accuracy.accuracy_table`.

    The curve is a step function: connections with a weight below the threshold are removed, so the score only
    changes at a connection weight, and each row applies from just above the threshold of the row before it.
    A dashed line marks `threshold`.
    """
    figure, score = go.Figure(), next(score for name, score in HEADLINES_BY_COLUMN.items() if name in table)
    step = {"shape": "vh", "color": PREDICTION_COLOR}
    band = {
        "x": table["threshold"],
        "mode": "lines",
        "line": {**step, "width": 0},
        "hoverinfo": "skip",
    }
    figure.add_scatter(y=table["high"], name="high", showlegend=False, **band)
    figure.add_scatter(
        y=table["low"],
        name="95 % interval",
        fill="tonexty",
        fillcolor="rgba(86,180,233,0.25)",
        **band,
    )
    figure.add_scatter(
        x=table["threshold"],
        y=table[score.name],
        name=score.title,
        mode="lines+markers",
        line={**step, "width": 2},
        marker={"size": 5},
        customdata=list(zip(_interval_texts(table), table["kept"], table["removed"], strict=True)),
        hovertemplate=f"threshold %{{x:.4f}}<br>{score.short} %{{y:.1%}}"
        "<br>%{customdata[0]}<br>%{customdata[1]} connections kept, %{customdata[2]} removed<extra></extra>",
    )
    if threshold is not None:
        figure.add_vline(
            x=threshold,
            line={"color": NEUTRAL, "dash": "dash", "width": 1.5},
            annotation={
                "text": f"threshold {threshold:.3f}",
                "yref": "paper",
                "y": 1,
                "yanchor": "bottom",
            },
        )
    figure.update_layout(
        margin={**MARGIN, "t": 60},
        height=340,
        legend={"orientation": "h", "y": 1.12, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(
        title="pruning threshold",
        range=[0, 1],
        automargin=True,
    )
    counts = sorted(set(table["n"]))
    title = f"{score.title} (n = {counts[0]})" if len(counts) == 1 else score.title
    return figure.update_yaxes(title=title, range=[0, 1], tickformat=".0%", automargin=True)
