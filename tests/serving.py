"""Serve a page of `tests/pages` in a separate process, and read the state of the explorer on it."""

import json
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

GET_EXPLORER = "root => peerattnExplorer.of(root)"
"""JavaScript function from the root element to the explorer object."""
PAINTED = """new Promise((resolve) => requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = resolve;
    after.port2.postMessage(0);
}))"""
"""JavaScript that waits until everything drawn so far has been painted on the screen."""


@contextmanager
def served(script: str, folder: Path) -> Iterator[str]:
    """Serve a Streamlit page while the `with` block runs; gives its address. Its log goes to the folder."""
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


def open_explorer_page(page: Page, url: str) -> Locator:
    """Open the page and wait until the explorer shows a frame; returns its root element."""
    page.goto(url)
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    return page.locator(".explorer")


START_AGAIN = """(root) => {
    root.getRootNode().activeElement?.blur();
    for (let each = root; each; each = each.parentElement ?? each.getRootNode().host) each.scrollTop = 0;
    history.replaceState(history.state, "", location.pathname);
    peerattnExplorer.remove(root);
    root.show();
}"""
"""JavaScript that fills the element with a new explorer, of the data that Python sent last."""


def start_again(page: Page, url: str, selected: dict[str, str] | None = None) -> Locator:
    """The explorer as if its page had just been opened; really opens it only if the page is another one.

    `selected` is what is selected when the page opens. Other widgets of the page are left as they are.
    """
    if not page.url.startswith(url):
        return open_explorer_page(page, url)
    root = page.locator(".explorer")
    select_in_python(page, selected)
    root.evaluate(START_AGAIN)
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    return root


def leave(page: Page) -> None:
    """Leave the page, so that the next test opens it: after changes that `start_again` does not undo."""
    page.goto("about:blank")


def select_in_python(page: Page, selected: dict[str, str] | None) -> None:
    """Select a block or connection, or nothing, and wait until no Python runs and it has answered."""
    idle = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    idle.wait_for()
    root = page.locator(".explorer")
    root.evaluate(f"(root, selected) => ({GET_EXPLORER})(root).pin(selected)", selected)
    page.wait_for_function(
        "([root, text]) => JSON.stringify(root.latest.data.selected) === text",
        arg=[root.element_handle(), json.dumps(selected, separators=(",", ":"), ensure_ascii=False)],
    )
    idle.wait_for()


def frame(root: Locator) -> int:
    """The index of the frame at the cursor."""
    return root.evaluate(f"root => ({GET_EXPLORER})(root).frame")


def runs(page: Page) -> int:
    """How often the page's script has run."""
    return int(page.get_by_text(re.compile(r"^runs: \d+$")).inner_text().removeprefix("runs: "))
