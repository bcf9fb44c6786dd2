"""What runs in the process beside the server: one work after another, until the server is gone.

It reads (environment, pickled work) from stdin, or None, which cancels. It answers ("result", value) and
("progress", (done, total)) as they come, and last ("end", the line for the visitor or None).
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from queue import SimpleQueue
from typing import Any

from app.work.jobs import said
from peerattn.errors import CancelledError

_NICER = 10  # the page's own work goes first


def serve() -> None:
    """Do what is asked until stdin closes."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not mix with the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the server's
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICER)
    asked, cancelled = SimpleQueue[tuple[dict[str, str], bytes]](), threading.Event()
    threading.Thread(target=_listen, args=(asked, cancelled), daemon=True).start()

    def send(kind: str, value: Any) -> None:
        output.write(pickle.dumps((kind, value)))
        output.flush()

    def progress(done: int, total: int) -> None:
        if cancelled.is_set():
            raise CancelledError("its visitor cancelled it")
        send("progress", (done, total))

    while True:
        environment, work = asked.get()
        os.environ.clear()
        os.environ.update(environment)
        line = None
        try:
            for result in pickle.loads(work)(progress):
                send("result", result)
        except CancelledError:
            pass
        except BrokenPipeError:  # the server is gone
            return
        except Exception as error:
            line = said(error)
        send("end", line)


def _listen(asked: SimpleQueue[tuple[dict[str, str], bytes]], cancelled: threading.Event) -> None:
    """Hear of work and of its cancelling; end this process with the server, whatever is being computed."""
    while True:
        try:
            message = pickle.load(sys.stdin.buffer)
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)
        if message is None:
            cancelled.set()
        else:
            cancelled.clear()
            asked.put(message)
