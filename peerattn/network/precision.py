"""How exactly a device multiplies: in float32, unless somebody asks for less.

    with precision("tf32"):
        trace = record(network, clip, window=16)

CUDA devices round the operands of convolutions to TF32 (10 bits of mantissa) unless they are told not to;
recordings and evaluations tell them. bf16 (7 bits) is torch's autocast. The CPU knows no TF32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Literal, get_args

import torch

from peerattn.errors import PeerattnError

Precision = Literal["float32", "tf32", "bf16"]
_ASKED: ContextVar[Precision] = ContextVar("precision", default="float32")


@contextmanager
def precision(asked: Precision) -> Iterator[None]:
    """What recordings and evaluations inside the `with` block may compute in, in this thread.

    Raises PeerattnError for a precision that is none of these.
    """
    if asked not in get_args(Precision):
        raise PeerattnError(f"precision {asked!r} is none of {', '.join(get_args(Precision))}")
    token = _ASKED.set(asked)
    try:
        yield
    finally:
        _ASKED.reset(token)


def precision_on(device: torch.device) -> Precision:
    """What a pass on this device computes in now: there is no TF32 but on CUDA."""
    asked = _ASKED.get()
    return "float32" if asked == "tf32" and device.type != "cuda" else asked


@contextmanager
def applied(device: torch.device) -> Iterator[None]:
    """Passes inside the `with` block compute in what is asked for; torch's settings come back.

    CUDA's settings are those of the whole process. Beside a pass that must be exact, in another thread, one
    that may round does not.
    """
    now = precision_on(device)
    with ExitStack() as stack:
        if device.type == "cuda":
            stack.enter_context(_SETTINGS.allowing(now))
        if now == "bf16":
            stack.enter_context(torch.autocast(device.type, torch.bfloat16))
        yield


class _Settings:
    """What torch lets CUDA round to, kept for the passes that run now."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._running: list[Precision] = []
        self._before: list[str] = []

    @contextmanager
    def allowing(self, asked: Precision) -> Iterator[None]:
        self._change(self._running.append, asked)
        try:
            yield
        finally:
            self._change(self._running.remove, asked)

    def _change(self, change: Callable[[Precision], None], asked: Precision) -> None:
        parts: tuple[Any, ...] = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]
        with self._guard:
            if not self._running:
                self._before = [part.fp32_precision for part in parts]
            change(asked)
            exact = set(self._running) != {"tf32"}
            allowed = ["ieee" if exact else "tf32"] * len(parts) if self._running else self._before
            for part, value in zip(parts, allowed, strict=True):
                part.fp32_precision = value


_SETTINGS = _Settings()
