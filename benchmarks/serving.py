"""Time the app's server while measurements run: `python -m benchmarks.serving [CHECKOUT ...]`.

Times the response of `/_stcore/health` while nothing runs, during an accuracy curve of `actionworld`, and
during that curve together with an evaluation of the same network on a folder, each in a page that shows its
progress. Several checkouts, for example of this version and another, are served alternately, with the default
number of threads. Needs requirements-dev.txt.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from app.opening.files import samples
from tests.browser import find_chromium
from tests.conftest import CHROMIUM_FLAGS, ROOT, wait_until_healthy

ROUNDS = 5
SECONDS = 20
SETTLING = 3  # s for the page to finish drawing
PAUSE = 0.05  # s between a response and the next request
COPIES = 40  # of each sample, in the folder
TIMEOUT = 240_000  # ms


@contextmanager
def served(checkout: Path, log: Path) -> Iterator[str]:
    """Serve the app of a checkout while the `with` block runs; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    dropped = ("PYTHONPATH", "OMP_NUM_THREADS")  # the second is set by tests/conftest.py
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=checkout, env=environment, stdout=output, stderr=output)
    try:
        wait_until_healthy(f"http://localhost:{port}", server, log)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait()


def response_times(address: str) -> list[float]:
    """Request the server's health again and again; return the seconds that each response took."""
    taken, until = [], time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        started = time.perf_counter()
        urllib.request.urlopen(f"{address}/_stcore/health").read()
        taken.append(time.perf_counter() - started)
        time.sleep(PAUSE)
    return taken


def start(page: Page, address: str, button: str) -> None:
    """Start a measurement on a screen, and wait until the screen shows its progress."""
    page.goto(address)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="Cancel").wait_for()
    time.sleep(SETTLING)


def time_round(browser: Browser, address: str, folder: Path) -> dict[str, list[float]]:
    """Time one round; return the seconds of each response, by what was running."""
    with browser.new_context() as context:
        context.set_default_timeout(TIMEOUT)
        found = {"nothing": response_times(address)}
        curve, measurement = context.new_page(), context.new_page()
        start(curve, f"{address}/prune?checkpoint=actionworld", "Measure the accuracy at every threshold")
        found["a curve"] = response_times(address)
        place = f"{address}/data?checkpoint=actionworld&data={folder}"
        start(measurement, place, "Measure the accuracy")
        found["a curve and a folder"] = response_times(address)
        still = measurement.get_by_role("button", name="Cancel").is_visible()
        assert still, "the evaluation of the folder ended too early: raise COPIES"
    return found


def main(checkouts: list[Path]) -> None:
    taken: dict[tuple[Path, str], list[list[float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "clips"
        for sample in samples():
            (folder / str(sample.label)).mkdir(parents=True, exist_ok=True)
            for copy in range(COPIES):
                shutil.copy(sample.path, folder / str(sample.label) / f"{copy}-{sample.path.name}")
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=CHROMIUM_FLAGS)
        for _ in range(ROUNDS):
            for checkout in checkouts:
                with served(checkout, Path(place) / "log") as address:
                    for name, seconds in time_round(browser, address, folder).items():
                        taken[checkout, name].append(seconds)
        browser.close()
    for (checkout, name), rounds in taken.items():
        worst = [max(seconds) for seconds in rounds]
        print(
            f"{checkout.resolve().name}, during {name}: median {np.median(np.concatenate(rounds)):.3f} s, "
            f"worst of a round {np.median(worst):.2f} s (median of {len(rounds)}), of all {max(worst):.2f} s"
        )
    print(f"load of the machine in the last minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [ROOT])
