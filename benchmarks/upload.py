"""Time a 10 s 720p clip from upload to predictions, in the app in Chromium: `python -m benchmarks.upload`.

Also prints the share of decoding, flow and networks in that time, the work that cannot be avoided. Each is
timed in this process on the same file, alternating with the uploads. Needs requirements-dev.txt.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import torch
from playwright.sync_api import Page, sync_playwright

from benchmarks.interleaved import milliseconds
from peerattn.actionworld.clips import generate
from peerattn.checkpoints import checkpoint
from peerattn.modalities.flow import optical_flow
from peerattn.modalities.preparation import prepare
from peerattn.modalities.segmenter import estimate_objects, load_segmenter
from peerattn.modalities.view import crop_images
from peerattn.recording.recorder import record
from peerattn.video.decoding import decode
from tests.browser import find_chromium

PORT = 8791
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
ROUNDS = 5


def write_clip(path: Path, seed: int) -> None:
    """Write a generated clip of 10 s with 1280 × 720 pixels at 30 frames/s, in H.264."""
    world = generate(seed, frames=80, size=(720, 1280))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for number in range(300):
            frame = av.VideoFrame.from_ndarray(world.images[number * 80 // 300], format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@contextmanager
def served() -> Iterator[str]:
    """Serve the app while the `with` block runs; gives its address."""
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(PORT)]
    server = subprocess.Popen(command, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.DEVNULL)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://localhost:{PORT}/_stcore/health")
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://localhost:{PORT}"
    finally:
        server.terminate()
        server.wait()


def time_upload(page: Page, address: str, path: Path) -> float:
    """Seconds from handing the file to a fresh page until the page shows the prediction for it."""
    page.goto(address)
    page.get_by_text("Object maps: ground truth").wait_for(timeout=120_000)
    started = time.perf_counter()
    page.locator("input[type=file]").first.set_input_files(str(path))
    page.get_by_text("Object maps: estimated").wait_for(timeout=120_000)
    return time.perf_counter() - started


def time_parts(path: Path) -> dict[str, float]:
    """Seconds that each step takes in this process."""
    loaded = checkpoint.load("actionworld")
    segmenter = load_segmenter("actionworld-objects")
    taken = {}

    def timed(name: str, started: float) -> None:
        taken[name] = time.perf_counter() - started

    started = time.perf_counter()
    frames = decode(path, frame_rate=loaded.settings.frame_rate)
    timed("decode", started)
    images = crop_images(frames.images, loaded.settings.size)
    started = time.perf_counter()
    optical_flow(images, loaded.settings.flow)
    timed("flow", started)
    clip = prepare(
        frames, loaded.structure.read_modalities, loaded.settings, objects=estimate_objects(frames, segmenter)
    )
    started = time.perf_counter()
    estimate_objects(frames, segmenter)
    record(loaded.network, clip, window=loaded.settings.window)
    timed("networks (object maps and predictions)", started)
    return taken


def main() -> None:
    uploads: list[float] = []
    steps: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder, served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        for number in range(ROUNDS + 1):
            path = Path(folder) / f"clip{number}.mp4"
            write_clip(path, seed=number)
            seconds, step = time_upload(page, address, path), time_parts(path)
            if number:
                uploads.append(seconds)
                steps.append(step)
        browser.close()
    print(f"upload to predictions: {milliseconds(uploads)} (median of {ROUNDS})")
    for name in steps[0]:
        print(f"  {name}: {milliseconds([step[name] for step in steps])}")
    shares = np.array([sum(step.values()) for step in steps]) / np.array(uploads)
    print(
        f"decode + flow + networks: {np.median(shares):.2f} of it ({shares.min():.2f} to {shares.max():.2f})"
    )


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
