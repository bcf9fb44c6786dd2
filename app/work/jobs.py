"""Long computations in the background, one after another, with progress, cancelling and partial results."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from peerattn.errors import CancelledError, PeerattnError

Progress = Callable[[int, int], None]
"""Called with how much is done and the total; raises CancelledError to stop the work."""
Work = Callable[[Progress], Iterator[Any]]
"""A computation that reports its progress and yields its results."""


def error_line(error: Exception) -> str:
    """Return the line to show to the user; an unexpected error is also logged with its traceback."""
    if isinstance(error, PeerattnError):
        return str(error)
    logging.getLogger(__name__).error("a computation failed", exc_info=error)
    return f"the computation failed ({type(error).__name__}): try again with other settings"


class Job:
    """One computation: `results` grows while it runs; `error` is the line that says why it failed."""

    def __init__(self, work: Work, before: Job | None = None) -> None:
        """Start the work once the job `before` has ended; two at a time would only slow each other down."""
        self.results: list[Any] = []
        self.done, self.total = 0, 0
        self.error: str | None = None
        self._began: float | None = None  # on the monotonic clock, at the first sign of progress
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work, before), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended; it may still be waiting to start."""
        return self._thread.is_alive()

    @property
    def seconds_left(self) -> float | None:
        """The seconds it will still take at its speed so far; None until that can be told."""
        if self._began is None or not 0 < self.done < self.total:
            return None
        return (time.monotonic() - self._began) / self.done * (self.total - self.done)

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        self._cancel.set()

    def wait(self, seconds: float | None = None) -> None:
        self._thread.join(seconds)

    def _run(self, work: Work, before: Job | None) -> None:
        if before:
            before.wait()
        if self.cancelled:
            return
        try:
            for result in work(self._progress):
                self.results.append(result)
        except CancelledError:
            pass
        except Exception as error:
            self.error = error_line(error)

    def _progress(self, done: int, total: int) -> None:
        if self.cancelled:
            raise CancelledError("the user cancelled it")
        self._began = self._began or time.monotonic()
        self.done, self.total = done, total


class Jobs:
    """The latest jobs by what they compute, at most `capacity`; they run in the order they were started."""

    def __init__(self, capacity: int = 8) -> None:
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._capacity = capacity
        self._last: Job | None = None
        self._guard = threading.Lock()

    def get(self, key: Hashable) -> Job | None:
        """Return the job of this key, unless it was cancelled."""
        job = self._jobs.get(key)
        return None if job is None or job.cancelled else job

    def start(self, key: Hashable, work: Work) -> Job:
        """Return the job of this key; start it if there is none or it failed."""
        with self._guard:
            job = self.get(key)
            if job is None or job.error:
                job = self._last = self._jobs[key] = Job(work, self._last)
            self._jobs.move_to_end(key)
            while len(self._jobs) > self._capacity:
                self._jobs.popitem(last=False)[1].cancel()
            return job
