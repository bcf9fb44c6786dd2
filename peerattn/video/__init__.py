"""Video file -> `Frames`, decoded in a process of its own that imports no torch."""

from peerattn.moved import moved

__getattr__ = moved(__name__)
