"""Time a command on a busy machine: `python -m benchmarks.busy [--rounds 11] [--busy 8] [--checkpoint NAME]`.

Runs `peerattn record` on a 6 s sample, in a new process each time, alternating between three settings: as
shipped, with one thread, and with one thread per core that spins as torch's OpenMP does by default. First on
the otherwise idle machine, then next to `--busy` processes that never sleep. A loop of plain Python is timed
in the same rounds: its wall time per CPU second is the share of the machine that one process gets. Does not
run on Windows, which does not report the CPU time of a child process.
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
CLIP = "app/samples/push-ball-by-lamplight-6s.mp4"
RECORD = ("-m", "peerattn", "record", CLIP, "--json", os.devnull, "--checkpoint")
LOOP = ("-c", "import time\nwhile time.process_time() < 3: pass")
SPINNING = "300000"
"""How many times a thread of GNU's OpenMP checks for work before it sleeps, by default."""
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "as shipped": {},
    "one thread": {"OMP_NUM_THREADS": "1"},
    "spinning": {"OMP_NUM_THREADS": str(os.cpu_count()), "GOMP_SPINCOUNT": SPINNING},
}
Usage = tuple[float, float]
"""CPU seconds and wall seconds."""


def measure_usage(arguments: Sequence[str], setting: Mapping[str, str]) -> Usage:
    """Run Python with these arguments; return the time used, including by processes it waited for."""
    unset = {"OMP_NUM_THREADS", THREADS_VARIABLE, *WAIT_VARIABLES}
    environment = {name: text for name, text in os.environ.items() if name not in unset}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-P", *arguments], cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT), **setting}
    )
    _, status, resources = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    return resources.ru_utime + resources.ru_stime, wall


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Keep `count` processes busy while the `with` block runs."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure(checkpoint: str, rounds: int) -> dict[str, list[Usage]]:
    """Return, for each setting and for the loop, the times used in each round."""
    usage_by_setting: dict[str, list[Usage]] = {name: [] for name in (*SETTINGS, "loop")}
    for _ in range(rounds):
        for name, setting in SETTINGS.items():
            usage_by_setting[name].append(measure_usage((*RECORD, checkpoint), setting))
        usage_by_setting["loop"].append(measure_usage(LOOP, {}))
    return usage_by_setting


def report(usage_by_setting: Mapping[str, list[Usage]]) -> None:
    """Print the medians, and the ratios between settings and to the loop."""
    for name, rounds in usage_by_setting.items():
        cpu, wall = np.median(np.array(rounds), axis=0)
        print(f"  {name:10} CPU {cpu:6.2f} s, wall {wall:7.2f} s, wall / CPU {wall / cpu:5.2f}")
    cpu = {name: [each for each, _ in rounds] for name, rounds in usage_by_setting.items()}
    wall = {name: [each for _, each in rounds] for name, rounds in usage_by_setting.items()}
    slowdown = {name: [each[1] / each[0] for each in rounds] for name, rounds in usage_by_setting.items()}
    print(f"  CPU, as shipped / one thread: {ratio(cpu['as shipped'], cpu['one thread'])}")
    print(f"  CPU, spinning / one thread: {ratio(cpu['spinning'], cpu['one thread'])}")
    print(f"  wall, as shipped / spinning: {ratio(wall['as shipped'], wall['spinning'])}")
    print(f"  wall / CPU, as shipped / loop: {ratio(slowdown['as shipped'], slowdown['loop'])}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--busy", type=int, default=8)
    parser.add_argument("--checkpoint", default="actionworld")
    options = parser.parse_args()
    for count in dict.fromkeys((0, options.busy)):
        print(f"with {count} busy processes, load {os.getloadavg()[0]:.1f} before", flush=True)
        with busy_processes(count):
            report(measure(options.checkpoint, options.rounds))


if __name__ == "__main__":
    main()
