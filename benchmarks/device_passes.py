"""A network on a device in each precision, beside float32 on the CPU: time, memory, and differences."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args

import numpy as np
import torch

from benchmarks.interleaved import interleaved
from benchmarks.published import mebibytes, quartiles, synchronize, with_peak
from benchmarks.subjects import Numbers, Subject, differences, numbers
from peerattn.network.precision import Precision, precision
from peerattn.network.size import costs

EXACT = "float32 on the CPU"
"""From which the differences are counted."""


@dataclass(frozen=True)
class Passes:
    """A network in one precision: seconds by round, bytes, and how far it is from float32 on the CPU."""

    columns: ClassVar[Sequence[str]] = (
        *("network", "on", "pass, ms", "`record`, ms", "rounds", "memory of a pass, MiB"),
        *("of `record`, MiB", "`size` says, MiB", "logits differ by", "factors by"),
    )
    network: str
    route: str
    forward: list[float]
    record: list[float]
    peaks: tuple[int | None, int | None]
    analytic: int
    logits: float
    factors: float

    def cells(self) -> list[str]:
        times = [
            quartiles(1000 * np.array(seconds), 1) if seconds else "no time"
            for seconds in (self.forward, self.record)
        ]
        memory = [mebibytes(peak) for peak in (*self.peaks, self.analytic)]
        apart = [f"{greatest:.1e}" for greatest in (self.logits, self.factors)]
        return [self.network, self.route, *times, str(len(self.forward)), *memory, *apart]


def run_passes(
    name: str, make: Callable[[], Subject], device: torch.device, *, rounds: int, seconds: float
) -> list[Passes]:
    """A row for float32 on the CPU, and one for each precision on the device; timed if that still fits."""
    began = time.monotonic()
    given = make()
    subjects: dict[str, tuple[Precision, Subject]] = {EXACT: ("float32", given)}
    for allowed in get_args(Precision):
        subjects[f"{allowed} on {device.type}"] = (allowed, given.on(device))
    first = {route: _first(*each) for route, each in subjects.items()}
    tasks = {
        f"{route}, {method}": _pass(allowed, subject, method)
        for route, (allowed, subject) in subjects.items()
        for method in ("forward", "record")
    }
    spent = time.monotonic() - began  # more than a round takes; the first round is not counted
    fits = 3 * spent < seconds
    taken = (
        interleaved(tasks, rounds=rounds, within=seconds - spent) if fits else {name: [] for name in tasks}
    )
    frames, height, width = given.sizes
    classes = len(given.network.class_names)
    memory = costs(given.network.structure, classes, frames=frames, height=height, width=width).memory
    exact, _ = first[EXACT]
    rows: list[Passes] = []
    for route, (found, peaks) in first.items():
        apart = {name: float(each.max()) for name, each in differences(found, exact).items()}
        rows.append(
            Passes(
                network=f"{name}, {frames} × {height} × {width}",
                route=route,
                forward=taken[f"{route}, forward"],
                record=taken[f"{route}, record"],
                peaks=peaks,
                analytic=memory.weights + memory.activations,
                logits=apart["logits"],
                factors=apart["factors"],
            )
        )
    return rows


def _first(allowed: Precision, subject: Subject) -> tuple[Numbers, tuple[int | None, int | None]]:
    """What a subject gives, and the memory of a pass and of a recording, its baseline included."""
    with precision(allowed):
        if subject.device.type == "cuda":
            subject.forward()  # libraries have their own memory from now on
        logits, of_pass = with_peak(subject.device, subject.forward)
        trace, of_record = with_peak(subject.device, subject.record)
    held = [None if peak is None else subject.held + peak for peak in (of_pass, of_record)]
    return numbers(logits, trace), (held[0], held[1])


def _pass(allowed: Precision, subject: Subject, method: str) -> Callable[[], None]:
    def run() -> None:
        with precision(allowed):
            getattr(subject, method)()
        synchronize(subject.device)

    return run
