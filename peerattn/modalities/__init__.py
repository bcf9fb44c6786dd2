"""Frames -> `Clip`: the modalities that a network reads, rgb, optical flow and object maps."""

from peerattn.modalities.clip import Clip, ClipSettings, ObjectMaps

__all__ = ["Clip", "ClipSettings", "ObjectMaps"]
