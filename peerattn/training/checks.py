"""Settings checked, each refusal one plain line; and frozen settings read from JSON."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any

from peerattn.errors import PeerattnError


def among(what: str, value: str, names: Collection[str]) -> None:
    if value not in names:
        raise PeerattnError(f"{what} {value!r} must be one of {', '.join(names)}")


def between(what: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise PeerattnError(f"{what} {value:g} must lie between {low:g} and {high:g}")


def at_least_one(what: str, value: int) -> None:
    if value < 1:
        raise PeerattnError(f"{what} is {value}: give 1 or more")


def built(kind: type, data: Any, where: str) -> Any:
    """A settings value from JSON, part by part; raises PeerattnError that names the field."""
    if not isinstance(data, Mapping):
        raise PeerattnError(f"{where} must be a JSON object of names and values")
    kinds = typing.get_type_hints(kind)
    if unknown := sorted(data.keys() - kinds.keys()):
        raise PeerattnError(f"{where} have no {unknown[0]!r}: they have {', '.join(kinds)}")
    return kind(**{name: _value(kinds[name], value, name) for name, value in data.items()})


def _value(kind: Any, value: Any, name: str) -> Any:
    """A value of a field's kind: a part, a tuple, a mapping from names, a plain one or nothing."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return built(kind, value, f"the settings of {name}")
    if origin is tuple and isinstance(value, list | tuple):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            return tuple(_value(one, item, name) for one, item in zip(kinds, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {str(key): _value(inner[1], item, f"{name} {key}") for key, item in value.items()}
    allowed = inner if origin in (types.UnionType, typing.Union) else (kind,)
    if float in allowed and type(value) is int:
        return float(value)
    if type(value) not in allowed:
        raise PeerattnError(f"{name} cannot be {str(value)[:60]!r}: it must be {_said(kind)}")
    return value


def _said(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)
