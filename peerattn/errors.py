"""Errors caused by bad input. Each message is one plain line, which may begin with the subject's name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


class PeerattnError(ValueError):
    """Input was refused. The message is one plain line that says what is wrong and what to do.

    `subject` is the file, array or name at the start of the message, or empty; `reason` is the message
    without it.
    """

    def __init__(self, reason: str, subject: str = "") -> None:
        super().__init__(f"{subject}: {reason}" if subject else reason)
        self.reason, self.subject = reason, subject

    def with_subject(self, subject: str) -> PeerattnError:
        """Return the same error about `subject`; its whole current message becomes the reason."""
        return type(self)(str(self), subject)


class MissingError(PeerattnError):
    """The named file, block, connection or other item does not exist."""


class DamagedError(PeerattnError):
    """A file is damaged or empty."""


class CancelledError(PeerattnError):
    """The user cancelled the computation."""


def strip_subject(error: Exception, subject: str) -> str:
    """Return the error's message without `subject` in front, for callers that show the subject themselves."""
    if isinstance(error, PeerattnError) and error.subject == subject:
        return error.reason
    return str(error)


def lookup(kind: str, name: str, items: Mapping[str, T]) -> T:
    """Return the item with this name; `kind` says in the message what it is.

    Raises MissingError, which suggests similar names, if there is no such item.
    """
    if name in items:
        return items[name]
    known = sorted(items)
    if similar := difflib.get_close_matches(str(name), known, n=3):
        raise MissingError(f"there is no {kind} {name!r}: did you mean {' or '.join(similar)}?")
    first = ", ".join(known[:5]) + (" …" if len(known) > 5 else "")
    raise MissingError(f"there is no {kind} {name!r}: choose among {first or 'none'}")
