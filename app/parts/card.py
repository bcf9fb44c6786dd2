"""The model card of the checkpoint on the page: what it is, how accurate it is, and its limits."""

from __future__ import annotations

import re

import streamlit as st

from app import keys
from app.parts.words import without_links
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.files.model_card import markdown

_CODE = re.compile(r"((?<!\\)`[^`\n]*`)")
_FORMULA = re.compile(r"([$~])")
"""Characters with a meaning in Streamlit's Markdown that a card does not escape."""
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def show(loaded: Checkpoint) -> None:
    """Draw a button that opens the card.

    The card can be longer than the window. The download button is where the keyboard can enter it to scroll.
    """
    with st.popover("About this checkpoint", key=keys.CARD, on_change="rerun") as opened:
        if opened.open:
            st.download_button(
                "Card (Markdown)",
                markdown(loaded.card),
                f"{loaded.name}-card.md",
                "text/markdown",
                on_click="ignore",
                key=keys.CARD_DOWNLOAD,
            )
            st.markdown(text(loaded))


def text(loaded: Checkpoint) -> str:
    """Return the card as Markdown for the page: without links or images, and with bold text for headings."""
    parts = _CODE.split(markdown(loaded.card))
    escaped = "".join(
        part if index % 2 else without_links(_FORMULA.sub(r"\\\1", part)) for index, part in enumerate(parts)
    )
    return _HEADING.sub(r"**\1**", escaped)
