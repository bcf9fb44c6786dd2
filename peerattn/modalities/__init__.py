"""Frames -> `Clip`: the modalities that a network reads, rgb, optical flow and object maps."""

from peerattn.moved import moved

__getattr__ = moved(__name__)
