"""Charts that can be saved as SVG, PNG and CSV, and read as a table.

The panels below the explorer show the selection and the whole clip in tabs, and follow the explorer's cursor.

Like the explorer, they are mounted as three Streamlit components: the script with plotly (constant, sent
once), the panels of the clip (constant for a clip and checkpoint), and the panels of the selection. Moving
the cursor and changing tabs run no Python.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import keys
from app.explorer.component import DIGEST_LENGTH, Selection
from app.keys import ComponentState, Key
from peerattn.figures.panels import Panel, figure_json, make_panel
from peerattn.figures.scripts import panels_script, read_part

_script = st.components.v2.component(
    "peerattn_panels_script",
    html="<span hidden></span>",
    js=f"{panels_script()}\n{read_part('streamlit/panels_script.js')}",
)
_clip = st.components.v2.component(
    "peerattn_clip_panels", html="<span hidden></span>", js=read_part("streamlit/clip_panels.js")
)
_panels = st.components.v2.component(
    "peerattn_panels",
    html="<section class='details' aria-label='panels'></section>",
    js=read_part("streamlit/panels.js"),
)
_bare_chart = st.components.v2.component(
    "peerattn_bare_chart", html="<div class='bare' role='img'></div>", js=read_part("streamlit/bare_chart.js")
)


def load_script() -> None:
    """Send plotly and the panels' script to the page; call it once, outside the fragments that show panels.

    The script is large: even unchanged, it costs each run 14 ms on the server and 20 ms in the browser.
    """
    _script(key=keys.PEERATTN_PANELS_SCRIPT)


def show_panels(
    packed: bytes,
    clip_panels: list[Panel],
    *,
    key: Key[ComponentState],
    selection: Selection | None,
    title: str,
    selection_panels: list[Panel],
) -> None:
    """Show panels of `peerattn.figures.panels` below the explorer that shows `packed`.

    `clip_panels` are those of the clip, `selection_panels` those of the selection, shown under
    `title`. The page also needs `load_script`.
    """
    recording = packed[:DIGEST_LENGTH].decode()
    selected = (
        {"kind": selection.kind, "id": selection.id, "title": title, "panels": selection_panels}
        if selection
        else None
    )
    with st.container(gap=None):
        _clip(key=key.scoped("clip"), data={"key": key, "recording": recording, "panels": clip_panels})
        _panels(key=key, data={"key": key, "recording": recording, "selection": selected})


def show_chart(
    title: str,
    about: str,
    figure: go.Figure,
    table: pd.DataFrame,
    *,
    key: Key[ComponentState],
    on_pick: Callable[[int, int], None] | None = None,
) -> None:
    """Show one chart by itself under its title, with the same buttons; `about` explains what it shows.

    `on_pick` is called with the row and column of a heat map's cell when it is clicked. The page also needs
    `load_script`.
    """

    def picked() -> None:
        cell = key.value.get("picked")
        if cell and on_pick:
            on_pick(*cell)

    chart_panel = make_panel(key, title, about, figure, table) | {"picks": on_pick is not None}
    data = {"key": key, "recording": None, "panels": [chart_panel], "selection": None}
    _panels(key=key, data=data, on_picked_change=picked)


def show_bare_chart(description: str, figure: go.Figure, *, key: Key[ComponentState]) -> None:
    """Show a chart without title and buttons, whose numbers are elsewhere on the page.

    `description` is for screen readers. The page also needs `load_script`: the plotly of the panels draws the
    chart, whereas `st.plotly_chart` would make the browser read another one, of 5 MB.
    """
    _bare_chart(key=key, data={"description": description, "figure": figure_json(figure)})
