"""The connectivity drawing on the page: its parts have tooltips and can be clicked, its text selected."""

from __future__ import annotations

from collections.abc import Callable, Collection

import streamlit as st

from app.keys import ComponentState, Key
from peerattn.figures.scene import Colors
from peerattn.figures.scripts import read_part

PAGE_COLORS = Colors("currentColor", "var(--st-background-color)")
"""The colours of the page, in both the light and the dark theme."""

_drawing = st.components.v2.component(
    "peerattn_drawing",
    html="<div class='drawing' role='group' aria-label='Connectivity'></div>",
    css=read_part("streamlit/drawing.css"),
    js=read_part("streamlit/drawing.js"),
)


def drawing(
    svg: str, *, key: Key[ComponentState], highlighted: Collection[str], on_click: Callable[[str], None]
) -> None:
    """Show a drawing made by `connectivity_svg`; if any parts are highlighted, all others are faint.

    Parts are named `connection <key>` and `block <id>`. A click calls `on_click` with the name of the part,
    or with an empty text outside all parts.
    """

    def clicked() -> None:
        state = key.get()
        if state and state.get("clicked") is not None:
            on_click(state["clicked"])

    _drawing(key=key, data={"svg": svg, "lit": sorted(highlighted)}, on_clicked_change=clicked)
