"""Train `actionworld`'s structure briefly on a device, and measure speed, memory and final loss."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from benchmarks.published import mebibytes, quartiles, synchronize, with_peak
from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.data.loading import Batch
from peerattn.errors import PeerattnError
from peerattn.network.precision import Precision, apply_precision, precision
from peerattn.training.actionworld import GeneratedSource, actionworld_structure
from peerattn.training.callbacks import Callbacks
from peerattn.training.config import PRECISIONS, TrainingConfig
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit


@dataclass(frozen=True)
class Training:
    """Seconds of each update after the first quarter, peak bytes, and the mean of the last ten losses."""

    columns: ClassVar[Sequence[str]] = (
        *("training on", "updates/s", "clips/s", "one update, ms", "updates", "memory, MiB", "loss"),
    )
    route: str
    batch: int
    seconds: list[float]
    peak: int | None
    loss: float

    def cells(self) -> list[str]:
        rate = 1 / float(np.median(self.seconds))
        update = quartiles(1000 * np.array(self.seconds), 1)
        speeds = [f"{rate:.1f}", f"{self.batch * rate:.0f}", update, str(len(self.seconds))]
        return [self.route, *speeds, mebibytes(self.peak), f"{self.loss:.3f}"]


class Prepared:
    """Generated clips to train on, made in advance: the same batches in every epoch."""

    class_names = CLASS_NAMES
    shuffled = False

    def __init__(self, batches: int, batch: int) -> None:
        self.skipped: dict[str, str] = {}
        source = GeneratedSource(batches * batch, actionworld_structure().read_modalities)
        starts = range(0, batches * batch, batch)
        self.batches = [source.batch(0, range(start, start + batch)) for start in starts]

    def __len__(self) -> int:
        return sum(len(batch.targets) for batch in self.batches)

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        return self.batches[members[0] // len(members)]


@dataclass(frozen=True)
class Route:
    """A device, the precision that its float32 may be rounded to, and the settings of the training."""

    device: torch.device
    allowed: Precision
    config: TrainingConfig


def routes(device: torch.device, config: TrainingConfig) -> dict[str, Route]:
    """float32 on the CPU; float32, TF32 and half precisions on the device."""
    found = {
        "float32 on the CPU": Route(torch.device("cpu"), "float32", config),
        f"float32 on {device.type}": Route(device, "float32", config),
        f"tf32 on {device.type}": Route(device, "tf32", config),
    }
    for half in PRECISIONS[1:]:
        found[f"{half} on {device.type}"] = Route(device, "float32", replace(config, precision=half))
    return found


class _OutOfTime(Exception):
    pass


def run_training(name: str, route: Route, source: Prepared, seconds: float) -> Training:
    """Train to the end or for this many seconds; raises PeerattnError if that is too short to measure."""
    end = time.monotonic() + seconds
    times, losses = list[float](), list[float]()

    def progress(done: int, total: int, loss: float) -> None:
        synchronize(route.device)
        times.append(time.perf_counter())
        losses.append(loss)
        if time.monotonic() > end:
            raise _OutOfTime

    def task() -> None:
        network = new_network(actionworld_structure(), CLASS_NAMES, seed=0).to(route.device)
        with suppress(_OutOfTime), precision(route.allowed), apply_precision(route.device):
            fit(network, source, route.config, callbacks=Callbacks(progress=progress))

    _, peak = with_peak(route.device, task)
    taken = np.diff(times)
    taken = taken[len(taken) // 4 :]
    if not len(taken):
        raise PeerattnError(
            f"{len(times)} updates in {seconds:.0f} s are too few to measure the speed: allow more time"
        )
    return Training(name, route.config.batch, taken.tolist(), peak, float(np.mean(losses[-10:])))
