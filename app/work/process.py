"""The one process beside the server in which networks are measured, so that the page answers meanwhile.

It starts with the first work, on one thread and at low priority, and ends when the server does.
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

ENDED = "the process that measures was killed, as happens when memory runs out: try again with fewer clips"
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
_LOST = (EOFError, OSError, pickle.UnpicklingError)
"""What talking to a process that has ended raises."""


class WorkProcess:
    """A process that starts when it is first needed, and anew after it has died."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """Of the process, where there is one."""
        return self._process.pid if self._process else None

    def results(self, work: Work, progress: Progress) -> Iterator[Any]:
        """What the work yields there, as it comes; functions are sent by name, their arguments pickled.

        `progress` runs here and may raise, which ends the work at its next step. Raises PeerattnError with
        the line that the work ended with, or where the process died.
        """
        asked = (_environment(), pickle.dumps(work))
        with self._turn:
            try:
                self._start()
                self._send(asked)
                while (answer := self._receive())[0] != "end":
                    if answer[0] == "result":
                        yield answer[1]
                    else:
                        progress(*answer[1])
            except _LOST:
                self.close()
                raise PeerattnError(ENDED) from None
            except BaseException:
                self._stop_work()
                raise
        if answer[1]:
            raise PeerattnError(answer[1])

    def close(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process:
            process.kill()
            with suppress(OSError), process:  # closes the pipes and waits
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
        """Back when the process is ready for other work."""
        try:
            self._send(None)
            while self._receive()[0] != "end":
                pass
        except _LOST:
            self.close()

    def _send(self, message: tuple[dict[str, str], bytes] | None) -> None:
        if self._process is None or self._process.stdin is None:
            raise EOFError
        self._process.stdin.write(pickle.dumps(message))
        self._process.stdin.flush()

    def _receive(self) -> tuple[str, Any]:
        if self._process is None or self._process.stdout is None:
            raise EOFError
        answer: tuple[str, Any] = pickle.load(self._process.stdout)
        return answer


def _environment() -> dict[str, str]:
    """The server's of now, and one thread."""
    return {**os.environ, **_ONE_THREAD}


PROCESS = WorkProcess()
"""The server's."""
