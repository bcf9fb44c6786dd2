"""Checks of settings, each with a one-line error message, and settings dataclasses parsed from JSON."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.moved import moved

__getattr__ = moved(__name__)


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


def parse_settings(kind: type, data: Any, title: str) -> Any:
    """Return a settings dataclass from JSON, nested ones included.

    Raises PeerattnError that names the invalid field; `title` names the settings in that message.
    """
    if not isinstance(data, Mapping):
        raise PeerattnError(f"{title} must be a JSON object of names and values")
    kinds = typing.get_type_hints(kind)
    if unknown := sorted(data.keys() - kinds.keys()):
        raise PeerattnError(f"{title} have no {unknown[0]!r}: they have {', '.join(kinds)}")
    return kind(**{name: _parse(kinds[name], value, name) for name, value in data.items()})


def _parse(kind: Any, value: Any, name: str) -> Any:
    """Return the value as its field's type: a dataclass, a tuple, a mapping, a plain value or None."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return parse_settings(kind, value, f"the settings of {name}")
    if origin is tuple and isinstance(value, list | tuple):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            return tuple(_parse(one, item, name) for one, item in zip(kinds, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {str(key): _parse(inner[1], item, f"{name} {key}") for key, item in value.items()}
    allowed = inner if origin in (types.UnionType, typing.Union) else (kind,)
    if float in allowed and type(value) is int:
        return float(value)
    if type(value) not in allowed:
        raise PeerattnError(f"{name} cannot be {str(value)[:60]!r}: it must be {_type_name(kind)}")
    return value


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)
