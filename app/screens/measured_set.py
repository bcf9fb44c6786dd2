"""What the Effect screen says of measurements that ship, on clips that do not."""

from __future__ import annotations

import streamlit as st

from app.parts.words import plain
from app.work import shipped

MISSING = "This was not measured on these clips. Choose a folder of clips to measure it."


def say_origin(checkpoint: str, file: str) -> None:
    """Say on which clips a measurement was made, if it ships without them."""
    if clips := shipped.origin(checkpoint, file).clips:
        st.caption(plain(f"Measured on {clips}. The clips themselves are not part of this app."))
