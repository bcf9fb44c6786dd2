"""What the page keeps: the only room that caches. Choices, networks, clips, pictures, jobs, the address.

Everything kept is frozen and shared by all visitors, so it is kept as it is (`cache_resource`) rather than
copied for each of them; every cache is bounded.

Imports explorer, opening and work. Start with `shown.Choice`, `clips.open_clip` and `networks.checkpoint`.
"""
