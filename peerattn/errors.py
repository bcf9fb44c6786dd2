"""Errors that bad input causes. Each is one plain line, and its subject can be taken off."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


class PeerattnError(ValueError):
    """A refused input: its message is one plain line that says what is wrong and what to do.

    `subject` is the file, array or name that the line begins with, or empty; `reason` is the line without it.
    """

    def __init__(self, reason: str, subject: str = "") -> None:
        super().__init__(f"{subject}: {reason}" if subject else reason)
        self.reason, self.subject = reason, subject

    def about(self, subject: str) -> PeerattnError:
        """The same error with this subject in front; an earlier subject moves into the reason."""
        return type(self)(str(self), subject)


class MissingError(PeerattnError):
    """What was named is not there."""


class DamagedError(PeerattnError):
    """A file is not what it should be."""


class CancelledError(PeerattnError):
    """The work was cancelled."""


def reason(error: Exception, subject: str) -> str:
    """The message without its subject if that is `subject`, which the caller shows itself; else all of it."""
    if isinstance(error, PeerattnError) and error.subject == subject:
        return error.reason
    return str(error)


def named(kind: str, name: str, among: Mapping[str, T]) -> T:
    """What has this name; raises MissingError, with similar names, if there is none."""
    if name in among:
        return among[name]
    known = sorted(among)
    if near := difflib.get_close_matches(str(name), known, n=3):
        raise MissingError(f"there is no {kind} {name!r}: did you mean {' or '.join(near)}?")
    few = ", ".join(known[:5]) + (" …" if len(known) > 5 else "")
    raise MissingError(f"there is no {kind} {name!r}: choose among {few or 'none'}")
