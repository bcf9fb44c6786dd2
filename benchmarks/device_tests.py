"""Run the tests that need a device with pytest in a separate process, which is stopped after a time limit."""

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
    """How many tests had each outcome, which failed, and the last line of pytest's output."""

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
    """Run pytest in a separate process for at most this many seconds; return the outcomes up to then."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        pytest = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        timed_out = False
        try:
            pytest.wait(seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pytest.pid, signal.SIGKILL)  # together with the processes that tests started
            pytest.wait()
        output.seek(0)
        text = output.read()
    done = re.findall(r"^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL)\b", text, re.MULTILINE)
    counts = dict(Counter(outcome.lower() for _, outcome in done))
    failed = [name for name, outcome in done if outcome in ("FAILED", "ERROR")]
    said = (text.strip().splitlines() or ["nothing"])[-1].strip(" =")
    if timed_out:
        counted = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        said = f"stopped at the limit of {seconds:.0f} s, with {counted or 'no test finished'}"
    return Outcomes(" ".join(arguments), counts, time.monotonic() - began, failed, said)
