"""How long a forward pass takes: networks in turn, so that a slow moment of the machine meets them all."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from peerattn.network.network import Network
from peerattn.network.precision import applied
from peerattn.network.size import rough_multiply_adds
from peerattn.threads import threads_for


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one forward pass: the median over the passes, and the middle half of them."""

    median: float
    quartiles: tuple[float, float]
    passes: int


def latencies(networks: Sequence[Network], *, frames: int, size: int, passes: int = 21) -> list[Latency]:
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
    return Latency(median, (low, high), len(seconds))
