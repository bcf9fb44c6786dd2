"""The browser component: the player, the level graph and the timeline in one, and the panels beside it.

Imports none of the app's rooms. Start with `component.explorer`, `component.pack` and `panels.panels`.
"""
