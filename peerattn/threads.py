"""How many threads a pass uses, and how they wait for each other. Importing this loads no torch.

A program (the commands, the app) calls `prepare` before torch is loaded; `import peerattn` changes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from peerattn.errors import PeerattnError

SETTING = "PEERATTN_THREADS"
"""A number of threads, or `BY_SIZE`; without it, torch's own number is left alone."""
BY_SIZE = "auto"
LARGE = 1e9
"""Multiply-adds of a pass that is worth more than one thread; a smaller one takes 0.1 s."""
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "3000"}
"""A thread that has waited for a fraction of a millisecond sleeps: it may wait for one that has no core.

GNU's OpenMP, which torch's wheels for Linux bring, goes by the count; others know the policy alone.
"""


def prepare() -> None:
    """What a program sets before torch is loaded, for itself and the processes that it starts.

    What its user has set stays, and where torch is loaded already it is its caller who decides.
    """
    if "torch" in sys.modules:
        return
    if not WAITING.keys() & os.environ.keys():
        os.environ.update(WAITING)
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault(SETTING, BY_SIZE)


@contextmanager
def threads_for(multiply_adds: float) -> Iterator[None]:
    """Inside the `with` block torch uses the number of threads for a pass of about this size.

    The number depends on the size and the setting alone, so the same clip gives the same bytes however busy
    the machine is. Torch keeps it by thread: passes in other threads are not disturbed. Raises PeerattnError
    for a setting that is no number of threads.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(_number(multiply_adds) or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _number(multiply_adds: float) -> int | None:
    asked = os.environ.get(SETTING)
    if asked == BY_SIZE:
        most = _most()  # asked before the first pass changes what torch says
        return most if multiply_adds > LARGE else 1
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= 1024:
        raise PeerattnError(f"{SETTING} is {asked!r}, but must be 1 to 1024, or {BY_SIZE}")
    return int(asked)


@cache
def _most() -> int:
    """As many threads as torch uses by itself."""
    import torch

    return torch.get_num_threads()
