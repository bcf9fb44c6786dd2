"""Figures of traces, structures and evaluations: plotly's, the pyvis level graph, the explorer's."""
