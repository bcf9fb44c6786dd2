"""JSON → dataclasses, by msgspec; the error for an invalid value names its field."""

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
"""The path of a value in the JSON, as in `blocks[0].id`, the value itself, and the type that it must have."""

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
    """Return the value of a JSON text.

    Raises PeerattnError, which tells the user to choose `needed`, if the text is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise PeerattnError(f"this is not JSON ({error}): choose {needed}") from error


def decode(data: Any, kind: type[T], what: str) -> T:
    """Build a value of type `kind`, usually a dataclass, from decoded JSON; absent fields get their defaults.

    `what` names the value in messages. Raises PeerattnError, which names the field, if a field is unknown,
    has no value and no default, or has a value of another type, and if a dataclass refuses its values.
    """
    path = "" if is_dataclass(kind) else what
    try:
        _refuse_unknown(path, data, kind)
        return msgspec.convert(data, kind, dec_hook=_array)
    except msgspec.ValidationError as error:
        raise _find_error((path, data, kind), error, what) from error


def _refuse_unknown(path: str, value: Any, kind: Any) -> None:
    """Raise MissingError if a dataclass in the value lacks one of the fields given; msgspec ignores those."""
    known = _fields(kind)
    if known and isinstance(value, Mapping) and (unknown := value.keys() - known.keys()):
        try:
            lookup("field", min(unknown, key=str), known)
        except PeerattnError as error:
            raise (error.with_subject(path) if path else error) from None
    if _contains_dataclasses(kind):
        for part in _parts(path, value, kind, _is_or_contains_dataclass):
            _refuse_unknown(*part)


def _find_error(whole: Part, error: Exception, what: str) -> PeerattnError:
    """Return an error about the innermost part that msgspec cannot build; `error` is about the whole."""
    for part in _parts(*whole):
        try:
            msgspec.convert(part[1], part[2], dec_hook=_array)
        except msgspec.ValidationError as inner:
            return _find_error(part, inner, what)
    (path, value, kind), cause = whole, error.__cause__
    if isinstance(cause, PeerattnError):
        return cause
    missing = [name for name in _required(kind) if isinstance(value, Mapping) and name not in value]
    problem = f"lacks {missing[0]!r}" if missing else f"is {reprlib.repr(value)}"
    return PeerattnError(f"{path or what} {problem}, but must {cause or _expected(kind)}")


def _parts(path: str, value: Any, kind: Any, is_selected: Callable[[Any], bool] = bool) -> Iterator[Part]:
    """Yield the fields of a dataclass whose types are selected, or all items of a mapping or a list."""
    origin, inner = _split_type(kind)
    if isinstance(value, Mapping) and (known := _fields(kind)):
        prefix = f"{path}." if path else ""
        for name, field_type in known.items():
            if name in value and is_selected(field_type):
                yield f"{prefix}{name}", value[name], field_type
    elif isinstance(value, Mapping) and origin is Mapping:
        yield from ((f"{path}.{name}", item, inner[1]) for name, item in value.items())
    elif isinstance(value, list | tuple) and origin is tuple:
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        for index, (item, item_type) in enumerate(zip(value, kinds, strict=False)):
            yield f"{path}[{index}]", item, item_type


def _array(kind: Any, values: Any) -> Any:
    """Build an array from nested lists of numbers; `kind` states its number of axes and its dtype.

    Raises ValueError, which says what the values must be.
    """
    import numpy as np  # imported here, because reading a structure needs no arrays

    axes, lists, dtype = _array_type(kind)
    try:
        with np.errstate(over="raise"):
            return np.array(msgspec.convert(values, lists), dtype)
    except (ValueError, FloatingPointError) as error:
        numbers = f"{'lists of ' * (axes - 1)}numbers in the range of {dtype.__name__}"
        raise ValueError(f"be a list of {numbers}{', with lists of equal length' * (axes > 1)}") from error


@cache
def _array_type(kind: Any) -> tuple[int, Any, Any]:
    """Return an array type's number of axes, the type of the nested lists it is built from, and its dtype."""
    shape, number = map(typing.get_args, typing.get_args(kind))
    lists: Any = float
    for _ in shape:
        lists = list[lists]
    return len(shape), lists, number[0]


@cache
def _split_type(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the origin and the arguments of a type or null: `tuple` and `(int, ...)` for tuple[int, ...]."""
    kind = _without_null(kind)
    return typing.get_origin(kind), typing.get_args(kind)


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """Return field → its type; empty unless `kind` is a dataclass."""
    kind = _without_null(kind)
    hints = typing.get_type_hints(kind) if is_dataclass(kind) else {}
    return {field.name: hints[field.name] for field in fields(kind)} if hints else {}


@cache
def _required(kind: Any) -> tuple[str, ...]:
    """Return the fields of a dataclass that have no default."""
    known = fields(_without_null(kind)) if _fields(kind) else ()
    return tuple(field.name for field in known if field.default is field.default_factory is MISSING)


@cache
def _is_or_contains_dataclass(kind: Any) -> bool:
    return bool(_fields(kind)) or _contains_dataclasses(kind)


@cache
def _contains_dataclasses(kind: Any) -> bool:
    """Whether the fields or items of this type are dataclasses, directly or further inside."""
    return any(map(_is_or_contains_dataclass, _fields(kind).values() or _split_type(kind)[1]))


def _without_null(kind: Any) -> Any:
    others = [one for one in typing.get_args(kind) if one is not type(None)]
    return others[0] if isinstance(kind, types.UnionType) and len(others) == 1 else kind


def _expected(kind: Any) -> str:
    """Say what a value of this type must be or have, in words that continue "it must"."""
    if required := _required(kind):
        optional = [name for name in _fields(kind) if name not in required]
        return f"have {', '.join(required)}" + (f", and may have {', '.join(optional)}" if optional else "")
    if known := _fields(kind):
        return f"be an object with any of {', '.join(known)}"
    return f"be {_noun(kind)}"


def _noun(kind: Any) -> str:
    inner, origin = typing.get_args(kind), typing.get_origin(kind)
    if isinstance(kind, types.UnionType):
        return " or ".join(_noun(one) for one in inner if one is not int or float not in inner)
    if origin is tuple and inner[-1] is not Ellipsis:
        return f"a list of {len(inner)}"
    return _NOUNS.get(origin or kind, "of another type")
