"""The card of the checkpoint on the page, to read: what it is, how well it does, what it cannot do."""

from __future__ import annotations

import re

import streamlit as st

from app import keys
from app.parts.words import inert
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.files.model_card import markdown

_CODE = re.compile(r"((?<!\\)`[^`\n]*`)")
_FORMULA = re.compile(r"([$~])")
"""What Streamlit's Markdown reads beyond what a card escapes."""
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def show(loaded: Checkpoint) -> None:
    """A button that opens the card."""
    with st.popover("About this checkpoint", key=keys.CARD, on_change="rerun") as opened:
        if opened.open:
            st.markdown(text(loaded))


def text(loaded: Checkpoint) -> str:
    """The card as the page shows it; nothing in it links or loads, and titles are no headings of the page."""
    parts = _CODE.split(markdown(loaded.card))
    plain = "".join(
        part if place % 2 else inert(_FORMULA.sub(r"\\\1", part)) for place, part in enumerate(parts)
    )
    return _HEADING.sub(r"**\1**", plain)
