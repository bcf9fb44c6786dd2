"""What the tests share: Hypothesis profiles, the real clips where there are any, the app in a browser."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

# Before anything imports torch, and for every process a test starts: two test processes fill two cores, and
# threads that wait for each other there take longer than one thread alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, Route, WebSocket, expect, sync_playwright

from tests.browser import HOW, find_chromium

ROOT = Path(__file__).parents[1]
CI = bool(os.environ.get("CI"))
HERE = ("localhost", "127.0.0.1")
PATIENCE = 120_000  # ms; shared cores: generous, and only ever waited out by a failing test
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The second lock: a name that is not this machine's resolves to nothing, whatever asks.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

settings.register_profile(
    "default",
    deadline=None,  # shared cores: time says nothing about the code
    max_examples=25,
    derandomize=CI,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=500)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips and reference values that may lie beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not here: real clips and reference values")
    return folder


@pytest.fixture(scope="module", params=["strict", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Iterator[object]:
    """A torch.device beside the CPU: the strict one of `tests.strict` always, CUDA where there is one."""
    from tests.devices import opened  # only here, since it imports torch

    with opened(request.param) as found:
        yield found


@pytest.fixture(scope="session")
def app_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the served app looks for checkpoints first, and saves them."""
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, app_checkpoints: Path) -> Iterator[str]:
    """The app, served from its own process; what it saves goes to a temporary folder."""
    folder = tmp_path_factory.mktemp("app")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    environment = {**os.environ, "PEERATTN_CHECKPOINTS": str(app_checkpoints)}
    log = folder / "app.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_until_healthy(f"http://localhost:{port}", server, log)
        yield f"http://localhost:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # with the processes that it started
        server.wait(timeout=30)


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the app answers; fail with its log when it ends, or does not answer for two minutes."""
    patience = time.monotonic() + 120
    while server.poll() is None and time.monotonic() < patience:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The app did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real Chromium. A missing one skips; in continuous integration it fails."""
    executable = find_chromium()
    if executable is None:
        (pytest.fail if CI else pytest.skip)(HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass
class Heard:
    """What a page did besides showing itself: requests to other machines, and errors in its console."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def refuse_outside(self, route: Route) -> None:
        """Let a request to this machine pass; abort and remember every other."""
        if self.is_outside(route.request.url):
            route.abort()
        else:
            route.continue_()

    def is_outside(self, url: str) -> bool:
        """Whether the address is another machine's; if so it is remembered."""
        address = urlsplit(url)
        outside = address.scheme not in ("data", "blob") and address.hostname not in HERE
        if outside:
            self.outside.append(url)
        return outside

    def listen(self, page: Page) -> None:
        """Remember the page's errors, and the web sockets it opens (which routes do not see)."""
        page.on("websocket", self.hear_socket)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def hear_socket(self, opened: WebSocket) -> None:
        """Remember a web socket to another machine."""
        self.is_outside(opened.url)


@pytest.fixture
def heard() -> Heard:
    """What the page asked of other machines (refused, and the test fails), and its console's errors."""
    return Heard()


@pytest.fixture
def page(chromium: Browser, heard: Heard) -> Iterator[Page]:
    """A new window of 1440 × 900 that reaches this machine only."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, service_workers="block")
    context.route("**/*", heard.refuse_outside)
    context.on("page", heard.listen)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context.new_page()
    context.close()
    assert heard.outside == []
