"""How long the server takes to answer beside measurements: `python -m benchmarks.serving [CHECKOUT ...]`.

Timed is `/_stcore/health`, with nothing running, beside a curve of `actionworld`, and beside that curve and
the same network measured on a folder, each in a page that shows how far it is. Checkouts, of this and of
another version, are served in turn, with the threads that are usual. Needs requirements-dev.txt.
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
SETTLING = 3  # s until the page is drawn
PAUSE = 0.05  # s between an answer and the next question
COPIES = 40  # of each sample, in the folder
PATIENCE = 240_000  # ms


@contextmanager
def served(checkout: Path, log: Path) -> Iterator[str]:
    """The address of the app of a checkout, while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    ours = ("PYTHONPATH", "OMP_NUM_THREADS")  # the second is set by the tests' own settings
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=checkout, env=environment, stdout=output, stderr=output)
    try:
        wait_until_healthy(f"http://localhost:{port}", server, log)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait()


def answers(address: str) -> list[float]:
    """The seconds that each answer took."""
    taken, until = [], time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        started = time.perf_counter()
        urllib.request.urlopen(f"{address}/_stcore/health").read()
        taken.append(time.perf_counter() - started)
        time.sleep(PAUSE)
    return taken


def start(page: Page, address: str, button: str) -> None:
    """Start a measurement on a screen, which from then on shows how far it is."""
    page.goto(address)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="Cancel").wait_for()
    time.sleep(SETTLING)


def round_of(browser: Browser, address: str, folder: Path) -> dict[str, list[float]]:
    """What is timed → the seconds of its answers."""
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE)
        found = {"nothing": answers(address)}
        curve, measurement = context.new_page(), context.new_page()
        start(curve, f"{address}/prune?checkpoint=actionworld", "Measure the accuracy at every threshold")
        found["a curve"] = answers(address)
        place = f"{address}/data?checkpoint=actionworld&data={folder}"
        start(measurement, place, "Measure the accuracy")
        found["a curve and a folder"] = answers(address)
        still = measurement.get_by_role("button", name="Cancel").is_visible()
        assert still, "the folder was measured before the end: more clips are needed"
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
                    for name, seconds in round_of(browser, address, folder).items():
                        taken[checkout, name].append(seconds)
        browser.close()
    for (checkout, name), rounds in taken.items():
        worst = [max(seconds) for seconds in rounds]
        print(
            f"{checkout.resolve().name}, beside {name}: median {np.median(np.concatenate(rounds)):.3f} s, "
            f"worst of a round {np.median(worst):.2f} s (median of {len(rounds)}), of all {max(worst):.2f} s"
        )
    print(f"load of the machine in the last minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [ROOT])
