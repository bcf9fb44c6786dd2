"""The browser side: the explorer with vis-network as pyvis carries it, the panels with plotly, our styles."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

from peerattn.moved import moved

__getattr__ = moved(__name__)

EXPLORER_PARTS = (
    "values.js",
    "recording.js",
    "controls.js",
    "ends.js",
    "settings.js",
    "address.js",
    "overlays.js",
    "player.js",
    "pair.js",
    "present.js",
    "pieces.js",
    "ink.js",
    "ties.js",
    "places.js",
    "strokes.js",
    "labels.js",
    "meanings.js",
    "search.js",
    "table.js",
    "save.js",
    "walk.js",
    "graph.js",
    "lines.js",
    "chart.js",
    "windows.js",
    "keys.js",
    "transport.js",
    "timeline.js",
    "numbers.js",
    "playback.js",
    "explorer.js",
    "replay.js",
    "mount.js",
)
"""In this order one script: each part may use what stands before it."""
EXPLORER_STYLES = (
    "explorer.css",
    "player.css",
    "graph.css",
    "timeline.css",
    "pair.css",
    "present.css",
    "replay.css",
)

PANEL_PARTS = (
    "values.js",
    "controls.js",
    "ends.js",
    "panel_table.js",
    "panel_chart.js",
    "panel_inside.js",
    "panels.js",
)
"""In this order the script of the panels: the first three for what both scripts use."""


@lru_cache(maxsize=1)
def explorer_script() -> str:
    """One JavaScript module without imports; it sets `vis` and `peerattnExplorer` on the global object."""
    vis = files("pyvis").joinpath("templates/lib/vis-9.1.2/vis-network.min.js").read_text("utf-8")
    style = f"const STYLE = {json.dumps(''.join(map(read_part, EXPLORER_STYLES)))};"
    return "\n".join([vis, style, *(read_part(name) for name in EXPLORER_PARTS)])


@lru_cache(maxsize=1)
def panels_script() -> str:
    """One JavaScript module without imports; it sets `Plotly` and `peerattnPanels` on the global object."""
    plotly = files("plotly").joinpath("package_data/plotly.min.js").read_text("utf-8")
    style = f"const PANELS_STYLE = {json.dumps(read_part('panels.css'))};"
    return "\n".join([plotly, style, *(read_part(name) for name in PANEL_PARTS)])


def read_part(name: str) -> str:
    """The text of one file of `browser/`."""
    return files("peerattn.figures").joinpath("browser", name).read_text("utf-8")
