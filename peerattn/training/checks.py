"""Checks of settings, each with a one-line error message."""

from __future__ import annotations

import math
from collections.abc import Collection

from peerattn.errors import PeerattnError


def check_choice(title: str, value: str, choices: Collection[str]) -> None:
    """Raises PeerattnError unless the value is one of the choices."""
    if value not in choices:
        raise PeerattnError(f"{title} {value!r} must be one of {', '.join(choices)}")


def check_range(title: str, value: float, low: float, high: float) -> None:
    """Raises PeerattnError unless the value is finite and between the limits, both included."""
    if not (math.isfinite(value) and low <= value <= high):
        raise PeerattnError(f"{title} {value:g} must lie between {low:g} and {high:g}")


def check_positive(title: str, value: int) -> None:
    """Raises PeerattnError unless the value is at least 1."""
    if value < 1:
        raise PeerattnError(f"{title} is {value}: give 1 or more")
