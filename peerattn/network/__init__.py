"""The network that a structure describes: its attention, blocks and fusion, its size and speed, and the
conversion from and to the official TensorFlow variables.

Imports graph. Start with `network.Network`, `attention.PeerAttention` and
`blocks.registry.BLOCKS`.
"""
