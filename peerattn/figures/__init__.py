"""Figures of traces, structures and evaluations: plotly's, the pyvis level graph, the explorer's."""

from peerattn.figures.attention import attention_lines, factor_heatmap
from peerattn.figures.confusion import confusion_matrix
from peerattn.figures.connectivity import connectivity_svg
from peerattn.figures.level_graph import level_graph
from peerattn.figures.panels import Panel, block_panels, clip_panels, connection_panels
from peerattn.figures.peers import attention_weights_bar, peer_matrix
from peerattn.figures.predictions import accuracy_curve, prediction_bars, window_strip
from peerattn.figures.shares import arriving_areas, share_areas
from peerattn.figures.spread import activity_line, factors_by_level, joined_connections
from peerattn.figures.weights import weights_by_source

__all__ = [
    "Panel",
    "accuracy_curve",
    "activity_line",
    "arriving_areas",
    "attention_lines",
    "attention_weights_bar",
    "block_panels",
    "clip_panels",
    "confusion_matrix",
    "connection_panels",
    "connectivity_svg",
    "factor_heatmap",
    "factors_by_level",
    "joined_connections",
    "level_graph",
    "peer_matrix",
    "prediction_bars",
    "share_areas",
    "weights_by_source",
    "window_strip",
]
