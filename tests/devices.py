"""The devices that tests run on in addition to the CPU, and the comparison of their results."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from peerattn.network.precision import apply_precision
from peerattn.traces.trace import ComputedBy
from tests import strict

CPU = torch.device("cpu")


@contextmanager
def open_device(name: str) -> Iterator[torch.device]:
    """Open the device of this name; skips the test if it is CUDA and not available."""
    if name == strict.STRICT:
        with strict.device() as device:
            yield device
        return
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    with apply_precision(torch.device(name)):  # full float32, also in passes outside recordings
        yield torch.device(name)


def check(found: Any, expected: Any, device: torch.device, *, within: float = 1e-4) -> None:
    """Assert that a device gave the results of the CPU: exactly on the strict device, else within `within`.

    Compares dataclasses, mappings and sequences part by part. Of integers, such as the class ids of pixels,
    one in a hundred may differ on CUDA.
    """
    if isinstance(expected, ComputedBy):  # names the device, so it differs
        return
    if dataclasses.is_dataclass(expected):
        found, expected = vars(found), vars(expected)
    if isinstance(expected, Mapping):
        assert found.keys() == expected.keys()
        for key in expected:
            check(found[key], expected[key], device, within=within)
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            check(one, other, device, within=within)
    elif isinstance(expected, Tensor | np.ndarray | float):
        _check_numbers(_array(found), _array(expected), exact=device.type == strict.STRICT, within=within)
    else:
        assert found == expected


def _check_numbers(found: np.ndarray, expected: np.ndarray, *, exact: bool, within: float) -> None:
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if exact:
        np.testing.assert_array_equal(found, expected)
    elif expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=within, atol=within)
    else:
        assert np.mean(found != expected) <= 0.01


def _array(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
