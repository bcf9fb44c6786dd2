"""Where the cache lies, and how large it may grow."""

from __future__ import annotations

import os
from pathlib import Path

GIGABYTE = 10**9
LIMIT = 20 * GIGABYTE
"""Bytes, where a folder says nothing else."""


def default_folder() -> Path:
    """`$PEERATTN_CACHE`, else the user's own cache folder."""
    chosen = os.environ.get("PEERATTN_CACHE")
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(caches) / "peerattn"
