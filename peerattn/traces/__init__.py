"""What was recorded, as plain arrays: one clip's trace, two compared, the history of a training.

Imports files and graph, and no torch. Start with `trace.Trace`, `comparison.merged` and
`history.History`.
"""
