"""Traces whose factors stay where they are, but for planted shifts."""

import dataclasses

import numpy as np

from peerattn.traces.trace import ConnectionTrace, Trace
from tests.traces import structure, trace_of

FRAMES, RATE = 64, 8
RANDOM = trace_of(structure(), frames=FRAMES, rate=RATE)
MOVED = [each.key for each in RANDOM.connections[20:26]]


def still(whole: Trace = RANDOM, *, noise: float = 0.002, seed: int = 0) -> Trace:
    """A trace whose factors and contributions are constant, but for a little noise."""
    random = np.random.default_rng(seed)

    def quiet(each: ConnectionTrace) -> ConnectionTrace:
        factors = np.tile(each.attention_factors[:1], (len(whole.times), 1)) * 0.5 + 0.25
        factors += random.normal(scale=noise, size=factors.shape).astype(np.float32)
        ones = np.ones(len(whole.times), np.float32)
        sizes = dict.fromkeys(("magnitude", "contribution", "source_contribution", "carried"), ones)
        return dataclasses.replace(each, attention_factors=factors, **sizes)

    return dataclasses.replace(whole, connections=tuple(map(quiet, whole.connections)))


def planted(whole: Trace, *frames: int, by: float = 0.2) -> Trace:
    """The trace in which the factors of the connections `MOVED` rise for three frames around these."""
    times = np.arange(len(whole.times))
    bump = by * sum(np.clip(1 - np.abs(times - frame) / 2, 0, 1) for frame in frames)

    def moved(each: ConnectionTrace) -> ConnectionTrace:
        if each.key not in MOVED:
            return each
        factors = (each.attention_factors + bump[:, None]).astype(np.float32)
        return dataclasses.replace(each, attention_factors=factors)

    return dataclasses.replace(whole, connections=tuple(map(moved, whole.connections)))
