"""Clips that were measured, each with a button that opens it in Explore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app import keys
from app.parts import user_files
from app.parts.words import clips, percent, plain
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError

MOST_CLIPS = 60
"""The most clips that get a button."""


@dataclass(frozen=True)
class ClipButton:
    """A button that opens a clip: its title, the tooltip, and the function that opens the clip."""

    title: str
    help: str
    open: Callable[[], None]


def show(
    shown: Sequence[tuple[LabelledFile, float]], description: str, probability_of: str, *, name: str
) -> None:
    """Draw a button for each clip, with its probability.

    `description` follows the number of clips in the caption, and `probability_of` names the probability;
    `name` is part of the keys of the buttons.
    """
    buttons = [
        ClipButton(
            f"{file.path.name} · {probability_of} {percent(probability)}",
            str(file.path),
            partial(user_files.open_labelled_clip, file),
        )
        for file, probability in shown
    ]
    with_lower = len(buttons) - MOST_CLIPS
    rest = f"and {with_lower} more with lower probabilities" if with_lower > 0 else ""
    show_buttons(buttons[:MOST_CLIPS], f"{clips(len(buttons))} {description}", rest, name=name)


def show_buttons(buttons: Sequence[ClipButton], caption: str, rest: str, *, name: str) -> None:
    """Draw buttons under a caption; `rest` says what is not among them and may be empty."""
    opening = f". Click {'it' if len(buttons) == 1 else 'one'} to open it in Explore." if buttons else ""
    st.caption(plain(f"{caption}{opening}"))
    with st.container(horizontal=True):
        for index, button in enumerate(buttons):
            key = keys.CLIP.scoped(f"{name}-{index}")
            if st.button(plain(button.title), key=key, help=plain(button.help)):
                try:
                    button.open()
                except PeerattnError as error:
                    st.error(plain(error))
                else:
                    # With widgets bound to the address, Streamlit refuses None for the parameters.
                    st.switch_page("screens/explore.py", query_params={})
    if rest:
        st.caption(rest)
