"""Clips of a folder that was measured, each a button that opens it in Explore."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import keys
from app.parts import visitor_files
from app.parts.words import percent, plain
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError

MOST_CLIPS = 60
"""Clips that get a button."""


def show(clips: Sequence[tuple[LabelledFile, float]], said: str, *, of: str) -> None:
    """The clips with their probabilities; `said` is put after their number, `of` a part of their keys."""
    count = {0: "No clip", 1: "One clip"}.get(len(clips), f"{len(clips)} clips")
    st.caption(plain(f"{count} {said}" + ("; a click opens it in Explore" if clips else "")))
    with st.container(horizontal=True):
        for place, (file, probability) in enumerate(clips[:MOST_CLIPS]):
            title = f"{plain(file.path.name)} · {percent(probability)}"
            if st.button(title, key=keys.CLIP.of(f"{of}-{place}"), help=plain(file.path)):
                try:
                    visitor_files.bring(file)
                except PeerattnError as error:
                    st.error(plain(error))
                else:
                    st.switch_page("screens/explore.py", query_params={})  # None: refused where one is bound
    if len(clips) > MOST_CLIPS:
        st.caption(f"and {len(clips) - MOST_CLIPS} more, less sure ones")
