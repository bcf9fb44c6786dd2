"""Jobs for the work process. They are pickled by name, so they cannot be defined inside a test."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import torch

from app.work.datasets import EvaluationRequest, FolderEvaluation
from app.work.jobs import Progress
from peerattn.errors import PeerattnError

PATIENCE = 60  # s; long, because other tests may use the same cores


def count_to_five(progress: Progress) -> Iterator[int]:
    for number in range(5):
        progress(number + 1, 5)
        yield number


def describe_process(progress: Progress) -> Iterator[dict[str, object]]:
    """Yield the id, priority, threads and environment of the process that runs this job."""
    nice = os.nice(0) if hasattr(os, "nice") else None
    threads = {"torch": torch.get_num_threads(), "opencv": cv2.getNumThreads()}
    yield {"pid": os.getpid(), "nice": nice, "threads": threads, "environment": dict(os.environ)}


def raise_peerattn_error(progress: Progress) -> Iterator[int]:
    yield 1
    raise PeerattnError("there is no such folder")


def divide_by_zero(progress: Progress) -> Iterator[float]:
    print("a library says something")
    yield 1.0
    yield 1 / 0


def yield_function(progress: Progress) -> Iterator[object]:
    """Yield a result that cannot be pickled."""
    yield lambda: None


def wait_for_file(flag: Path, progress: Progress) -> Iterator[str]:
    """Yield the process id, wait until the file exists, and yield "ended" as the last result."""
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
    """A measurement that takes a minute unless it is cancelled, and yields nothing."""
    for step in range(100 * PATIENCE):
        progress(step, 100 * PATIENCE)
        time.sleep(0.01)
    yield from ()
