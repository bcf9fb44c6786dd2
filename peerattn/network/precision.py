"""The precision in which a device multiplies: float32 unless another one is requested.

    with precision("tf32"):
        trace = record(network, clip, window=16)

By default torch lets CUDA devices round the operands of convolutions to TF32 (10 bits of mantissa);
recordings and evaluations switch this off. bf16 (7 bits of mantissa) is torch's autocast. There is no TF32 on
a CPU.
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
_REQUESTED: ContextVar[Precision] = ContextVar("precision", default="float32")


@contextmanager
def precision(requested: Precision) -> Iterator[None]:
    """Request a precision for the recordings and evaluations inside the `with` block, in this thread.

    Raises PeerattnError for an unknown precision.
    """
    if requested not in get_args(Precision):
        raise PeerattnError(f"precision {requested!r} is none of {', '.join(get_args(Precision))}")
    token = _REQUESTED.set(requested)
    try:
        yield
    finally:
        _REQUESTED.reset(token)


def precision_on(device: torch.device) -> Precision:
    """Return the precision that a pass on this device uses now; without CUDA, TF32 becomes float32."""
    requested = _REQUESTED.get()
    return "float32" if requested == "tf32" and device.type != "cuda" else requested


@contextmanager
def apply_precision(device: torch.device) -> Iterator[None]:
    """Run the passes inside the `with` block in the requested precision, then restore torch's settings.

    CUDA's settings belong to the whole process: while a pass in another thread must be exact, a pass that may
    round to TF32 is exact, too.
    """
    now = precision_on(device)
    with ExitStack() as stack:
        if device.type == "cuda":
            stack.enter_context(_SETTINGS.allowing(now))
        if now == "bf16":
            stack.enter_context(torch.autocast(device.type, torch.bfloat16))
        yield


class _Settings:
    """Torch's process-wide TF32 settings, kept consistent with the passes that are running."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._running: list[Precision] = []
        self._before: list[str] = []

    @contextmanager
    def allowing(self, requested: Precision) -> Iterator[None]:
        """Count one more running pass of this precision inside the `with` block."""
        self._change(self._running.append, requested)
        try:
            yield
        finally:
            self._change(self._running.remove, requested)

    def _change(self, change: Callable[[Precision], None], requested: Precision) -> None:
        """Add or remove a running pass; TF32 is allowed only while all running passes allow it."""
        parts: tuple[Any, ...] = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]
        with self._guard:
            if not self._running:
                self._before = [part.fp32_precision for part in parts]
            change(requested)
            exact = set(self._running) != {"tf32"}
            allowed = ["ieee" if exact else "tf32"] * len(parts) if self._running else self._before
            for part, value in zip(parts, allowed, strict=True):
                part.fp32_precision = value


_SETTINGS = _Settings()
