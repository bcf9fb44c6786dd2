"""Clips of a measured folder, each with a button that opens it in Explore."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import keys
from app.parts import user_files
from app.parts.words import clips, percent, plain
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError

MOST_CLIPS = 60
"""The most clips that get a button."""


def show(
    shown: Sequence[tuple[LabelledFile, float]], description: str, probability_of: str, *, name: str
) -> None:
    """Draw a button for each clip, with its probability.

    `description` follows the number of clips in the caption, and `probability_of` names the probability;
    `name` is part of the keys of the buttons.
    """
    opening = f". Click {'it' if len(shown) == 1 else 'one'} to open it in Explore." if shown else ""
    st.caption(plain(f"{clips(len(shown))} {description}{opening}"))
    with st.container(horizontal=True):
        for index, (file, probability) in enumerate(shown[:MOST_CLIPS]):
            title = f"{plain(file.path.name)} · {plain(probability_of)} {percent(probability)}"
            if st.button(title, key=keys.CLIP.scoped(f"{name}-{index}"), help=plain(file.path)):
                try:
                    user_files.open_labelled_clip(file)
                except PeerattnError as error:
                    st.error(plain(error))
                else:
                    # With widgets bound to the address, Streamlit refuses None for the parameters.
                    st.switch_page("screens/explore.py", query_params={})
    if len(shown) > MOST_CLIPS:
        st.caption(f"and {len(shown) - MOST_CLIPS} more with lower probabilities")
