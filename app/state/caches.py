"""Small results kept by a key of their own."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


@st.cache_resource(max_entries=256, show_spinner=False)
def kept(key: tuple[object, ...], _make: Callable[[], T]) -> T:
    """What `_make` returns, made once for a key."""
    return _make()


@cache
def settle() -> None:
    """Once: what is loaded by now stays, so garbage is looked for among what comes later.

    Streamlit looks for it after every run of a page, while the server answers nobody: 0.3 s, as long as all
    that the modules hold is looked through each time.
    """
    gc.collect()
    gc.freeze()
