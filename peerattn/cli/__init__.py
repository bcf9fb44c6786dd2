"""The commands of `peerattn`, one file a group, and what they print.

May import every room. Start with `networks.evaluate_command`, `clips.record_command` and
`console.refusals`.
"""
