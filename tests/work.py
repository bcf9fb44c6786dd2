"""Work for the measuring process: it is sent by name, so it cannot be defined inside a test."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import torch

from app.work.datasets import EvaluationRequest, FolderEvaluation
from app.work.jobs import Progress
from peerattn.errors import PeerattnError

PATIENCE = 60  # s; shared cores


def counting(progress: Progress) -> Iterator[int]:
    for number in range(5):
        progress(number + 1, 5)
        yield number


def where(progress: Progress) -> Iterator[dict[str, object]]:
    """Describe the process that this runs in."""
    nice = os.nice(0) if hasattr(os, "nice") else None
    threads = {"torch": torch.get_num_threads(), "opencv": cv2.getNumThreads()}
    yield {"pid": os.getpid(), "nice": nice, "threads": threads, "environment": dict(os.environ)}


def refusing(progress: Progress) -> Iterator[int]:
    yield 1
    raise PeerattnError("there is no such folder")


def failing(progress: Progress) -> Iterator[float]:
    print("a library says something")
    yield 1.0
    yield 1 / 0


def unsendable(progress: Progress) -> Iterator[object]:
    yield lambda: None


def waiting(flag: Path, progress: Progress) -> Iterator[str]:
    """Yield the process id, wait until the file exists, and yield \"ended\"."""
    yield str(os.getpid())
    until = time.monotonic() + PATIENCE
    while not flag.exists() and time.monotonic() < until:
        progress(1, 2)
        time.sleep(0.01)
    progress(2, 2)
    yield "ended"


def slow_measurement(
    choice: EvaluationRequest, device: torch.device, progress: Progress
) -> Iterator[FolderEvaluation]:
    """A measurement that runs until it is cancelled."""
    for step in range(100 * PATIENCE):
        progress(step, 100 * PATIENCE)
        time.sleep(0.01)
    yield from ()
