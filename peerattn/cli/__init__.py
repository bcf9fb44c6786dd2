"""The commands of `peerattn`, one file per group of commands, and what they print.

May import every room. A command imports its dependencies only when it runs, so that `--help` and errors in
options appear at once. Only the modules that are imported in this way (`*_run`, `*_reports`, `measuring`) may
load torch. Start with `networks.evaluate_command`, `clips.record_command` and `console.exit_on_error`.
"""
