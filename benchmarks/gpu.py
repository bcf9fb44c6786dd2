"""Test and measure a GPU in one command of at most 8 minutes: `python -m benchmarks.gpu [--out FILE]`.

Runs the tests marked `gpu`, networks in float32, TF32 and bf16 compared with float32 on the CPU, and a short
training. A step that no longer fits into the time is skipped, and a step that fails does not stop the others;
the report says so in both cases. After every step the tables are written to the file, and the raw numbers to
a .json file next to it; without a file both go to stdout.

Without a GPU, `--device strict` (a stand-in that rejects what CUDA rejects, `tests/strict.py`) and `--device
cpu` rehearse the benchmark with small sizes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path

import torch

from benchmarks.device_passes import Passes, run_passes
from benchmarks.device_tests import Outcomes, run_tests
from benchmarks.device_training import Prepared, Route, Training, routes, run_training
from benchmarks.published import processor
from benchmarks.subjects import Subject, noise, shipped
from peerattn.cli.console import Device, exit_on_error, torch_device
from peerattn.training.config import TrainingConfig
from tests import strict

SECONDS = 465.0
"""For all steps: 8 minutes, minus the time for starting and for an overrun of the last step."""
MAX_MESSAGE_LENGTH = 200
"""Number of characters of an error message that the report shows."""
Row = Outcomes | Passes | Training


@dataclass(frozen=True)
class Plan:
    """The tests (arguments of pytest), networks and training to run, each with the seconds that it needs."""

    tests: tuple[Sequence[str], float]
    networks: Mapping[str, tuple[Callable[[], Subject], float]]
    rounds: int
    training: tuple[TrainingConfig, float]
    batches: int


FULL = Plan(
    tests=(("-m", "gpu", "tests"), 30),
    networks={
        "actionworld": (partial(shipped, "actionworld"), 10),
        "asnp_lite": (partial(noise, "asnp_lite", frames=16, side=112), 25),
        "full_asnp50": (partial(noise, "full_asnp50", frames=16, side=112), 30),
        "asnp_lite as published": (partial(noise, "asnp_lite", frames=16, side=224), 50),
        "full_asnp50 as published": (partial(noise, "full_asnp50", frames=16, side=224), 70),
    },
    rounds=15,
    training=(TrainingConfig(epochs=15, batch=16, workers=0), 8),
    batches=4,
)
SMALL = Plan(
    tests=(("-m", "gpu", "tests/peerattn/network/test_network.py"), 0),
    networks={
        "actionworld": (partial(shipped, "actionworld", frames=4), 0),
        "full_asnp26": (partial(noise, "full_asnp26", frames=2, side=32), 0),
    },
    rounds=1,
    training=(TrainingConfig(epochs=2, batch=2, workers=0), 0),
    batches=1,
)


@dataclass(frozen=True)
class Step:
    """A part of the benchmark that needs at least `needs` seconds; `run` takes its time limit in seconds."""

    name: str
    needs: float
    run: Callable[[float], list[Row]]


def steps(plan: Plan, device: torch.device) -> list[Step]:
    """The steps of a plan, the most important first."""
    config, needs = plan.training
    prepared = cache(partial(Prepared, plan.batches, config.batch))
    training = [
        Step(f"training in {name}", needs, partial(_train, name, route, prepared))
        for name, route in routes(device, config).items()
    ]
    networks = [
        Step(name, needs, partial(_pass, name, make, device, plan.rounds))
        for name, (make, needs) in plan.networks.items()
    ]
    arguments, least = plan.tests
    tests = Step("tests", least, lambda seconds: [run_tests(arguments, seconds)])
    return [tests, *networks[:3], *training, *networks[3:]]


def _pass(
    name: str, make: Callable[[], Subject], device: torch.device, rounds: int, seconds: float
) -> list[Row]:
    return [*run_passes(name, make, device, rounds=rounds, seconds=seconds)]


def _train(name: str, route: Route, prepared: Callable[[], Prepared], seconds: float) -> list[Row]:
    source = prepared()  # made once, by the first training step
    return [run_training(name, route, source, seconds)]


class Report:
    """The rows so far and remarks on skipped and failed steps, for two files or stdout."""

    def __init__(self, machine: str, out: Path | None) -> None:
        self.machine, self.out = machine, out
        self.rows: list[Row] = []
        self.remarks: list[str] = []
        self.began = time.monotonic()

    def remark(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
        self.remarks.append(text)

    def markdown(self) -> str:
        """The machine, a table for each kind of row, and the remarks."""
        parts = [f"{self.machine}; {time.monotonic() - self.began:.0f} s"]
        for kind, rows in groupby(sorted(self.rows, key=_place), type):
            lines = [kind.columns, ["---"] * len(kind.columns), *(row.cells() for row in rows)]
            parts.append("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
        if self.remarks:
            parts.append("\n".join(f"- {remark}" for remark in self.remarks))
        return "\n\n".join(parts) + "\n"

    def json(self) -> str:
        rows = [{"kind": type(row).__name__.lower(), **asdict(row)} for row in self.rows]
        document = {"machine": self.machine, "rows": rows, "remarks": self.remarks}
        return json.dumps(document, indent=1) + "\n"

    def write(self) -> None:
        if self.out is not None:
            self.out.write_text(self.markdown(), encoding="utf-8")
            self.out.with_suffix(".json").write_text(self.json(), encoding="utf-8")


def _place(row: Row) -> int:
    return (Outcomes, Passes, Training).index(type(row))


def work_through(planned: Sequence[Step], report: Report, seconds: float) -> None:
    """Run every step that still fits into the time; each may use the time that later steps do not need."""
    end = time.monotonic() + seconds
    for number, step in enumerate(planned):
        left = end - time.monotonic()
        if left < step.needs:
            report.remark(f"{step.name}: skipped, it needs {step.needs:.0f} s and {left:.0f} s are left")
            continue
        print(f"{step.name} ...", file=sys.stderr, flush=True)
        spare = left - sum(later.needs for later in planned[number + 1 :])
        try:
            report.rows += step.run(max(spare, step.needs))
        except Exception as error:  # one failing step must not lose the results of the others
            message = (str(error).splitlines() or [""])[0][:MAX_MESSAGE_LENGTH]
            report.remark(f"{step.name}: failed, {type(error).__name__}: {message}")
        report.write()


def describe_machine(device: torch.device) -> str:
    """One line on the GPU, the CPU, the threads and the versions in use."""
    where = f"{device.type}, no GPU"
    if device.type == "cuda":
        built = f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
        where = f"{torch.cuda.get_device_name(device)} ({built})"
    return f"{where}; {processor()}, {torch.get_num_threads()} threads; torch {torch.__version__}"


@contextmanager
def open_device(name: str) -> Iterator[torch.device]:
    """Open the device of this name; raises PeerattnError if it is CUDA and not available."""
    if name == strict.STRICT:
        with strict.device() as device:
            yield device
    else:
        yield torch_device(Device(name))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--device", choices=[*Device, strict.STRICT], default="auto")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="time limit for all steps together")
    parser.add_argument(
        "--out", type=Path, help="a Markdown file; the raw numbers go to a .json file next to it"
    )
    options = parser.parse_args(arguments)
    with open_device(options.device) as device:
        report = Report(describe_machine(device), options.out)
        plan = FULL if device.type == "cuda" else SMALL
        work_through(steps(plan, device), report, options.seconds)
    if options.out is None:
        print(f"{report.markdown()}\n```json\n{report.json()}```")


if __name__ == "__main__":
    with exit_on_error():
        main()
