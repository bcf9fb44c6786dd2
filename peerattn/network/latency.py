"""Measure how long a forward pass takes.

Networks that are compared run alternately, so that a slow moment of the machine affects all of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from peerattn.network.network import Network
from peerattn.network.precision import apply_precision
from peerattn.network.size import rough_multiply_adds
from peerattn.threads import threads_for

PASSES = 31
"""Timed passes per network: the fewest from which `speed_up` gives an interval."""


@dataclass(frozen=True)
class Latency:
    """The duration of a forward pass in milliseconds.

    `median` and `quartiles` (25 % and 75 %) are taken over `passes` passes; `each` has one value per pass.
    """

    median: float
    quartiles: tuple[float, float]
    passes: int
    each: tuple[float, ...] = ()


@dataclass(frozen=True)
class SpeedUp:
    """How many times as fast one network is as another.

    `value` is the median of the ratios between paired passes, and `interval` its confidence interval. If the
    interval contains 1, no speed-up is shown. If there is no interval, `remark` says why.
    """

    value: float
    interval: tuple[float, float] | None
    remark: str


def measure_latencies(
    networks: Sequence[Network], *, frames: int, size: int, passes: int = PASSES
) -> list[Latency]:
    """Measure each network's latency on a clip of noise (B = 1) of `frames` frames of size × size pixels.

    The networks run alternately, `passes` times each, after one warm-up pass that is not counted.
    """
    seconds: list[list[float]] = [[] for _ in networks]
    clips = [_noise(network, frames, size) for network in networks]
    work = rough_multiply_adds(networks[0], clips=1, frames=frames, sides=(size, size))
    with torch.inference_mode(), apply_precision(next(networks[0].parameters()).device), threads_for(work):
        for turn in range(passes + 1):
            for network, clip, durations in zip(networks, clips, seconds, strict=True):
                started = time.perf_counter()
                network(clip)
                if next(network.parameters()).is_cuda:
                    torch.cuda.synchronize()
                if turn:
                    durations.append(time.perf_counter() - started)
    return [_summary(durations) for durations in seconds]


def _noise(network: Network, frames: int, size: int) -> Mapping[str, torch.Tensor]:
    device = next(network.parameters()).device
    sides = network.structure.clip_sides(size, size)
    return {
        modality.name: torch.rand(1, modality.channels, frames, *sides, device=device)
        for modality in network.structure.read_modalities
    }


def _summary(seconds: Sequence[float]) -> Latency:
    low, median, high = np.percentile(np.array(seconds) * 1000, (25, 50, 75)).tolist()
    return Latency(median, (low, high), len(seconds), tuple(1000 * duration for duration in seconds))


def speed_up(before: Latency, after: Latency) -> SpeedUp:
    """Return how many times as fast `after` is as `before`, from networks that were timed alternately.

    The interval is that of the median by order statistics: of 31 sorted ratios, the 10th and the 22nd enclose
    the median with a confidence of 97 %. For more ratios it is the narrowest with at least 95 %; for fewer
    than 31 there is none.
    """
    ratios = np.sort(np.array(before.each) / np.array(after.each))
    middle, n = float(np.median(ratios)), len(ratios)
    if n < PASSES:
        return SpeedUp(middle, None, f"too few passes ({n})")
    below = np.cumsum(
        [math.comb(n, count) / 2**n for count in range(n)]
    )  # P(at most `count` ratios are below it)
    rank = int((below <= 0.025).sum()) - 1
    return SpeedUp(middle, (float(ratios[rank]), float(ratios[n - 1 - rank])), "")
