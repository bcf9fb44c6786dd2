"""What a visitor brings: videos, object maps, traces, sessions, structures, zips of labelled clips.

Imports none of the app's rooms. Start with `files.Shelf`, `session.Session` and `structures.Chosen`.
"""
