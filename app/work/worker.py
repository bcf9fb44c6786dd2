"""The main loop of the worker process, which does one piece of work after another until the server ends.

It reads (environment, pickled work) from stdin, or None, which cancels the work. It writes ("result", value)
and ("progress", (done, total)) as they occur, and finally ("end", the error line or None).
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from queue import SimpleQueue
from typing import Any

from app.work.jobs import error_line
from peerattn.errors import CancelledError

_NICENESS = 10  # the server takes precedence


def serve() -> None:
    """Do the requested work until stdin closes."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # keep what libraries print out of the messages
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is handled by the server
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICENESS)
    requests, cancelled = SimpleQueue[tuple[dict[str, str], bytes]](), threading.Event()
    threading.Thread(target=_listen, args=(requests, cancelled), daemon=True).start()

    def send(kind: str, value: Any) -> None:
        output.write(pickle.dumps((kind, value)))
        output.flush()

    def progress(done: int, total: int) -> None:
        if cancelled.is_set():
            raise CancelledError("the user cancelled it")
        send("progress", (done, total))

    while True:
        environment, work = requests.get()
        os.environ.clear()
        os.environ.update(environment)
        line = None
        try:
            for result in pickle.loads(work)(progress):
                send("result", result)
        except CancelledError:
            pass
        except BrokenPipeError:  # the server has ended
            return
        except Exception as error:
            line = error_line(error)
        send("end", line)


def _listen(requests: SimpleQueue[tuple[dict[str, str], bytes]], cancelled: threading.Event) -> None:
    """Receive work and cancellations; end this process when the server ends, whatever is being computed."""
    while True:
        try:
            message = pickle.load(sys.stdin.buffer)
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)
        if message is None:
            cancelled.set()
        else:
            cancelled.clear()
            requests.put(message)
