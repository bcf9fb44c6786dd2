"""Pooled worker processes that decode: one may crash, hang or be refused memory without harm."""

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

_POOL_SIZE = 2  # idle processes that wait for the next file
_HEADER_BYTES = 10_000
_START = "import sys; sys.path.append(sys.argv[1]); from peerattn.video.worker import serve; serve()"
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


def converse(request: dict[str, Any], seconds: float) -> Iterator[tuple[dict[str, Any], bytes]]:
    """One request and its answers. Only a worker that answered to the end goes back to the pool."""
    worker = Worker.take()
    timer = threading.Timer(seconds, worker.kill_late)
    timer.start()
    sound = False
    try:
        worker.send(request)
        while (message := worker.receive())["kind"] != "end":
            if message["kind"] == "error":
                raise PeerattnError(message["message"])
            yield message, worker.receive_pixels(message.get("shape"))
        sound = True
    except (OSError, EOFError):
        reason = (
            f"reading took longer than {seconds:g} s" if worker.late else "the decoder stopped on this file"
        )
        raise PeerattnError(f"{reason}: choose a shorter stretch, or convert it to H.264 in an mp4") from None
    finally:
        timer.cancel()
        worker.give_back() if sound else worker.close()


class Worker:
    """One decoding process; idle ones wait in a list that threads share."""

    idle: list["Worker"] = []  # noqa: RUF012 - shared by design
    lock = threading.Lock()

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-c", _START, _PACKAGE_ROOT]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # its buffers count as address space
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, env=environment)
        self.late = False

    @classmethod
    def take(cls) -> "Worker":
        """An idle worker that still lives, else a new one."""
        with cls.lock:
            while cls.idle:
                worker = cls.idle.pop()
                if worker.process.poll() is None:
                    return worker
                worker.close()
        return cls()

    def give_back(self) -> None:
        """Wait for the next file, or stop where enough others wait."""
        with self.lock:
            if len(self.idle) < _POOL_SIZE:
                self.idle.append(self)
                return
        self.close()

    def kill_late(self) -> None:
        self.late = True
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
        """Stop the process, whatever it does, and free its pipes."""
        self.process.kill()
        with self.process:  # closes the pipes and waits
            pass

    @classmethod
    def close_idle(cls) -> None:
        with cls.lock:
            while cls.idle:
                cls.idle.pop().close()


atexit.register(Worker.close_idle)
if hasattr(os, "register_at_fork"):  # a forked process must not talk over its parent's pipes
    os.register_at_fork(after_in_child=Worker.idle.clear)
