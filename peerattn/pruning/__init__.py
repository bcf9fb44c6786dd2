"""A smaller network: connections below a threshold masked or gone, and accuracy along the thresholds.

Imports graph, scores, network, data and recording. Start with `threshold.prune`, `threshold.masked` and
`curve.threshold_curve`.
"""

from peerattn.moved import moved

__getattr__ = moved(__name__)
