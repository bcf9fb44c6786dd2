"""Long computations in threads of their own: results that grow, progress, cancelling."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from peerattn.errors import PeerattnError

Progress = Callable[[int, int], None]
Work = Callable[[Progress], Iterator[Any]]


class Cancelled(Exception):
    """Raised inside the work when its visitor has cancelled it."""


class Job:
    """One computation: `results` grow as they come; `error` is the one line why there are no more."""

    def __init__(self, work: Work, turn: threading.Lock) -> None:
        self.results: list[Any] = []
        self.done, self.total = 0, 0
        self.error: str | None = None
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work, turn), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        self._cancel.set()

    def wait(self, seconds: float | None = None) -> None:
        self._thread.join(seconds)

    def _run(self, work: Work, turn: threading.Lock) -> None:
        try:
            with turn:  # one at a time: two would only halve each other's speed
                for result in work(self._progress):
                    self.results.append(result)
        except Cancelled:
            pass
        except PeerattnError as error:
            self.error = str(error)
        except Exception as error:
            logging.getLogger(__name__).exception("a computation failed")
            self.error = f"the computation failed ({type(error).__name__}): try again with other settings"

    def _progress(self, done: int, total: int) -> None:
        if self._cancel.is_set():
            raise Cancelled
        self.done, self.total = done, total


class Jobs:
    """The jobs by what they compute, the latest `kept` of them."""

    def __init__(self, kept: int = 8) -> None:
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._kept = kept
        self._turn = threading.Lock()
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
                job = self._jobs[key] = Job(work, self._turn)
            self._jobs.move_to_end(key)
            while len(self._jobs) > self._kept:
                self._jobs.popitem(last=False)[1].cancel()
            return job
