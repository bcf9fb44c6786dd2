"""The network that a structure describes: attention, blocks, fusion; its size, speed, official variables.

Imports graph. Start with `network.Network`, `attention.PeerAttention` and `blocks.registry.BLOCKS`.
"""
