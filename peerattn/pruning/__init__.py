"""Pruning: connections below a threshold masked or removed, and accuracy as a function of the threshold.

Imports graph, scores, network, data and recording. Start with `threshold.prune`, `threshold.masked` and
`curve.threshold_curve`.
"""
