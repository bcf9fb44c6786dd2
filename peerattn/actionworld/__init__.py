"""Generated clips of a figure acting on an object."""

from peerattn.moved import moved

__getattr__ = moved(__name__)
