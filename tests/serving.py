"""A page of `tests/pages` in a process of its own, and what tests ask of the explorer on it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.conftest import ROOT, wait_until_healthy

OF = "root => peerattnExplorer.of(root)"
PAINTED = """new Promise((resolve) => requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = resolve;
    after.port2.postMessage(0);
}))"""
"""JavaScript that waits until what was drawn is on the screen."""


@contextmanager
def served(script: str, folder: Path) -> Iterator[str]:
    """The address of a Streamlit page, while it runs; its log goes to the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "page.log"
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    try:
        wait_until_healthy(f"http://localhost:{port}", server, log)
        yield f"http://localhost:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def opened(page: Page, url: str) -> Locator:
    """The explorer's element, once it shows a frame."""
    page.goto(url)
    page.locator("canvas.screen[data-drawn]").wait_for()
    return page.locator(".explorer")


def frame(root: Locator) -> int:
    return root.evaluate(f"root => ({OF})(root).frame")


def runs(page: Page) -> int:
    """How often the page's script has run."""
    return int(page.get_by_text(re.compile(r"^runs: \d+$")).inner_text().removeprefix("runs: "))
