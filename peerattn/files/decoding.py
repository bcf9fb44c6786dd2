"""JSON → dataclasses, by msgspec; a value that does not fit is refused by the name of its field."""

from __future__ import annotations

import reprlib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

import msgspec

from peerattn.errors import PeerattnError, lookup

T = TypeVar("T")
Part = tuple[str, Any, Any]
"""Where a value is in the JSON, the value itself, and its type."""

_NOUNS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    tuple: "a list",
    Mapping: "an object",
    type(None): "null",
}


def parse(text: str, needed: str) -> Any:
    """Return what JSON text holds; raises PeerattnError, which asks for what is `needed`, if it is none."""
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise PeerattnError(f"this is not JSON ({error}): choose {needed}") from error


def decode(data: Any, kind: type[T], what: str) -> T:
    """Build a dataclass from decoded JSON, `what` in messages; fields that are left out get their defaults.

    Raises PeerattnError, which names the field, for one that is unknown, missing or of another type, or if a
    dataclass refuses its values.
    """
    path = "" if is_dataclass(kind) else what
    try:
        _refuse_unknown(path, data, kind)
        return msgspec.convert(data, kind, dec_hook=_array)
    except msgspec.ValidationError as error:
        raise _refusal((path, data, kind), error, what) from error


def _refuse_unknown(path: str, value: Any, kind: Any) -> None:
    """Raise MissingError for a field that its dataclass does not have, which msgspec would ignore."""
    known = _fields(kind)
    if known and isinstance(value, Mapping) and (unknown := value.keys() - known.keys()):
        try:
            lookup("field", min(unknown, key=str), known)
        except PeerattnError as error:
            raise (error.with_subject(path) if path else error) from None
    if _has_dataclasses(kind):
        for part in _parts(path, value, kind, _concerns_dataclasses):
            _refuse_unknown(*part)


def _refusal(whole: Part, error: Exception, what: str) -> PeerattnError:
    """Return the error about the innermost value that cannot be built."""
    for part in _parts(*whole):
        try:
            msgspec.convert(part[1], part[2], dec_hook=_array)
        except msgspec.ValidationError as inner:
            return _refusal(part, inner, what)
    (path, value, kind), cause = whole, error.__cause__
    if isinstance(cause, PeerattnError):
        return cause
    missing = [name for name in _needed(kind) if isinstance(value, Mapping) and name not in value]
    problem = f"lacks {missing[0]!r}" if missing else f"is {reprlib.repr(value)}"
    return PeerattnError(f"{path or what} {problem}, but must {cause or _expected(kind)}")


def _parts(path: str, value: Any, kind: Any, wanted: Callable[[Any], bool] = bool) -> Iterator[Part]:
    """Yield the fields of a value whose types are `wanted`, or its items."""
    origin, inner = _form(kind)
    if isinstance(value, Mapping) and (known := _fields(kind)):
        dot = f"{path}." if path else ""
        found = (name for name, one in known.items() if wanted(one) and name in value)
        yield from ((f"{dot}{name}", value[name], known[name]) for name in found)
    elif isinstance(value, Mapping) and origin is Mapping:
        yield from ((f"{path}.{name}", item, inner[1]) for name, item in value.items())
    elif isinstance(value, list | tuple) and origin is tuple:
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        pairs = enumerate(zip(value, kinds, strict=False))
        yield from ((f"{path}[{number}]", item, one) for number, (item, one) in pairs)


def _array(kind: Any, values: Any) -> Any:
    """Build an array, of the axes and numbers that its type states, from numbers in lists in lists.

    Raises ValueError, which says what the values must be.
    """
    import numpy as np  # here, as who reads a structure needs no arrays

    lists, number = _layout(kind)
    try:
        with np.errstate(over="raise"):
            return np.array(msgspec.convert(values, lists), number)
    except (ValueError, FloatingPointError) as error:
        raise ValueError(f"be a {str(lists).replace('[', ' of ').replace(']', '')}, all alike") from error


@cache
def _layout(kind: Any) -> tuple[Any, Any]:
    shape, number = map(typing.get_args, typing.get_args(kind))
    lists: Any = float
    for _ in shape:
        lists = list[lists]
    return lists, number[0]


@cache
def _form(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the origin and the arguments of a type, as `tuple` and `(int, ...)`; null is left out."""
    kind = _without_null(kind)
    return typing.get_origin(kind), typing.get_args(kind)


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """Field → its type; empty unless this is a dataclass."""
    kind = _without_null(kind)
    hints = typing.get_type_hints(kind) if is_dataclass(kind) else {}
    return {field.name: hints[field.name] for field in fields(kind)} if hints else {}


@cache
def _needed(kind: Any) -> tuple[str, ...]:
    """Return the fields of a dataclass that have no default."""
    known = fields(_without_null(kind)) if _fields(kind) else ()
    return tuple(field.name for field in known if field.default is field.default_factory is MISSING)


@cache
def _concerns_dataclasses(kind: Any) -> bool:
    return bool(_fields(kind)) or _has_dataclasses(kind)


@cache
def _has_dataclasses(kind: Any) -> bool:
    """Whether fields or items of this type are dataclasses, or have some."""
    return any(map(_concerns_dataclasses, _fields(kind).values() or _form(kind)[1]))


def _without_null(kind: Any) -> Any:
    others = [one for one in typing.get_args(kind) if one is not type(None)]
    return others[0] if isinstance(kind, types.UnionType) and len(others) == 1 else kind


def _expected(kind: Any) -> str:
    """Say what a value of this type is, to stand after `must`."""
    if needed := _needed(kind):
        others = [name for name in _fields(kind) if name not in needed]
        return f"have {', '.join(needed)}" + (f", and may have {', '.join(others)}" if others else "")
    if known := _fields(kind):
        return f"be an object with any of {', '.join(known)}"
    return f"be {_noun(kind)}"


def _noun(kind: Any) -> str:
    inner, origin = typing.get_args(kind), typing.get_origin(kind)
    if isinstance(kind, types.UnionType):
        return " or ".join(_noun(one) for one in inner if one is not int or float not in inner)
    if origin is tuple and inner[-1] is not Ellipsis:
        return f"a list of {len(inner)}"
    return _NOUNS.get(origin or kind, "something else")
