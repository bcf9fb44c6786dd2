"""Figures of traces, structures and evaluations: plotly figures, the level graph, explorer, reports, films.

Imports graph, traces and tables, and no torch. Start with `pyvis_graph.level_graph`,
`attention.attention_lines` and `report.report_html`.
"""
