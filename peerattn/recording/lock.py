"""One recording at a time: two on one network would hear each other's hooks."""

import threading

RECORDING = threading.RLock()
"""Held while a clip is recorded; whoever copies or changes a network that others record on holds it too."""
