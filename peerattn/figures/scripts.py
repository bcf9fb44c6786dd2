"""The browser side of the explorer: vis-network as the pyvis package carries it, our script, our style."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

PARTS = (
    "recording.js",
    "controls.js",
    "address.js",
    "overlays.js",
    "player.js",
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
)
"""In this order one script: each part may use what stands before it."""
STYLES = ("explorer.css", "player.css", "graph.css", "timeline.css")


@lru_cache(maxsize=1)
def script() -> str:
    """One JavaScript module without imports; it sets `vis` and `peerattnExplorer` on the global object."""
    vis = files("pyvis").joinpath("templates/lib/vis-9.1.2/vis-network.min.js").read_text("utf-8")
    style = f"const STYLE = {json.dumps(''.join(map(part, STYLES)))};"
    return "\n".join([vis, style, *(part(name) for name in PARTS)])


def part(name: str) -> str:
    """The text of one file of `browser/`."""
    return files("peerattn.figures").joinpath("browser", name).read_text("utf-8")
