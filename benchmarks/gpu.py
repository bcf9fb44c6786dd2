"""What a GPU gives, in one command of at most 8 minutes: `python -m benchmarks.gpu [--out FILE]`.

The tests marked `gpu`; networks in float32, TF32 and bf16, beside float32 on the CPU; a short training.
A step that no longer fits is skipped, one that fails costs no other, and both are said. After every step the
tables go to the file, and the numbers as measured to a .json beside it; without a file both go to stdout.

Where there is no GPU, `--device strict` (a stand-in that refuses what CUDA refuses, `tests/strict.py`) and
`--device cpu` rehearse it in small sizes.
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
"""For all steps: 8 minutes, less what starting takes and what the last step may take too long."""
MESSAGE = 200
"""Characters of it that are told of a step that failed."""
Row = Outcomes | Passes | Training


@dataclass(frozen=True)
class Plan:
    """How much is run: what pytest is given, networks, a training; with the seconds that each needs."""

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
    """Something that needs so many seconds at least, and ends in as many as it is given."""

    name: str
    needs: float
    run: Callable[[float], list[Row]]


def steps(plan: Plan, device: torch.device) -> list[Step]:
    """In the order in which they are missed most."""
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
    source = prepared()  # made once, in the time of the first that needs it
    return [run_training(name, route, source, seconds)]


class Report:
    """The rows so far and what was left out; written to a Markdown file and a JSON file, or to stdout."""

    def __init__(self, machine: str, out: Path | None) -> None:
        self.machine, self.out = machine, out
        self.rows: list[Row] = []
        self.remarks: list[str] = []
        self.began = time.monotonic()

    def remark(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
        self.remarks.append(text)

    def markdown(self) -> str:
        """A table for each kind of row."""
        parts = [f"{self.machine}; {time.monotonic() - self.began:.0f} s"]
        for kind, rows in groupby(sorted(self.rows, key=_place), type):
            lines = [kind.columns, ["---"] * len(kind.columns), *(row.cells() for row in rows)]
            parts.append("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
        if self.remarks:
            parts.append("\n".join(f"- {remark}" for remark in self.remarks))
        return "\n\n".join(parts) + "\n"

    def json(self) -> str:
        rows = [{"kind": type(row).__name__.lower(), **asdict(row)} for row in self.rows]
        found = {"machine": self.machine, "rows": rows, "remarks": self.remarks}
        return json.dumps(found, indent=1) + "\n"

    def write(self) -> None:
        if self.out is not None:
            self.out.write_text(self.markdown(), encoding="utf-8")
            self.out.with_suffix(".json").write_text(self.json(), encoding="utf-8")


def _place(row: Row) -> int:
    return (Outcomes, Passes, Training).index(type(row))


def work_through(planned: Sequence[Step], report: Report, seconds: float) -> None:
    """Every step that still fits; each may take what those after it do not need."""
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
        except Exception as error:  # whatever it is, what was measured and what comes next are not lost
            said = (str(error).splitlines() or [""])[0][:MESSAGE]
            report.remark(f"{step.name}: failed, {type(error).__name__}: {said}")
        report.write()


def machine(device: torch.device) -> str:
    where = f"{device.type}, no GPU"
    if device.type == "cuda":
        built = f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
        where = f"{torch.cuda.get_device_name(device)} ({built})"
    return f"{where}; {processor()}, {torch.get_num_threads()} threads; torch {torch.__version__}"


@contextmanager
def opened(name: str) -> Iterator[torch.device]:
    """The device of this name; raises PeerattnError where it is CUDA and there is none."""
    if name == strict.STRICT:
        with strict.device() as device:
            yield device
    else:
        yield torch_device(Device(name))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--device", choices=[*Device, strict.STRICT], default="auto")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for all steps together")
    parser.add_argument("--out", type=Path, help="a Markdown file; its numbers go to .json beside it")
    options = parser.parse_args(arguments)
    with opened(options.device) as device:
        report = Report(machine(device), options.out)
        plan = FULL if device.type == "cuda" else SMALL
        work_through(steps(plan, device), report, options.seconds)
    if options.out is None:
        print(f"{report.markdown()}\n```json\n{report.json()}```")


if __name__ == "__main__":
    with exit_on_error():
        main()
