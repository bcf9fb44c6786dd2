"""Modules and names that have moved: importing an old one raises ImportError with its new path.

`moved.csv` has one row for each removed module, listing the modules that now hold its contents, and one row
for each name removed from a module that still exists.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

TABLE = Path(__file__).with_name("moved.csv")


@cache
def new_paths() -> dict[str, list[str]]:
    """Map the old path of each module or name to its new paths; read only after a failed import."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["old"]: row["new"].split() for row in csv.DictReader(file)}


class MovedModuleFinder(MetaPathFinder):
    """The last finder of the import system: raises ImportError for modules that have moved."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name.startswith("peerattn.") and (new := new_paths().get(name)):
            raise ImportError(f"{name} has moved: import from {' or '.join(new)}", name=name)


def explain_moved_names(module: str) -> Callable[[str], Any]:
    """Return a `__getattr__` for a module, which raises ImportError with the new path of a moved name.

    A module from which names were removed sets `__getattr__ = explain_moved_names(__name__)`; Python calls it
    for names that the module does not have.
    """

    def missing(name: str) -> Any:
        if not name.startswith("_") and (new := new_paths().get(f"{module}.{name}")):
            raise ImportError(f"{module}.{name} has moved: use {' or '.join(new)}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return missing


__getattr__ = explain_moved_names(__name__)

if not any(isinstance(finder, MovedModuleFinder) for finder in sys.meta_path):
    sys.meta_path.append(MovedModuleFinder())
