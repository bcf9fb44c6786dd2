"""A smaller network: connections below a threshold masked or gone, and accuracy along the thresholds.

Imports graph, scores, network, data and recording. Start with `threshold.prune`, `threshold.masked` and
`curve.threshold_curve`.
"""
