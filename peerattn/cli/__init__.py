"""The commands of `peerattn`, one file a group, and what they print.

May import every room. A command imports what it needs when it runs, so that help and refusals come at once:
only modules that commands import so (those in _run and _reports, `measuring`) may load torch. Start with
`networks.evaluate_command`, `clips.record_command` and `console.refusals`.
"""
