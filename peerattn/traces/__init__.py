"""Recordings as plain arrays: the trace of one clip, the comparison of two traces, and the history of a
training.

Imports files and graph, and no torch. Start with `trace.Trace`, `comparison.merge_structures` and
`history.History`.
"""
