"""The network that a structure describes: attention, blocks, fusion; its size, speed, official variables.

Imports graph. Start with `network.Network`, `attention.PeerAttention` and `blocks.registry.BLOCKS`.
"""

from peerattn.moved import moved

__getattr__ = moved(__name__)
