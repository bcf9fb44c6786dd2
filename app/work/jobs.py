"""Long computations that visitors wait for: results that grow, progress, cancelling, one after another."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from peerattn.errors import CancelledError, PeerattnError

Progress = Callable[[int, int], None]
Work = Callable[[Progress], Iterator[Any]]


def said(error: Exception) -> str:
    """The one line that a visitor is told; what is no refusal is logged whole."""
    if isinstance(error, PeerattnError):
        return str(error)
    logging.getLogger(__name__).error("a computation failed", exc_info=error)
    return f"the computation failed ({type(error).__name__}): try again with other settings"


class Job:
    """One computation: `results` grow as they come; `error` is the one line why there are no more."""

    def __init__(self, work: Work, before: Job | None = None) -> None:
        """It begins when the job `before` has ended: two at a time would only halve each other's speed."""
        self.results: list[Any] = []
        self.done, self.total = 0, 0
        self.error: str | None = None
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work, before), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended; it may not have begun either."""
        return self._thread.is_alive()

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
            self.error = said(error)

    def _progress(self, done: int, total: int) -> None:
        if self.cancelled:
            raise CancelledError("its visitor cancelled it")
        self.done, self.total = done, total


class Jobs:
    """The jobs by what they compute, the latest `kept` of them; they run in the order of their start."""

    def __init__(self, kept: int = 8) -> None:
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._kept = kept
        self._last: Job | None = None
        self._guard = threading.Lock()

    def get(self, key: Hashable) -> Job | None:
        """The job of this key unless it was cancelled."""
        job = self._jobs.get(key)
        return None if job is None or job.cancelled else job

    def start(self, key: Hashable, work: Work) -> Job:
        """The job of this key, started unless it is there already."""
        with self._guard:
            job = self.get(key)
            if job is None or job.error:
                job = self._last = self._jobs[key] = Job(work, self._last)
            self._jobs.move_to_end(key)
            while len(self._jobs) > self._kept:
                self._jobs.popitem(last=False)[1].cancel()
            return job
