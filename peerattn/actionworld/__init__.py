"""Generated clips of a figure that acts on an object.

Imports nothing but errors. Start with `clips.generate`, `clips.CLASS_NAMES` and `scene.ACTIONS`.
"""
