"""The connectivity drawing on the page: hover names a part, click chooses it, text can be selected."""

from __future__ import annotations

from collections.abc import Callable, Collection

import streamlit as st

from app.keys import Clicked, Key
from peerattn.figures.scene import Colors

PAGE_COLORS = Colors("currentColor", "var(--st-background-color)")
"""The page's own, in light and dark."""

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
    drawn.style.minWidth = `${0.8 * width}px`;  // a narrow page scrolls it, a wide one does not blow it up
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


def drawing(svg: str, *, key: Key[Clicked], lit: Collection[str], on_click: Callable[[str], None]) -> None:
    """Show a drawing of `connectivity_svg`, all but the `lit` parts faint where any are.

    Parts are named `connection <key>` and `block <id>`; a click calls `on_click` with the part's name, or
    with nothing beside them.
    """

    def clicked() -> None:
        found = key.get()
        if found and found.get("clicked") is not None:
            on_click(found["clicked"])

    _drawing(key=key, data={"svg": svg, "lit": sorted(lit)}, on_clicked_change=clicked)
