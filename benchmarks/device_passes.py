"""Run a network on a device in each precision, and compare it with float32 on the CPU."""

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
"""The reference for the differences."""


@dataclass(frozen=True)
class Passes:
    """A network in one precision: seconds per round, bytes, largest differences from float32 on the CPU."""

    columns: ClassVar[Sequence[str]] = (
        *("network", "route", "pass, ms", "`record`, ms", "rounds", "memory of a pass, MiB"),
        *("of `record`, MiB", "analytic, MiB", "difference in logits", "in factors"),
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
        differences = [f"{greatest:.1e}" for greatest in (self.logits, self.factors)]
        return [self.network, self.route, *times, str(len(self.forward)), *memory, *differences]


def run_passes(
    name: str, make: Callable[[], Subject], device: torch.device, *, rounds: int, seconds: float
) -> list[Passes]:
    """Return a row for float32 on the CPU and one per precision on the device, timed if time permits."""
    began = time.monotonic()
    subject = make()
    subjects: dict[str, tuple[Precision, Subject]] = {EXACT: ("float32", subject)}
    for allowed in get_args(Precision):
        subjects[f"{allowed} on {device.type}"] = (allowed, subject.on(device))
    first = {route: _run_once(*each) for route, each in subjects.items()}
    tasks = {
        f"{route}, {method}": _task(allowed, each, method)
        for route, (allowed, each) in subjects.items()
        for method in ("forward", "record")
    }
    spent = time.monotonic() - began  # longer than a round takes; the first round is a warm-up
    fits = 3 * spent < seconds
    taken = (
        interleaved(tasks, rounds=rounds, within=seconds - spent) if fits else {name: [] for name in tasks}
    )
    frames, height, width = subject.sizes
    classes = len(subject.network.class_names)
    memory = costs(subject.network.structure, classes, frames=frames, height=height, width=width).memory
    exact, _ = first[EXACT]
    rows: list[Passes] = []
    for route, (result, peaks) in first.items():
        largest = {name: float(each.max()) for name, each in differences(result, exact).items()}
        rows.append(
            Passes(
                network=f"{name}, {frames} × {height} × {width}",
                route=route,
                forward=taken[f"{route}, forward"],
                record=taken[f"{route}, record"],
                peaks=peaks,
                analytic=memory.weights + memory.activations,
                logits=largest["logits"],
                factors=largest["factors"],
            )
        )
    return rows


def _run_once(allowed: Precision, subject: Subject) -> tuple[Numbers, tuple[int | None, int | None]]:
    """Run a subject once: its numbers, and the peak memory of a pass and of a recording with its baseline."""
    with precision(allowed):
        if subject.device.type == "cuda":
            subject.forward()  # allocates the memory of the libraries
        logits, of_pass = with_peak(subject.device, subject.forward)
        trace, of_record = with_peak(subject.device, subject.record)
    totals = [None if peak is None else subject.nbytes + peak for peak in (of_pass, of_record)]
    return numbers(logits, trace), (totals[0], totals[1])


def _task(allowed: Precision, subject: Subject, method: str) -> Callable[[], None]:
    def run() -> None:
        with precision(allowed):
            getattr(subject, method)()
        synchronize(subject.device)

    return run
