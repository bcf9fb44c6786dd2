"""Time the explorer in Chromium: `python -m benchmarks.explorer`. Needs requirements-dev.txt.

Measures the time from a cursor move until it is painted, the frames dropped while playing, and the time from
a click on a connection until its numbers are painted; and compares fitting, hovering and clicking in a graph
of 500 blocks with the 15 blocks of a published network. The traces are synthetic, with the sizes of real
ones.
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
from tests.browser import find_chromium
from tests.conftest import CHROMIUM_FLAGS
from tests.serving import GET_EXPLORER, PAINTED
from tests.standalone_explorer import html, large_structure
from tests.traces import trace_of

FRAMES = 64
MOVES = 200
CLICKS = 25
ROUNDS = 15
VIEWPORT = ViewportSize(width=1440, height=1300)

MOVE = f"""async (root, frames) => {{
    const explorer = ({GET_EXPLORER})(root);
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
    const explorer = ({GET_EXPLORER})(root);
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
    ({GET_EXPLORER})(root).graph.fit();
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
"""Stores the time from the last pointer event until the changed numbers are painted."""
PLACES = f"""(root) => {{
    const {{ graph, recording }} = ({GET_EXPLORER})(root);
    const {{ network }} = graph;
    const blocks = recording.blocks.map(({{ id }}) => network.canvasToDOM(network.getPosition(id)));
    const samples = recording.connections.map(({{ id }}) => graph.strokes.samples.get(id));
    const middles = samples.map((points) => points[Math.floor(points.length / 2)]);
    return {{ blocks, connections: middles.filter((place) => graph.itemAt(place)?.kind === "connection") }};
}}"""
"""Points on blocks and connections, in pixels of the stage."""


class Pointer:
    """Hovers over the graph and clicks on it; each method returns the seconds until the result is painted."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page, root
        root.evaluate(f"() => {PAINTED}")
        root.evaluate(WATCH)
        self.stage = root.locator(".stage").bounding_box()
        self.places = root.evaluate(PLACES)
        self.random = random.Random(0)

    def fit(self) -> float:
        self.page.bring_to_front()
        return self.root.evaluate(FIT) / 1000

    def hover(self) -> float:
        return self._act(self.page.mouse.move, "blocks")

    def click(self, kind: str = "blocks") -> float:
        return self._act(self.page.mouse.click, kind)

    def _act(self, act: Callable[[float, float], None], kind: str) -> float:
        self.page.bring_to_front()
        place = self.random.choice(self.places[kind])
        self.page.mouse.move(self.stage["x"] + 2, self.stage["y"] + 2)
        self.root.evaluate(f"async (root) => {{ await {PAINTED}; root.took = null; }}")
        act(self.stage["x"] + place["x"], self.stage["y"] + place["y"])
        self.page.wait_for_function("root => root.took !== null", arg=self.root.element_handle(), polling=5)
        return self.root.evaluate(f"async (root) => {{ await {PAINTED}; return root.took / 1000; }}")


def show(page: Page, trace: Trace, payload: bytes | None) -> Locator:
    """Show the explorer by itself on a page; return its root element."""
    page.set_content(html(trace, packed=payload))
    page.locator("canvas.screen[data-drawn]").wait_for(timeout=120_000)
    return page.locator(".explorer")


def report_cursor(root: Locator) -> None:
    """Print the times of cursor moves, and the frames dropped while playing."""
    generator = random.Random(0)
    moves = root.evaluate(MOVE, [generator.randrange(FRAMES) for _ in range(MOVES)])
    print("cursor move to repainted: p50 {:.1f} ms, p95 {:.1f} ms".format(*np.percentile(moves, (50, 95))))
    dropped = FRAMES - root.evaluate(PLAY)
    print(f"playing {FRAMES} frames at 24 frames/s: {dropped} dropped ({100 * dropped / FRAMES:.1f} %)")


def report_comparison(small: Pointer, large: Pointer) -> None:
    """Print the times of both graphs and their ratios, measured alternately."""
    for name in ("fit", "hover", "click"):
        rounds = [(getattr(large, name)(), getattr(small, name)()) for _ in range(ROUNDS + 1)][1:]
        large_times, small_times = ([pair[index] for pair in rounds] for index in (0, 1))
        print(
            f"  {name}: {milliseconds(large_times)} against {milliseconds(small_times)}, "
            f"{ratio(large_times, small_times)}"
        )


def pack(trace: Trace) -> bytes:
    """Pack a trace with detailed frames, object maps and optical flow, as the app does."""
    world = generate(0, frames=FRAMES, size=(320, 320))
    flow = np.moveaxis(world.flow, -1, 0)
    return pack_recording(trace, world.images, object_ids=world.object_ids, flow=flow)


def main() -> None:
    small = trace_of(published.structure("full_asnp50"), frames=FRAMES, rate=24)
    large = trace_of(large_structure(), frames=FRAMES, rate=24)
    connections = len(small.connections)
    payload = pack(small)
    print(f"payload: {len(payload):,} bytes for {FRAMES} frames on {connections} connections")
    print(f"load {os.getloadavg()[0]:.1f}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=CHROMIUM_FLAGS)
        small_pointer = Pointer(page := browser.new_page(viewport=VIEWPORT), show(page, small, payload))
        report_cursor(small_pointer.root)
        clicks = [small_pointer.click("connections") for _ in range(CLICKS)]
        print(f"click on a connection to its numbers: {milliseconds(clicks)} (median of {CLICKS})")
        blocks = len(large.structure.blocks)
        print(
            f"{blocks} blocks and {len(large.connections):,} connections against {connections} connections:"
        )
        large_pointer = Pointer(page := browser.new_page(viewport=VIEWPORT), show(page, large, None))
        report_comparison(small_pointer, large_pointer)
        browser.close()


if __name__ == "__main__":
    main()
