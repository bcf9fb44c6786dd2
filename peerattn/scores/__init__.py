"""What answers are worth: accuracies with their intervals, calibration, verdict.

Imports traces, and no torch. Start with `evaluation.Evaluation`, `intervals.share_interval` and
`verdict.verdict`.
"""
