"""Video file → `Frames`, decoded in a separate process that does not import torch.

Imports nothing but errors, and no torch. Start with `decoding.decode`, `frames.Frames` and `frames.Limits`.
"""
