"""Small results kept by a key of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


@st.cache_resource(max_entries=256, show_spinner=False)
def kept(key: tuple[object, ...], _make: Callable[[], T]) -> T:
    """What `_make` returns, made once for a key."""
    return _make()
