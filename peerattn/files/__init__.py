"""Files on disk: cards and weights of checkpoints, the folders in which they are found, JSON → dataclasses.

Imports nothing but errors, and no torch. Start with `paths.find_checkpoint`, `cards.read_card` and
`weights.read_weights`.
"""
