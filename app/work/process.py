"""The worker process in which networks are evaluated, so the server stays responsive.

It starts with the first work, runs on one thread at low priority, and ends with the server.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.work.jobs import Progress, Work
from peerattn.errors import PeerattnError

KILLED = "the worker process was killed, which happens when memory runs out: try again with fewer clips"
_START = "import sys; sys.path.insert(0, sys.argv[1]); from app.work.worker import serve; serve()"
_ROOT = str(Path(__file__).resolve().parents[2])
_ONE_THREAD = {
    "PEERATTN_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "OMP_WAIT_POLICY": "passive",
}
_CONNECTION_ERRORS = (EOFError, OSError, pickle.UnpicklingError)
"""The errors raised by reading from or writing to a process that has ended."""


class WorkProcess:
    """A worker process that starts when it is first needed, and again after it has died."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """The id of the process, or None if it is not running."""
        return self._process.pid if self._process else None

    def results(self, work: Work, progress: Progress) -> Iterator[Any]:
        """Run the work in the process and yield its results; it is pickled, so functions are sent by name.

        `progress` is called in this process and may raise, which ends the work at its next step. Raises
        PeerattnError if the work fails or the process dies.
        """
        request = (_environment(), pickle.dumps(work))
        with self._turn:
            try:
                self._start()
                self._send(request)
                while (message := self._receive())[0] != "end":
                    if message[0] == "result":
                        yield message[1]
                    else:
                        progress(*message[1])
            except _CONNECTION_ERRORS:
                self.close()
                raise PeerattnError(KILLED) from None
            except BaseException:
                self._stop_work()
                raise
        if message[1]:
            raise PeerattnError(message[1])

    def close(self) -> None:
        """Kill the process, whatever it is doing."""
        process, self._process = self._process, None
        if process:
            process.kill()
            with suppress(OSError), process:  # leaving the process context closes the pipes and waits
                pass

    def _start(self) -> None:
        if self._process and self._process.poll() is None:
            return
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )

    def _stop_work(self) -> None:
        """Cancel the work, and wait until the process is ready for other work."""
        try:
            self._send(None)
            while self._receive()[0] != "end":
                pass
        except _CONNECTION_ERRORS:
            self.close()

    def _send(self, message: tuple[dict[str, str], bytes] | None) -> None:
        if self._process is None or self._process.stdin is None:
            raise EOFError
        self._process.stdin.write(pickle.dumps(message))
        self._process.stdin.flush()

    def _receive(self) -> tuple[str, Any]:
        if self._process is None or self._process.stdout is None:
            raise EOFError
        message: tuple[str, Any] = pickle.load(self._process.stdout)
        return message


def _environment() -> dict[str, str]:
    """Return the current environment of the server, limited to one thread."""
    return {**os.environ, **_ONE_THREAD}


PROCESS = WorkProcess()
"""The worker process of the server."""
