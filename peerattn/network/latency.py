"""How long a forward pass takes: networks in turn, so that a slow moment of the machine meets them all."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from peerattn.network.network import Network
from peerattn.network.precision import applied
from peerattn.network.size import rough_multiply_adds
from peerattn.threads import threads_for

PASSES = 31


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one forward pass: each one's, their median, and the middle half of them."""

    median: float
    quartiles: tuple[float, float]
    passes: int
    each: tuple[float, ...] = ()


@dataclass(frozen=True)
class SpeedUp:
    """How many times as fast one network is as another: the median of the passes' ratios, its interval.

    There is no speed-up where the interval holds 1; where there is no interval, `remark` says why.
    """

    value: float
    interval: tuple[float, float] | None
    remark: str


def latencies(networks: Sequence[Network], *, frames: int, size: int, passes: int = PASSES) -> list[Latency]:
    """The latency of each network on a clip of noise (B = 1), in turn, after a pass that is not counted."""
    seconds: list[list[float]] = [[] for _ in networks]
    clips = [_noise(network, frames, size) for network in networks]
    work = rough_multiply_adds(networks[0], clips=1, frames=frames, sides=(size, size))
    with torch.inference_mode(), applied(next(networks[0].parameters()).device), threads_for(work):
        for turn in range(passes + 1):
            for network, clip, taken in zip(networks, clips, seconds, strict=True):
                started = time.perf_counter()
                network(clip)
                if next(network.parameters()).is_cuda:
                    torch.cuda.synchronize()
                if turn:
                    taken.append(time.perf_counter() - started)
    return [_summary(taken) for taken in seconds]


def _noise(network: Network, frames: int, size: int) -> Mapping[str, torch.Tensor]:
    device = next(network.parameters()).device
    return {
        modality.name: torch.rand(1, modality.channels, frames, size, size, device=device)
        for modality in network.structure.read_modalities
    }


def _summary(seconds: Sequence[float]) -> Latency:
    low, median, high = np.percentile(np.array(seconds) * 1000, (25, 50, 75)).tolist()
    return Latency(median, (low, high), len(seconds), tuple(1000 * one for one in seconds))


def speed_up(before: Latency, after: Latency) -> SpeedUp:
    """How many times as fast the second is, of networks that were timed in turn.

    Of 31 sorted ratios the 10th and the 22nd hold the median with 97 %; of more, those that do with 95 % or
    more. None of fewer.
    """
    ratios = np.sort(np.array(before.each) / np.array(after.each))
    middle, n = float(np.median(ratios)), len(ratios)
    if n < PASSES:
        return SpeedUp(middle, None, f"too few passes ({n})")
    below = np.cumsum([math.comb(n, count) / 2**n for count in range(n)])  # P(so many ratios are under it)
    rank = int((below <= 0.025).sum()) - 1
    return SpeedUp(middle, (float(ratios[rank]), float(ratios[n - 1 - rank])), "")
