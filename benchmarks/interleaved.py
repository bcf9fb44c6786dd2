"""Time several tasks in alternation, so that a slow moment of the machine affects all of them alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import numpy as np


def interleaved(
    tasks: Mapping[str, Callable[[], object]], *, rounds: int = 15, within: float = math.inf
) -> dict[str, list[float]]:
    """Return the seconds of each task in each round, after a warm-up round that is not counted.

    No round starts after `within` seconds have passed, except the first one that is counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    end = time.monotonic() + within
    for turn in range(rounds + 1):
        if turn > 1 and time.monotonic() > end:
            break
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def ratio(above: list[float], below: list[float]) -> str:
    """Describe the ratios of two tasks, round by round: their median and their middle half."""
    low, median, high = np.percentile(np.array(above) / np.array(below), (25, 50, 75))
    return f"{median:.3f} (middle half {low:.3f} to {high:.3f}, {len(above)} rounds)"


def milliseconds(seconds: list[float]) -> str:
    return f"{1000 * float(np.median(seconds)):.1f} ms"
