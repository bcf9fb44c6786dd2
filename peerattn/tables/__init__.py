"""Traces, evaluations, structures and histories as pandas tables: the numbers behind every figure and export.

Column names are the field's terms with their unit (`_s`: seconds); factors, weights and probabilities have no
unit. Frames and windows count from 1, as in the app. Shapes: T frames, C channels, P peers.

Imports graph, traces and scores, and no torch. Start with `attention.connections_table`,
`share.modality_share` and `evaluation.classes_table`.
"""
