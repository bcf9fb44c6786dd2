"""The tests that need a device, run by pytest in a process of its own that ends when its time is over."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Outcomes:
    """How many tests had each outcome, which failed, and what pytest said last."""

    columns: ClassVar[Sequence[str]] = ("tests", "outcome", "seconds", "failed")
    arguments: str
    counts: dict[str, int]
    seconds: float
    failed: list[str]
    said: str

    def cells(self) -> list[str]:
        failed = "; ".join(self.failed) or "none"
        return [f"`pytest {self.arguments}`", self.said, f"{self.seconds:.0f}", failed]


def run_tests(arguments: Sequence[str], seconds: float) -> Outcomes:
    """Pytest in a process of its own, which ends after so many seconds with what it has done so far."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        pytest = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        over = False
        try:
            pytest.wait(seconds)
        except subprocess.TimeoutExpired:
            over = True
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pytest.pid, signal.SIGKILL)  # with the processes that tests started
            pytest.wait()
        output.seek(0)
        text = output.read()
    done = re.findall(r"^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b", text, re.MULTILINE)
    counts = dict(Counter(outcome.lower() for _, outcome in done))
    failed = [name for name, outcome in done if outcome in ("FAILED", "ERROR")]
    said = (text.strip().splitlines() or ["nothing"])[-1].strip(" =")
    if over:
        counted = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        said = f"ended after {seconds:.0f} s, its time, with {counted or 'no test done'}"
    return Outcomes(" ".join(arguments), counts, time.monotonic() - began, failed, said)
