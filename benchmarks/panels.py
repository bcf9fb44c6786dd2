"""Time a click on a connection until its panels are drawn, in Chromium.

    python -m benchmarks.panels [CHECKPOINT]

Also measures the panels' work when the cursor moves, and the bytes that the page receives at first load, for
a selection and for a rerun.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import numpy as np
from playwright.sync_api import Locator, Page, sync_playwright

from benchmarks.upload import served
from tests.browser import find_chromium
from tests.conftest import CHROMIUM_FLAGS

CLICKS, MOVES = 20, 200

# The time from pinning a connection to the frame after its panels are drawn, ms.
PINNED = """(root, key) => new Promise((done) => {
  const panels = peerattnPanels.of(root);
  const began = performance.now();
  const drawn = () => panels.selected === `connection ${key}` && panels.body.querySelector("[data-drawn]");
  const finish = () => requestAnimationFrame(() => done(performance.now() - began));
  const look = () => (drawn() ? finish() : setTimeout(look, 2));
  panels.explorer.pin({ kind: "connection", id: key });
  look();
})"""
# The time to move the panels' cursor and update their values, ms each.
MOVED = """(root, count) => {
  const panels = peerattnPanels.of(root);
  const taken = [];
  for (let turn = 0; turn < count; turn += 1) {
    panels.explorer.cursor = turn % panels.explorer.recording.length;
    const began = performance.now();
    panels.follow(panels.explorer);
    panels.body.getBoundingClientRect();
    taken.push(performance.now() - began);
  }
  return taken;
}"""


def main(checkpoint: str = "actionworld") -> None:
    with served() as url, open_page(f"{url}/?checkpoint={quote(checkpoint)}") as (page, received):
        panels = page.locator(".details")
        panels.locator("[data-drawn]").wait_for(timeout=120_000)
        print(f"first load: {sum(received) / 1e6:.2f} MB received")
        keys = panels.evaluate(
            "root => peerattnPanels.of(root).explorer.recording.connections.map(c => c.id)"
        )
        received.clear()
        keys = np.random.default_rng(0).permutation(keys)[:CLICKS].tolist()
        taken = [float(panels.evaluate(PINNED, key)) for key in keys]
        print(f"click on a connection to its panels: {spread(taken)}")
        print(f"a selection: {sum(received) / len(keys) / 1e3:.0f} kB received")
        for name in ("channels", "inside", "share"):
            panels.locator(f"#tab-{name}").click()
            panels.locator(f"[data-drawn={name}]").wait_for()
            print(f"cursor over the panel {name}: {spread(panels.evaluate(MOVED, MOVES))}")
        print(f"an unrelated rerun: {rerun(page, received) / 1e3:.1f} kB received")
        print(f"load of the last minute: {os.getloadavg()[0]:.1f}")


@contextmanager
def open_page(url: str) -> Iterator[tuple[Page, list[int]]]:
    """Open the page; gives it with the sizes, in bytes, of the messages that it has received."""
    received: list[int] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data)))
        )
        page.goto(url)
        yield page, received
        browser.close()


def rerun(page: Page, received: list[int]) -> int:
    """Bytes received when a widget outside the explorer reruns the whole page (choosing another table)."""
    received.clear()
    choice: Locator = page.get_by_role("radio", name="Blocks")
    choice.click()
    page.wait_for_timeout(3000)
    return sum(received)


def spread(taken: list[float]) -> str:
    median, most = np.percentile(taken, (50, 95))
    return f"{median:.1f} ms (median of {len(taken)}; 95 %: {most:.1f} ms)"


if __name__ == "__main__":
    main(*sys.argv[1:])
