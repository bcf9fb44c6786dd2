"""The explorer in Chromium: `python -m benchmarks.explorer`. Needs requirements-dev.txt.

How long a move of the cursor takes until it is painted, the frames that playing leaves out, a click on a
connection until its numbers are painted, and how fitting, pointing and clicking among 500 blocks compare
with the 15 blocks of a published network. The traces are made up; their sizes are those of real ones.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Locator, Page, ViewportSize, sync_playwright

from benchmarks.interleaved import milliseconds, ratio
from peerattn.actionworld.clips import generate
from peerattn.figures.recording import pack_recording
from peerattn.graph import published
from peerattn.traces.trace import Trace
from tests.alone import html, large_structure
from tests.browser import find_chromium
from tests.conftest import CHROMIUM_FLAGS
from tests.serving import OF, PAINTED
from tests.traces import trace_of

FRAMES = 64
MOVES = 200
CLICKS = 25
ROUNDS = 15
VIEWPORT = ViewportSize(width=1440, height=1300)

MOVE = f"""async (root, frames) => {{
    const explorer = ({OF})(root);
    const took = [];
    for (const frame of frames) {{
        await new Promise((resolve) => setTimeout(resolve, 20 + 20 * Math.random()));
        const began = performance.now();
        explorer.seek(frame);
        await {PAINTED};
        took.push(performance.now() - began);
    }}
    return took;
}}"""
PLAY = f"""async (root) => {{
    const explorer = ({OF})(root);
    explorer.seek(0);
    await {PAINTED};
    const seen = new Set([0]);
    const {{ dataset }} = root.querySelector("canvas.screen");
    addEventListener("peerattn-moved", () => seen.add(Number(dataset.frame)));
    explorer.toggle();
    while (explorer.playing) await new Promise((resolve) => setTimeout(resolve, 20));
    return seen.size;
}}"""
FIT = f"""async (root) => {{
    const began = performance.now();
    ({OF})(root).graph.fit();
    await {PAINTED};
    return performance.now() - began;
}}"""
WATCH = f"""(root) => {{
    let began = 0;
    const note = () => (began = performance.now());
    for (const kind of ["pointermove", "pointerdown"]) addEventListener(kind, note, true);
    new MutationObserver(async () => {{
        const from = began;
        await {PAINTED};
        root.took = performance.now() - from;
    }}).observe(root.querySelector("section.numbers .body"), {{ childList: true }});
}}"""
"""Notes how long it takes from the pointer's last event until other numbers are painted."""
PLACES = f"""(root) => {{
    const {{ graph, recording }} = ({OF})(root);
    const {{ network }} = graph;
    const blocks = recording.blocks.map(({{ id }}) => network.canvasToDOM(network.getPosition(id)));
    const samples = recording.connections.map(({{ id }}) => graph.strokes.samples.get(id));
    const middles = samples.map((points) => points[Math.floor(points.length / 2)]);
    return {{ blocks, connections: middles.filter((place) => graph.touched(place)?.kind === "connection") }};
}}"""
"""Where the pointer meets blocks and connections, px in the stage."""


class Pointer:
    """Points at the graph and clicks on it; each act says what it took until it was painted, s."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page, root
        root.evaluate(f"() => {PAINTED}")
        root.evaluate(WATCH)
        self.stage = root.locator(".stage").bounding_box()
        self.places = root.evaluate(PLACES)
        self.chance = random.Random(0)

    def fit(self) -> float:
        self.page.bring_to_front()
        return self.root.evaluate(FIT) / 1000

    def hover(self) -> float:
        return self._act(self.page.mouse.move, "blocks")

    def click(self, kind: str = "blocks") -> float:
        return self._act(self.page.mouse.click, kind)

    def _act(self, act: Callable[[float, float], None], kind: str) -> float:
        self.page.bring_to_front()
        place = self.chance.choice(self.places[kind])
        self.page.mouse.move(self.stage["x"] + 2, self.stage["y"] + 2)
        self.root.evaluate(f"async (root) => {{ await {PAINTED}; root.took = null; }}")
        act(self.stage["x"] + place["x"], self.stage["y"] + place["y"])
        self.page.wait_for_function("root => root.took !== null", arg=self.root.element_handle(), polling=5)
        return self.root.evaluate(f"async (root) => {{ await {PAINTED}; return root.took / 1000; }}")


def shown(page: Page, trace: Trace, payload: bytes | None) -> Locator:
    """The explorer alone on a page."""
    page.set_content(html(trace, packed=payload))
    page.locator("canvas.screen[data-drawn]").wait_for(timeout=120_000)
    return page.locator(".explorer")


def cursor(root: Locator) -> None:
    chance = random.Random(0)
    moves = root.evaluate(MOVE, [chance.randrange(FRAMES) for _ in range(MOVES)])
    print("cursor move to repainted: p50 {:.1f} ms, p95 {:.1f} ms".format(*np.percentile(moves, (50, 95))))
    dropped = FRAMES - root.evaluate(PLAY)
    print(f"playing {FRAMES} frames at 24 frames/s: {dropped} dropped ({100 * dropped / FRAMES:.1f} %)")


def compared(small: Pointer, large: Pointer) -> None:
    """Round by round, one after the other."""
    for name in ("fit", "hover", "click"):
        rounds = [(getattr(large, name)(), getattr(small, name)()) for _ in range(ROUNDS + 1)][1:]
        above, below = ([pair[index] for pair in rounds] for index in (0, 1))
        print(f"  {name}: {milliseconds(above)} against {milliseconds(below)}, {ratio(above, below)}")


def packed(trace: Trace) -> bytes:
    """With frames as rich as a film's, object maps and optical flow."""
    world = generate(0, frames=FRAMES, size=(320, 320))
    flow = np.moveaxis(world.flow, -1, 0)
    return pack_recording(trace, world.images, object_ids=world.object_ids, flow=flow)


def main() -> None:
    small = trace_of(published.structure("full_asnp50"), frames=FRAMES, rate=24)
    large = trace_of(large_structure(), frames=FRAMES, rate=24)
    connections = len(small.connections)
    payload = packed(small)
    print(f"payload: {len(payload):,} bytes for {FRAMES} frames on {connections} connections")
    print(f"load {os.getloadavg()[0]:.1f}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=CHROMIUM_FLAGS)
        near = Pointer(page := browser.new_page(viewport=VIEWPORT), shown(page, small, payload))
        cursor(near.root)
        clicks = [near.click("connections") for _ in range(CLICKS)]
        print(f"click on a connection to its numbers: {milliseconds(clicks)} (median of {CLICKS})")
        blocks = len(large.structure.blocks)
        print(
            f"{blocks} blocks and {len(large.connections):,} connections against {connections} connections:"
        )
        compared(near, Pointer(page := browser.new_page(viewport=VIEWPORT), shown(page, large, None)))
        browser.close()


if __name__ == "__main__":
    main()
