"""Scores of a network's answers: accuracies with their intervals, calibration, and the verdict on a clip.

Imports files and traces, and no torch. Start with `evaluation.Evaluation`, `intervals.share_interval` and
`verdict.verdict`.
"""
