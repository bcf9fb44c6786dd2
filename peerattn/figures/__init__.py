"""Figures of traces, structures and evaluations: plotly's, the pyvis level graph, the explorer's."""

from peerattn.figures.attention import (
    attention_lines,
    attention_weights_bar,
    factor_heatmap,
)
from peerattn.figures.level_graph import level_graph
from peerattn.figures.predictions import accuracy_curve, prediction_bars, window_strip

__all__ = [
    "accuracy_curve",
    "attention_lines",
    "attention_weights_bar",
    "factor_heatmap",
    "level_graph",
    "prediction_bars",
    "window_strip",
]
