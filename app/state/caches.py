"""A cache for small results, and a setting of the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


@st.cache_resource(max_entries=256, show_spinner=False)
def cached(key: tuple[object, ...], _make: Callable[[], T]) -> T:
    """Return the result of `_make`, which is called once for each key."""
    return _make()


@cache
def freeze_loaded_objects() -> None:
    """Exclude all objects that are loaded by now from garbage collection; only the first call does anything.

    Streamlit collects garbage after every run of a page, and blocks the server meanwhile. This takes 0.3 s if
    it has to go through everything that the imported modules contain.
    """
    gc.collect()
    gc.freeze()
