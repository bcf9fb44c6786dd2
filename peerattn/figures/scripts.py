"""The scripts of the browser: the explorer with the vis-network of pyvis, and the panels with plotly."""

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
"""The files of the explorer's script, in order: a file may use what earlier files define."""
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
"""The files of the panels' script, in order; the first three are shared with the explorer's script."""


@lru_cache(maxsize=1)
def explorer_script() -> str:
    """Return a JavaScript module without imports that sets `vis` and `peerattnExplorer` as globals."""
    vis = files("pyvis").joinpath("templates/lib/vis-9.1.2/vis-network.min.js").read_text("utf-8")
    style = f"const STYLE = {json.dumps(''.join(map(read_part, EXPLORER_STYLES)))};"
    return "\n".join([vis, style, *(read_part(name) for name in EXPLORER_PARTS)])


@lru_cache(maxsize=1)
def panels_script() -> str:
    """Return a JavaScript module without imports that sets `Plotly` and `peerattnPanels` as globals."""
    plotly = files("plotly").joinpath("package_data/plotly.min.js").read_text("utf-8")
    style = f"const PANELS_STYLE = {json.dumps(read_part('panels.css'))};"
    return "\n".join([plotly, style, *(read_part(name) for name in PANEL_PARTS)])


def read_part(name: str) -> str:
    """Return the text of a file in `browser/`."""
    return files("peerattn.figures").joinpath("browser", name).read_text("utf-8")
