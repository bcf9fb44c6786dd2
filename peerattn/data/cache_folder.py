"""The default location and size limit of the cache."""

from __future__ import annotations

import os
from pathlib import Path

GIGABYTE = 10**9
LIMIT = 20 * GIGABYTE
"""Bytes, unless a limit is stored in the cache's folder."""


def default_folder() -> Path:
    """Return `$PEERATTN_CACHE`, or else `peerattn` in the user's cache folder."""
    chosen = os.environ.get("PEERATTN_CACHE")
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(caches) / "peerattn"
