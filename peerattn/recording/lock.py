"""The lock that allows one recording at a time: two on one network would run each other's hooks."""

import threading

RECORDING = threading.RLock()
"""Held while a clip is recorded, and by code that copies or changes a network that others may record."""
