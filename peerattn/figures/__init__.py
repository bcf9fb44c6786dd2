"""Figures of traces, structures and evaluations: plotly's, the pyvis level graph, the explorer's."""

from peerattn.figures.attention import (
    attention_lines,
    attention_weights_bar,
    factor_heatmap,
)
from peerattn.figures.connectivity import connectivity_svg
from peerattn.figures.level_graph import level_graph
from peerattn.figures.predictions import accuracy_curve, prediction_bars, window_strip
from peerattn.figures.weights import weights_by_source

__all__ = [
    "accuracy_curve",
    "attention_lines",
    "attention_weights_bar",
    "connectivity_svg",
    "factor_heatmap",
    "level_graph",
    "prediction_bars",
    "weights_by_source",
    "window_strip",
]
