"""Video file -> `Frames`, decoded in a process of its own that imports no torch."""

from peerattn.video.decoding import decode, decode_ids, probe
from peerattn.video.frames import Frames, Limits, VideoInfo

__all__ = ["Frames", "Limits", "VideoInfo", "decode", "decode_ids", "probe"]
