"""Clips of a measured folder, each with a button that opens it in Explore."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import keys
from app.parts import user_files
from app.parts.words import percent, plain
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError

MOST_CLIPS = 60
"""The most clips that get a button."""


def show(clips: Sequence[tuple[LabelledFile, float]], description: str, *, name: str) -> None:
    """Draw a button for each clip, with its probability.

    `description` follows the number of clips in the caption; `name` is part of the keys of the buttons.
    """
    count = {0: "No clip", 1: "One clip"}.get(len(clips), f"{len(clips)} clips")
    st.caption(plain(f"{count} {description}" + (". Click one to open it in Explore." if clips else "")))
    with st.container(horizontal=True):
        for index, (file, probability) in enumerate(clips[:MOST_CLIPS]):
            title = f"{plain(file.path.name)} · probability {percent(probability)}"
            if st.button(title, key=keys.CLIP.scoped(f"{name}-{index}"), help=plain(file.path)):
                try:
                    user_files.open_labelled_clip(file)
                except PeerattnError as error:
                    st.error(plain(error))
                else:
                    # With widgets bound to the address, Streamlit refuses None for the parameters.
                    st.switch_page("screens/explore.py", query_params={})
    if len(clips) > MOST_CLIPS:
        st.caption(f"and {len(clips) - MOST_CLIPS} more with lower probabilities")
