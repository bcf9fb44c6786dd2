"""Turn the failures of a device, such as full memory, into a `PeerattnError` that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from peerattn.errors import PeerattnError


@contextmanager
def translate_device_errors() -> Iterator[None]:
    """Raise PeerattnError if the device runs out of memory or fails inside the `with` block.

    The memory that torch has cached is freed, so that the device is usable for the next attempt.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()  # does nothing where there is no CUDA
        raise PeerattnError(
            "the device's memory is full: close other programs that use it, open a shorter stretch of the "
            "clip, or choose the CPU"
        ) from error
    except torch.AcceleratorError as error:
        reason = (str(error).splitlines() or [""])[0]
        raise PeerattnError(f"the device failed ({reason}): try again, or choose the CPU") from error
