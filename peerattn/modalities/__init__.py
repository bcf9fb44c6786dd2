"""Frames -> `Clip`: the modalities that a network reads, rgb, optical flow and object maps."""
