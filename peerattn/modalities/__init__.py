"""Frames -> `Clip`: the modalities that a network reads, rgb, optical flow and object maps."""

from peerattn.modalities.clip import Clip, ClipSettings, ObjectMaps, Origin
from peerattn.modalities.flow import optical_flow
from peerattn.modalities.objects import read_objects, write_objects
from peerattn.modalities.prepare import prepare
from peerattn.modalities.segmenter import (
    GENERATED_SEGMENTER,
    SEGMENTER,
    Segmenter,
    estimate_objects,
    load_segmenter,
    segmenter_for,
    segmenter_name,
)
from peerattn.modalities.windows import windows

__all__ = [
    "GENERATED_SEGMENTER",
    "SEGMENTER",
    "Clip",
    "ClipSettings",
    "ObjectMaps",
    "Origin",
    "Segmenter",
    "estimate_objects",
    "load_segmenter",
    "optical_flow",
    "prepare",
    "read_objects",
    "segmenter_for",
    "segmenter_name",
    "windows",
    "write_objects",
]
