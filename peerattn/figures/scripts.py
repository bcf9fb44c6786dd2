"""The scripts of the browser: the explorer with the vis-network of pyvis, and the panels with plotly."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

EXPLORER_PARTS = (
    "reading/values.js",
    "reading/clip_ends.js",
    "reading/connectivity.js",
    "reading/recording.js",
    "reading/history.js",
    "parts/controls.js",
    "drawing/pieces.js",
    "drawing/piece_pen.js",
    "drawing/canvas.js",
    "drawing/hatching.js",
    "player/overlays.js",
    "player/player.js",
    "comparison/pair.js",
    "graph/layout.js",
    "graph/strokes.js",
    "graph/labels.js",
    "graph/legend.js",
    "graph/search.js",
    "graph/table.js",
    "graph/save_menu.js",
    "graph/walk.js",
    "graph/graph.js",
    "numbers/numbers.js",
    "timeline/chart_lines.js",
    "timeline/chart.js",
    "timeline/windows.js",
    "timeline/moments.js",
    "timeline/left_out_span.js",
    "timeline/keys.js",
    "timeline/transport.js",
    "timeline/playback.js",
    "timeline/timeline.js",
    "explorer/settings.js",
    "explorer/address.js",
    "explorer/presenter.js",
    "explorer/explorer.js",
    "replay/replay_numbers.js",
    "replay/replay.js",
    "page/mount_explorer.js",
)
"""The files of the explorer's script in `browser/`, in order: a file may use what earlier files define."""
EXPLORER_STYLES = (
    "explorer/explorer.css",
    "player/player.css",
    "graph/graph.css",
    "timeline/timeline.css",
    "comparison/pair.css",
    "explorer/presenter.css",
    "replay/replay.css",
)

PANEL_PARTS = (
    "reading/values.js",
    "reading/clip_ends.js",
    "parts/controls.js",
    "drawing/hatching.js",
    "panels/packed_arrays.js",
    "panels/panel_table.js",
    "panels/panel_chart.js",
    "panels/bare_chart.js",
    "panels/factor_steps.js",
    "panels/panels.js",
    "page/mount_panels.js",
)
"""The files of the panels' script, in order; those of the first folders are in the explorer's script too."""
PANEL_STYLE = "panels/panels.css"

REPORT_SCRIPT = "page/report.js"
REPORT_STYLE = "page/report.css"

STREAMLIT_MODULES = (
    "streamlit/address.js",
    "streamlit/bare_chart.js",
    "streamlit/clip_panels.js",
    "streamlit/drawing.js",
    "streamlit/explorer.js",
    "streamlit/explorer_script.js",
    "streamlit/panels.js",
    "streamlit/panels_script.js",
    "streamlit/recording.js",
)
"""JavaScript modules of the app's Streamlit components, each loaded by itself."""


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
    style = f"const PANELS_STYLE = {json.dumps(read_part(PANEL_STYLE))};"
    return "\n".join([plotly, style, *(read_part(name) for name in PANEL_PARTS)])


def read_part(name: str) -> str:
    """Return the text of a file in `browser/`, named by its path there."""
    return files("peerattn.figures").joinpath("browser", *name.split("/")).read_text("utf-8")
