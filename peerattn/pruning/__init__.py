"""Pruning: connections below a threshold masked or removed, accuracy as a function of the threshold, and the
health report.

Imports graph, scores, network, data and recording. Start with `threshold.prune`, `curve.threshold_curve` and
`health.report.examine`.
"""
