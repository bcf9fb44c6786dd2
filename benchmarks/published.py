"""Profile the forward pass of the published networks.

    python -m benchmarks.published [--device auto|cpu|cuda]

Uses one clip of 16 frames of 112 × 112 pixels and untrained filters. Prints for each network the time of a
pass and of its parts, its speed relative to the machine's fastest matrix product, and the memory it needs
compared with the value of `peerattn.network.size`. The time of a part excludes the parts inside it (fusion
excludes attention); its share is taken over the passes in the middle half; attention includes the connection
weights.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from benchmarks.interleaved import interleaved
from peerattn.cli.console import Device, exit_on_error, torch_device
from peerattn.graph import published
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.size import Costs, costs

FRAMES, SIDE = 16, 112
STRUCTURES = {
    "asn50": published.asn50,
    "asnp50": published.structure("asnp50"),
    "full_asnp50": published.full_asnp50,
    "asnp_lite": published.structure("asnp_lite", clip_width=SIDE),
}
MATMUL = 4096
"""Rows and columns of the matrices whose product gives the machine's peak."""
ROUNDS = 15
Result = TypeVar("Result")


class Stopwatch:
    """Measures the seconds spent in each part; time in a nested part does not count for the outer one."""

    def __init__(self, synchronize: Callable[[], None]) -> None:
        self.seconds: Counter[str] = Counter()
        self._synchronize = synchronize
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time inside the `with` block for this part."""
        self._turn()
        self._running.append(name)
        yield
        self._turn()
        self._running.pop()

    def _turn(self) -> None:
        self._synchronize()
        now = time.perf_counter()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def watch(self, owner: object, method: str, name: str) -> None:
        """From now on, count every call of this method for this part."""
        call = getattr(owner, method)

        def timed(*args: Any) -> Any:
            with self.part(name):
                return call(*args)

        setattr(owner, method, timed)


class Subject:
    """A network with a stopwatch on its parts, the clip it runs on, and its analytic costs."""

    def __init__(self, structure: Structure, device: torch.device) -> None:
        torch.manual_seed(0)
        names = [str(number) for number in range(published.CLASSES)]
        self.device = device
        self.network = Network(structure, names).eval().to(device)
        self.costs: Costs = costs(structure, len(names), frames=FRAMES, height=SIDE, width=SIDE)
        self.clip = {
            modality.name: torch.rand(1, modality.channels, FRAMES, SIDE, SIDE, device=device)
            for modality in structure.read_modalities
        }
        self.memory = self.peak_memory()
        self.watch = Stopwatch(partial(synchronize, device))
        self.passes: list[Counter[str]] = []
        self._watch_parts()

    def _watch_parts(self) -> None:
        network = self.network
        for block in network.structure.blocks:
            self.watch.watch(network.blocks[block.id], "forward", block.kind)
        for flow in network.flows.values():
            self.watch.watch(flow, "forward", "representation flow")
        for head in network.heads.values():
            self.watch.watch(head, "forward", "head")
        self.watch.watch(network, "_fused", "fusion")
        for attention in ("_peers", "_scale"):
            self.watch.watch(network, attention, "attention")

    def run(self) -> None:
        """Time one pass, including the conversion of the clip's memory layout."""
        self.watch.seconds = Counter()
        with self.watch.part("the rest"):
            self.network(self.clip)
        self.passes.append(self.watch.seconds)

    def shares(self) -> dict[str, float]:
        """Part → its share of the time, the largest first; the first pass is not counted."""
        totals = np.array([spent.total() for spent in self.passes[1:]])
        low, high = np.percentile(totals, (25, 75))
        middle = [spent for spent in self.passes[1:] if low <= spent.total() <= high]
        spent = sum(middle, Counter[str]())
        return {part: seconds / spent.total() for part, seconds in spent.most_common()}

    def peak_memory(self) -> int:
        """Peak bytes allocated in a pass, including weights, clip and scratch space of operations."""
        persistent = sum(
            tensor.nbytes for tensor in [*self.clip.values(), *self.network.state_dict().values()]
        )
        task = partial(self.network, self.clip)
        task()
        _, peak = with_peak(self.device, task)
        return persistent + (peak_allocated(task) if peak is None else peak)


def with_peak(device: torch.device, task: Callable[[], Result]) -> tuple[Result, int | None]:
    """Return the result of a task and the peak of the bytes that it allocated, which only CUDA reports."""
    if device.type != "cuda":
        return task(), None
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    result = task()
    synchronize(device)
    return result, torch.cuda.max_memory_allocated(device) - before


def peak_allocated(task: Callable[[], Tensor]) -> int:
    """Peak bytes that a task allocates on the CPU, according to torch's profiler."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profiler:
        task()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    memory = sorted((event for event in events if event["name"] == "[memory]"), key=lambda e: e["ts"])
    return int(np.cumsum([event["args"]["Bytes"] for event in memory]).max())


def synchronize(device: torch.device) -> None:
    """Wait for the device if it works asynchronously."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matmul(device: torch.device) -> Callable[[], None]:
    """A task that multiplies two large float32 matrices."""
    left, right = (torch.rand(MATMUL, MATMUL, device=device) for _ in range(2))
    product = torch.empty_like(left)

    def task() -> None:
        torch.mm(left, right, out=product)
        synchronize(device)

    return task


def processor() -> str:
    """The model name of the CPU, as Linux reports it."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def load() -> float:
    """The load average of the last minute; times are too long if it exceeds the number of threads."""
    return os.getloadavg()[0]


def quartiles(values: np.ndarray[Any, Any], digits: int = 0) -> str:
    low, median, high = np.percentile(values, (25, 50, 75))
    return f"{median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def mebibytes(count: int | None) -> str:
    return "unknown" if count is None else f"{count / 2**20:.0f}"


def report(name: str, subject: Subject, seconds: np.ndarray[Any, Any], peak: np.ndarray[Any, Any]) -> None:
    """Print the results of one network; `peak` is in multiply-adds per second, one value per round."""
    expected = subject.costs
    share = 100 * expected.multiply_adds / seconds / peak
    print(f"{name}: {quartiles(1000 * seconds)} ms, {quartiles(share, 1)} % of the matmul peak")
    print(f"  {expected.multiply_adds / 1e9:.2f} G multiply-adds, {expected.parameters:,} parameters")
    analytic = expected.memory.weights + expected.memory.activations
    print(
        f"  memory {subject.memory / 2**20:.0f} MiB; analytic {analytic / 2**20:.0f} MiB, of it weights "
        f"{expected.memory.weights / 2**20:.0f} MiB"
    )
    for part, fraction in subject.shares().items():
        print(f"  {part:20} {1000 * fraction * np.median(seconds):7.1f} ms {100 * fraction:5.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--device", type=Device, choices=list(Device), default=Device.auto)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    device = torch_device(options.device)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    print(f"{where}, {torch.get_num_threads()} threads, torch {torch.__version__}, load {load():.1f}")
    subjects = {name: Subject(structure, device) for name, structure in STRUCTURES.items()}
    tasks = {"matmul": matmul(device), **{name: subject.run for name, subject in subjects.items()}}
    taken = {name: np.array(seconds) for name, seconds in interleaved(tasks, rounds=options.rounds).items()}
    peak = MATMUL**3 / taken["matmul"]
    print(f"matmul peak: {quartiles(2e-9 * peak)} GFLOP/s in float32; {options.rounds} rounds")
    for name, subject in subjects.items():
        report(name, subject, taken[name], peak)
    print(f"load at the end {load():.1f}")


if __name__ == "__main__":
    with exit_on_error(), torch.inference_mode():
        main()
