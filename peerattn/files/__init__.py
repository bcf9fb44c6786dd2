"""What lies on the disk: the card and the weights of a checkpoint, where checkpoints are found.

Imports nothing but errors, and no torch. Start with `places.find_checkpoint`, `cards.read_card` and
`weights.read_weights`.
"""
