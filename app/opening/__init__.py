"""The files that a user opens: videos, object maps, traces, sessions, structures, zips of labelled clips.

Imports none of the app's rooms. Start with `files.UploadFolder`,
`session.Session` and `structures.StructureChoice`.
"""
