"""How many threads a forward pass uses, and how they wait for each other. Importing this loads no torch.

A program (the commands, the app) calls `configure_environment` before it loads torch; `import peerattn` alone
changes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from peerattn.errors import PeerattnError

THREADS_VARIABLE = "PEERATTN_THREADS"
"""Environment variable with a number of threads, or `AUTO`. If it is unset, torch's own number is kept."""
AUTO = "auto"
LARGE_PASS = 1e9
"""Multiply-adds above which a pass uses more than one thread; a smaller pass takes 0.1 s at most."""
WAIT_VARIABLES = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "3000"}
"""Environment variables that make an OpenMP thread sleep once it has waited for a fraction of a millisecond.

The thread it waits for may have no core to run on. GNU's OpenMP, which torch's Linux wheels include, reads
the spin count; other implementations know only the wait policy.
"""


def configure_environment() -> None:
    """Set the threading variables for this program and the processes it starts, before torch is loaded.

    Variables that the user has set are kept. If torch is loaded already, nothing changes: the code that
    loaded it decides.
    """
    if "torch" in sys.modules:
        return
    if not WAIT_VARIABLES.keys() & os.environ.keys():
        os.environ.update(WAIT_VARIABLES)
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault(THREADS_VARIABLE, AUTO)


@contextmanager
def threads_for(multiply_adds: float) -> Iterator[None]:
    """Within the `with` block, torch uses the number of threads that suits a pass of about this size.

    The number depends only on the size and on `PEERATTN_THREADS`, so the same clip gives the same bytes
    however busy the machine is. Torch keeps it per thread, so passes in other threads are not affected.
    Raises PeerattnError if `PEERATTN_THREADS` is not a number of threads.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(_number(multiply_adds) or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _number(multiply_adds: float) -> int | None:
    """Return the number of threads for a pass of this size, or None to keep torch's current number."""
    setting = os.environ.get(THREADS_VARIABLE)
    if setting == AUTO:
        default = _default_threads()  # read before the first pass changes torch's number
        return default if multiply_adds > LARGE_PASS else 1
    if not setting:
        return None
    if not setting.isascii() or not setting.isdigit() or not 1 <= int(setting) <= 1024:
        raise PeerattnError(
            f"{THREADS_VARIABLE} is {setting!r}: set it to a number from 1 to 1024, or to {AUTO}"
        )
    return int(setting)


@cache
def _default_threads() -> int:
    """Return the number of threads that torch uses by default."""
    import torch

    return torch.get_num_threads()
