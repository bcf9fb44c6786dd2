"""A command beside other work: `python -m benchmarks.busy [--rounds 11] [--busy 8] [--checkpoint NAME]`.

`peerattn record` of a 6 s sample, each time in a process of its own and in turn: as it is now, with one
thread, and with a thread a core that spins as torch's OpenMP does where nothing is set. First alone, then
beside so many processes that never rest. A loop of plain Python is timed with them: its wall time a CPU
second is what the machine gives to one process then. Not for Windows, which does not say what was used.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.interleaved import ratio
from peerattn.threads import THREADS_VARIABLE, WAIT_VARIABLES

ROOT = Path(__file__).parents[1]
RECORD = ("-m", "peerattn", "record", "app/samples/push-ball-6s.mp4", "--json", os.devnull, "--checkpoint")
LOOP = ("-c", "import time\nwhile time.process_time() < 3: pass")
SPINNING = "300000"
"""How often a thread of GNU's OpenMP looks whether there is work, before it sleeps, where nothing is set."""
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "now": {},
    "one thread": {"OMP_NUM_THREADS": "1"},
    "spinning": {"OMP_NUM_THREADS": str(os.cpu_count()), "GOMP_SPINCOUNT": SPINNING},
}
Used = tuple[float, float]
"""CPU and wall seconds."""


def used(words: Sequence[str], setting: Mapping[str, str]) -> Used:
    """What Python used with these words, and the processes that it started and ended."""
    unset = {"OMP_NUM_THREADS", THREADS_VARIABLE, *WAIT_VARIABLES}
    environment = {name: text for name, text in os.environ.items() if name not in unset}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-P", *words], cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT), **setting}
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that never rest, while the `with` block runs."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def measured(checkpoint: str, rounds: int) -> dict[str, list[Used]]:
    """What the command used in each round under each setting, and the loop."""
    found: dict[str, list[Used]] = {name: [] for name in (*SETTINGS, "loop")}
    for _ in range(rounds):
        for name, setting in SETTINGS.items():
            found[name].append(used((*RECORD, checkpoint), setting))
        found["loop"].append(used(LOOP, {}))
    return found


def report(found: Mapping[str, list[Used]]) -> None:
    """The medians, and what was used now for each second of one thread and of the loop."""
    for name, rounds in found.items():
        cpu, wall = np.median(np.array(rounds), axis=0)
        print(f"  {name:11} CPU {cpu:6.2f} s, wall {wall:7.2f} s, wall / CPU {wall / cpu:5.2f}")
    cpu = {name: [each for each, _ in rounds] for name, rounds in found.items()}
    wall = {name: [each for _, each in rounds] for name, rounds in found.items()}
    slower = {name: [each[1] / each[0] for each in rounds] for name, rounds in found.items()}
    print(f"  CPU, now / one thread: {ratio(cpu['now'], cpu['one thread'])}")
    print(f"  CPU, spinning / one thread: {ratio(cpu['spinning'], cpu['one thread'])}")
    print(f"  wall, now / spinning: {ratio(wall['now'], wall['spinning'])}")
    print(f"  wall / CPU, now / loop: {ratio(slower['now'], slower['loop'])}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--busy", type=int, default=8)
    parser.add_argument("--checkpoint", default="actionworld")
    asked = parser.parse_args()
    for count in dict.fromkeys((0, asked.busy)):
        print(f"beside {count} busy processes, load {os.getloadavg()[0]:.1f} before", flush=True)
        with busy(count):
            report(measured(asked.checkpoint, asked.rounds))


if __name__ == "__main__":
    main()
