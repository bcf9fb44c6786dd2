"""Shared by all tests: Hypothesis profiles, the folder of real clips if present, the app in a browser."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

# Set before anything imports torch, and inherited by every process that a test starts: two test processes
# occupy two cores, and threads that wait for each other there take longer than a single thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.browser import INSTALL_HINT, find_chromium

ROOT = Path(__file__).parents[1]
CI = bool(os.environ.get("CI"))
LOCAL_HOSTS = ("localhost", "127.0.0.1")
PATIENCE = 120_000  # ms; generous for shared cores, and reached only if a test fails
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No address except this machine's can be reached, whoever requests it. (Playwright's routes could refuse
    # requests too, but with a route the browser keeps no file, and reads and compiles every script again.)
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

settings.register_profile(
    "default",
    deadline=None,  # on shared cores, time says nothing about the code
    max_examples=25,
    derandomize=CI,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=500)
settings.load_profile("default")


LONGEST = ("tests/test_parity.py", "tests/test_laws.py", "tests/app/test_accessibility.py")
"""The longest files of tests. They begin first, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others keep their order."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips and reference values next to the repository; skips the test without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared, with real clips and reference values, is missing")
    return folder


@pytest.fixture(scope="module", params=["strict", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Iterator[object]:
    """A torch.device other than the CPU: the strict device of `tests.strict`, and CUDA if available."""
    from tests.devices import open_device  # imported here, because it imports torch

    with open_device(request.param) as device:
        yield device


@pytest.fixture(scope="session")
def app_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the served app searches for checkpoints first, and saves them to."""
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, app_checkpoints: Path) -> Iterator[str]:
    """Serve the app in a separate process, with a temporary folder for checkpoints; gives its address."""
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
        os.killpg(server.pid, signal.SIGTERM)  # together with the processes that it started
        server.wait(timeout=30)


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the app answers; fail with its log if it ends, or does not answer within two minutes."""
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
    """A real Chromium. If it is missing, the test is skipped; in continuous integration it fails."""
    executable = find_chromium()
    if executable is None:
        (pytest.fail if CI else pytest.skip)(INSTALL_HINT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass
class PageLog:
    """Records a page's requests to other machines, which fail, and the errors in its console."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def record_address(self, url: str) -> None:
        """Record the address of a request or web socket if it is that of another machine."""
        address = urlsplit(url)
        if address.scheme not in ("data", "blob") and address.hostname not in LOCAL_HOSTS:
            self.outside.append(url)

    def listen(self, page: Page) -> None:
        """Record the requests and web sockets of a page to other machines, and its errors."""
        page.on("popup", self.listen)
        page.on("request", lambda request: self.record_address(request.url))
        page.on("websocket", lambda socket: self.record_address(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )

    def forget_search_for_server(self) -> None:
        """Drop the errors of Streamlit, which first looks for its server below the address of the page."""
        self.errors = [error for error in self.errors if "404 (Not Found)" not in error]


@pytest.fixture
def page_log() -> PageLog:
    """The page's requests to other machines (they fail, and so does the test) and its console's errors."""
    return PageLog()


@pytest.fixture(scope="session")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """What the windows of the tests share: the scripts that the browser has read and compiled."""
    context = chromium.new_context(viewport=VIEWPORT, service_workers="block")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context
    context.close()


@contextmanager
def open_window(visitor: BrowserContext, log: PageLog) -> Iterator[Page]:
    """A new window of 1440 × 900 px that can reach this machine only; closed after the `with` block.

    What its pages stored is then forgotten; only Streamlit's cookie, which it needs for uploads, stays.
    """
    page = visitor.new_page()
    log.listen(page)
    yield page
    if page.url.startswith("http"):
        page.evaluate("try { localStorage.clear() } catch {}")  # a page of an error has none
    page.close()


@pytest.fixture
def page(visitor: BrowserContext, page_log: PageLog) -> Iterator[Page]:
    """A new window; see `open_window`."""
    with open_window(visitor, page_log) as page:
        yield page
    assert page_log.outside == []


class KeptWindow:
    """A window that the tests of a file share; `open` replaces it by a new one."""

    def __init__(self, visitor: BrowserContext) -> None:
        self.visitor = visitor
        self.stack = ExitStack()
        self.failures = -1  # the number of failed tests when it was opened

    def open(self) -> None:
        self.stack.close()
        self.log = PageLog()
        self.page = self.stack.enter_context(open_window(self.visitor, self.log))


@pytest.fixture(scope="module")
def kept_window(visitor: BrowserContext) -> Iterator[KeptWindow]:
    """The window of `kept_page`."""
    window = KeptWindow(visitor)
    yield window
    window.stack.close()


@pytest.fixture
def kept_page(request: pytest.FixtureRequest, kept_window: KeptWindow) -> Iterator[Page]:
    """The page that the previous test of the file left, since most of a short test is loading its page.

    It is blank in the first test and after a test that failed, so that one failure does not cause others.
    A test that uses it first brings it to a known state (`tests.serving.start_again`,
    `tests.standalone_explorer`).
    """
    if kept_window.failures != request.session.testsfailed:
        kept_window.open()
        kept_window.failures = request.session.testsfailed
    page = kept_window.page
    page.set_viewport_size(VIEWPORT)
    page.emulate_media(color_scheme="light")
    page.mouse.move(0, 0)
    yield page
    assert kept_window.log.outside == []
    assert kept_window.log.errors == []
