"""A pool of decoding processes: one may crash, hang or run out of memory without harming this process."""

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from peerattn.errors import PeerattnError

_POOL_SIZE = 2  # idle processes kept for the next file
_HEADER_BYTES = 10_000
_START = "import sys; sys.path.append(sys.argv[1]); from peerattn.video.worker import serve; serve()"
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


def send_request(request: dict[str, Any], seconds: float) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Send one request to a worker and yield its messages, each with its pixels.

    Only a worker that answers completely goes back to the pool. Raises PeerattnError if the worker refuses
    the file, crashes, or takes longer than `seconds`.
    """
    worker = Worker.acquire()
    timer = threading.Timer(seconds, worker.kill_on_timeout)
    timer.start()
    completed = False
    try:
        worker.send(request)
        while (message := worker.receive())["kind"] != "end":
            if message["kind"] == "error":
                raise PeerattnError(message["message"])
            yield message, worker.receive_pixels(message.get("shape"))
        completed = True
    except (OSError, EOFError):
        reason = (
            f"reading it took longer than {seconds:g} s" if worker.timed_out else "the decoder crashed on it"
        )
        raise PeerattnError(f"{reason}: choose a shorter stretch, or convert it to H.264 in an mp4") from None
    finally:
        timer.cancel()
        worker.release() if completed else worker.close()


class Worker:
    """One decoding process; idle ones wait in a list shared by all threads."""

    idle: list["Worker"] = []  # noqa: RUF012 - shared by design
    lock = threading.Lock()

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-c", _START, _PACKAGE_ROOT]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # OpenBLAS buffers count as address space
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, env=environment)
        self.timed_out = False

    @classmethod
    def acquire(cls) -> "Worker":
        """Return an idle worker that is still alive, or else a new one."""
        with cls.lock:
            while cls.idle:
                worker = cls.idle.pop()
                if worker.process.poll() is None:
                    return worker
                worker.close()
        return cls()

    def release(self) -> None:
        """Return this worker to the pool, or stop it if the pool is full."""
        with self.lock:
            if len(self.idle) < _POOL_SIZE:
                self.idle.append(self)
                return
        self.close()

    def kill_on_timeout(self) -> None:
        self.timed_out = True
        self.process.kill()

    def send(self, request: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline(_HEADER_BYTES)
        if not line.endswith(b"\n"):
            raise EOFError
        message: dict[str, Any] = json.loads(line)
        return message

    def receive_pixels(self, shape: list[int] | None) -> bytes:
        assert self.process.stdout is not None
        size = int(np.prod(shape)) if shape else 0
        pixels = self.process.stdout.read(size)
        if len(pixels) < size:
            raise EOFError
        return pixels

    def close(self) -> None:
        """Kill the process, whatever it is doing, and close its pipes."""
        self.process.kill()
        with self.process:  # closes the pipes and waits
            pass

    @classmethod
    def close_idle(cls) -> None:
        with cls.lock:
            while cls.idle:
                cls.idle.pop().close()


atexit.register(Worker.close_idle)
if hasattr(os, "register_at_fork"):  # a forked process must not use its parent's pipes
    os.register_at_fork(after_in_child=Worker.idle.clear)
