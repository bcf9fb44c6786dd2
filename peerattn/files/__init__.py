"""Files on disk: the cards and weights of checkpoints, and the folders in which checkpoints are found.

Imports nothing but errors, and no torch. Start with `paths.find_checkpoint`, `cards.read_card` and
`weights.read_weights`.
"""
