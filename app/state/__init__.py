"""The state and all caches of the app: choices, networks, clips, pictures, jobs, the address.

Cached values are frozen and shared by all users, so they are not copied for each of them
(`cache_resource`). Every cache is bounded.

Imports explorer, opening and work. Start with `opened.Choice`, `clips.open_clip` and `networks.checkpoint`.
"""
