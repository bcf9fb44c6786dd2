"""A device whose memory is full, or that fails: one plain line, and the next try finds it usable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from peerattn.errors import PeerattnError


@contextmanager
def device_failures() -> Iterator[None]:
    """Raises PeerattnError where the work inside the `with` block fills the device's memory, or it fails."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()  # does nothing where there is no CUDA
        raise PeerattnError(
            "the device's memory is full: end what else uses it, open a shorter stretch, or choose the CPU"
        ) from error
    except torch.AcceleratorError as error:
        said = (str(error).splitlines() or [""])[0]
        raise PeerattnError(f"the device failed ({said}): try again, or choose the CPU") from error
