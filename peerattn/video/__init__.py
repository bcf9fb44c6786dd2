"""Video file -> `Frames`, decoded in a process of its own that imports no torch."""

from peerattn.video.frames import Frames, Limits, VideoInfo

__all__ = ["Frames", "Limits", "VideoInfo"]
