"""What has another place or name now: an import of the old one raises ImportError, which says the new one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

MODULES = {"peerattn.history_log": "peerattn.training.history_log"}
"""Module that is gone → where what it held is now."""
NAMES = {
    "peerattn.evaluation.CurvePoint": "peerattn.curve.CurvePoint",
    "peerattn.evaluation.threshold_curve": "peerattn.curve.threshold_curve",
    "peerattn.inside.Pooled": "peerattn.recorder.Vectors",
    "peerattn.inside.pooling": "peerattn.recorder.record_inside",
    "peerattn.structure_report.subject": "peerattn.subject.subject",
}
"""Name that a module had → where it is now, or what is used in its place."""


class Moved(MetaPathFinder):
    """Asked last, for modules that nothing else finds."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name in MODULES:
            raise ImportError(f"{name} has moved: import {MODULES[name]}", name=name)


def moved(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module from which names have moved."""

    def missing(name: str) -> Any:
        if new := NAMES.get(f"{module}.{name}"):
            raise ImportError(f"{module}.{name} has moved: use {new}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return missing


if not any(isinstance(finder, Moved) for finder in sys.meta_path):
    sys.meta_path.append(Moved())
