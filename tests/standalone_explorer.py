"""A page that contains only the explorer: fast to open, without Streamlit, and no Python runs behind it."""

import base64
import json
from collections.abc import Sequence

import numpy as np
from playwright.sync_api import Locator, Page

from peerattn.figures.recording import pack_recording
from peerattn.figures.scripts import explorer_script
from peerattn.graph.connectivity import survey
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.traces.trace import Trace
from tests.traces import images

LIGHT = (
    "--st-background-color: #ffffff; --st-text-color: #31333f; "
    "--st-primary-color: #0072b2; --st-font: sans-serif"
)
DARK = (
    "--st-background-color: #0e1117; --st-text-color: #fafafa; "
    "--st-primary-color: #56b4e9; --st-font: sans-serif"
)
ADDRESS = "http://localhost/alone"
"""No server listens here: the test answers requests to this address."""
PAGE = """<!doctype html><html lang="en"><head><title>explorer</title><link rel="icon" href="data:,"></head>
<body style="margin: 16px; background: var(--st-background-color); {style}"><div class="explorer"></div>
<script type="module">{script}
globalThis.showAlone = (packed, data) => {{
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  globalThis.peerattnRecordings = new Map([["alone", bytes]]);
  const root = document.querySelector(".explorer");
  root.said = [];
  root.latest = {{ data, setStateValue: (name, value) => root.said.push([name, value]) }};
  globalThis.peerattnExplorer.show(root);
}};
showAlone("{packed}", {data});
</script></body></html>"""
SHOW_ANOTHER = """([packed, data, style]) => {
    const [before, root] = [document.querySelector(".explorer"), document.createElement("div")];
    root.className = "explorer";
    document.activeElement.blur();
    globalThis.peerattnExplorer.remove(before);
    before.replaceWith(root);
    document.body.style.cssText = `margin: 16px; background: var(--st-background-color); ${style}`;
    history.replaceState(null, "", location.pathname);
    scrollTo(0, 0);
    showAlone(packed, data);
}"""
"""JavaScript that replaces the explorer of an open page with a new one, without loading its script again."""


def removal_data(trace: Trace, threshold: float) -> dict[str, Sequence[str] | bool]:
    """What a threshold removes from the network, as the app passes it to the explorer."""
    recorded = {each.key: each.connection_weight for each in trace.connections}
    weights = {key: weight for key, weight in recorded.items() if weight is not None}
    removal = survey(trace.structure, weights, threshold)
    return {
        "pruned": threshold > 0,
        "removed": removal.removed,
        "dead": removal.dead_blocks,
        "peerOnly": removal.peer_only,
        "starved": removal.starved,
    }


def explorer_data(trace: Trace, threshold: float, packed: bytes | None) -> tuple[str, dict]:
    """The packed recording in base64, and the other data that the app passes to the explorer."""
    about = {"clip": "clip.mp4", "checkpoint": "tiny"}
    data = {"recording": "alone", "selected": None, "about": about, **removal_data(trace, threshold)}
    return base64.b64encode(packed or pack_recording(trace, images(len(trace.times)))).decode(), data


def html(trace: Trace, *, threshold: float = 0.0, dark: bool = False, packed: bytes | None = None) -> str:
    """The HTML of a page that shows the explorer with this trace."""
    encoded, data = explorer_data(trace, threshold, packed)
    return PAGE.format(
        style=DARK if dark else LIGHT,
        script=explorer_script(),
        packed=encoded,
        data=json.dumps(data).replace("<", "\\u003c"),
    )


def open_explorer(
    page: Page, trace: Trace, *, threshold: float = 0.0, dark: bool = False, packed: bytes | None = None
) -> Locator:
    """Open the explorer with this trace and wait until it shows a frame; returns its root element.

    If the page has an explorer already, a new one in a new element takes its place.
    """
    if page.url.startswith(ADDRESS):
        page.evaluate(SHOW_ANOTHER, [*explorer_data(trace, threshold, packed), DARK if dark else LIGHT])
    else:
        text = html(trace, threshold=threshold, dark=dark, packed=packed)
        page.route(ADDRESS, lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
        page.goto(ADDRESS)
    page.locator("canvas.screen[data-drawn]").wait_for()
    return page.locator(".explorer")


def large_structure(levels: int = 10, across: int = 50, arriving: int = 12) -> Structure:
    """A structure with `across` blocks per level; each inner block has `arriving` incoming connections.

    Each connection has six peers.
    """
    rng = np.random.default_rng(0)
    modalities = (Modality("rgb", 3), Modality("flow", 2), Modality("object", 2, (), (2, 3)))
    rows = [[f"block_{level}_{place}" for place in range(across)] for level in range(1, levels + 1)]
    blocks = [
        BlockSpec(name, 1, "video_input", 4, modality=modalities[place * 3 // across].name)
        for place, name in enumerate(rows[0])
    ]
    connections: list[ConnectionSpec] = []
    for level, row in enumerate(rows[1:], start=2):
        below = [name for lower in rows[: level - 1] for name in lower]
        for target in row:
            blocks.append(BlockSpec(target, level, "bottleneck", 4, input_width=4, attention_width=4))
            near = rng.choice(rows[level - 2], arriving * 2 // 3, replace=False)
            candidates = {*near.tolist(), *rng.choice(below, arriving, replace=False).tolist()}
            sources = sorted(candidates)[:arriving]
            peers = tuple(rng.choice(below, 6, replace=False).tolist())
            connections += [ConnectionSpec(source, target, peers, "peer") for source in sources]
    return Structure(tuple(blocks), tuple(connections), (OutputSpec(rows[-1][0]),), modalities)
