"""The connectivity drawing on the page: its parts have tooltips and can be clicked, its text selected."""

from __future__ import annotations

from collections.abc import Callable, Collection

import streamlit as st

from app.keys import ComponentState, Key
from peerattn.figures.scene import Colors

PAGE_COLORS = Colors("currentColor", "var(--st-background-color)")
"""The colours of the page, in both the light and the dark theme."""

_drawing = st.components.v2.component(
    "peerattn_drawing",
    html="<div class='drawing' role='group' aria-label='Connectivity'></div>",
    css="""
.drawing { overflow-x: auto; color: var(--st-text-color); }
.drawing svg { display: block; width: 100%; height: auto; margin: auto; }
.drawing [data-connection], .drawing [data-block] { cursor: pointer; transition: opacity 0.15s; }
.drawing.chosen [data-connection]:not(.lit), .drawing.chosen [data-block]:not(.lit) { opacity: 0.15; }
.drawing [data-connection].lit { opacity: 1; }
.drawing g[data-connection]:hover, .drawing [data-block]:hover { opacity: 1 !important; }
.drawing path.wide { stroke: transparent; stroke-width: 11; stroke-dasharray: none; }
""",
    js="""export default ({ parentElement, data, setTriggerValue }) => {
  const place = parentElement.querySelector(".drawing");
  if (place.svg !== data.svg) {
    place.svg = data.svg;
    const drawn = new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement;
    const width = Number(drawn.getAttribute("width"));
    drawn.style.minWidth = `${0.8 * width}px`;  // scrolls on a narrow page, is not enlarged on a wide one
    drawn.style.maxWidth = `${1.1 * width}px`;
    place.replaceChildren(document.importNode(drawn, true));
    for (const line of place.querySelectorAll("g[data-connection]")) {  // thin lines are hard to hit
      const wide = line.querySelector("path").cloneNode();
      wide.setAttribute("class", "wide");
      line.append(wide);
    }
  }
  const lit = new Set(data.lit);
  place.classList.toggle("chosen", lit.size > 0);
  const name = ({ dataset: { connection, block } }) =>
    connection === undefined ? `block ${block}` : `connection ${connection}`;
  for (const part of place.querySelectorAll("[data-connection], [data-block]")) {
    part.classList.toggle("lit", lit.has(name(part)));
  }
  place.onclick = (event) => {
    if (getSelection()?.toString()) return;  // text is being selected
    const part = event.target.closest("[data-connection], [data-block]");
    setTriggerValue("clicked", part ? name(part) : "");
  };
};""",
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
