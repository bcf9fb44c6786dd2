"""Charts that can be kept as SVG, PNG and CSV, and read as a table.

The panels below the explorer: what is selected and the whole clip, in tabs under the explorer's cursor.

Three mounts, as the explorer has: the script with plotly (constant, sent once), the clip's panels (constant
for a clip and checkpoint) and the panels of what is selected. Moving the cursor and changing tabs run no
Python.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import keys
from app.explorer.component import DIGEST, Selection
from app.keys import ComponentState, Key
from peerattn.figures.panels import Panel, make_panel
from peerattn.figures.scripts import panels_script

_script = st.components.v2.component(
    "peerattn_panels_script",
    html="<span hidden></span>",
    js=panels_script()
    + "\nexport default () => { globalThis.dispatchEvent(new Event('peerattn-panels')); };",
)
_clip = st.components.v2.component(
    "peerattn_clip_panels",
    html="<span hidden></span>",
    js="""export default ({ data }) => {
  (globalThis.peerattnClipPanels ??= new Map()).set(data.key, data);
  globalThis.dispatchEvent(new Event("peerattn-panels"));
};""",
)
_panels = st.components.v2.component(
    "peerattn_panels",
    html="<section class='details' aria-label='panels'></section>",
    js="""export default ({ parentElement, data, setTriggerValue }) => {
  const root = parentElement.querySelector(".details");
  root.data = data;
  root.pick = (place) => setTriggerValue("picked", place);
  if (!root.show) {
    root.show = () => {
      const clip = root.data.panels ? root.data : globalThis.peerattnClipPanels?.get(root.data.key);
      if (!globalThis.peerattnPanels || clip?.recording !== root.data.recording) return;
      const shown = root.data;
      if (root.shown !== shown) globalThis.peerattnPanels.show(root, { ...shown, clip: clip.panels });
      root.shown = shown;
    };
    globalThis.addEventListener("peerattn-panels", root.show);
  }
  root.show();
  return () => {
    globalThis.removeEventListener("peerattn-panels", root.show);
    globalThis.peerattnPanels?.remove(root);
  };
};""",
)


def load_script() -> None:
    """Bring plotly and the panels' script to the page: once, outside any fragment that draws panels.

    It is large: even unchanged, each run that holds it costs 14 ms here and 20 ms in the browser.
    """
    _script(key=keys.PEERATTN_PANELS_SCRIPT)


def show_panels(
    packed: bytes,
    clip: list[Panel],
    *,
    key: Key[ComponentState],
    selection: Selection | None,
    title: str,
    own: list[Panel],
) -> None:
    """Draw the panels of `figures.panels` under the explorer that shows `packed`.

    `own` are those of the selection, under its title. The page needs `script` too.
    """
    recording = packed[:DIGEST].decode()
    chosen = (
        {"kind": selection.kind, "id": selection.id, "title": title, "panels": own} if selection else None
    )
    with st.container(gap=None):
        _clip(key=key.scoped("clip"), data={"key": key, "recording": recording, "panels": clip})
        _panels(key=key, data={"key": key, "recording": recording, "selection": chosen})


def show_chart(
    title: str,
    about: str,
    figure: go.Figure,
    table: pd.DataFrame,
    *,
    key: Key[ComponentState],
    on_pick: Callable[[int, int], None] | None = None,
) -> None:
    """One chart by itself under its title, with the same buttons; `about` says what it shows.

    `on_pick` hears of the row and column of a heat map's cell that was clicked. The page needs `script` too.
    """

    def picked() -> None:
        place = key.value.get("picked")
        if place and on_pick:
            on_pick(*place)

    drawn = make_panel(key, title, about, figure, table) | {"picks": on_pick is not None}
    data = {"key": key, "recording": None, "panels": [drawn], "selection": None}
    _panels(key=key, data=data, on_picked_change=picked)
