"""The browser component of player, level graph and timeline, and the panels below it.

Imports none of the app's rooms. Start with `component.show_explorer`, `component.pack_trace` and
`panels.show_panels`.
"""
