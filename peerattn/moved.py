"""Modules and names that have moved: importing an old one raises ImportError with its new path.

`moved.csv` has one row for each removed module, listing the modules that now hold its contents, and one row
for each name removed from a module that still exists. Importing this module sets up both kinds of message for
the whole package.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

TABLE = Path(__file__).with_name("moved.csv")


@cache
def new_paths() -> dict[str, list[str]]:
    """Map the old path of each module or name to its new paths; read only after a failed import."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["old"]: row["new"].split() for row in csv.DictReader(file)}


class PackageFinder(MetaPathFinder):
    """Finds the package's modules, and raises ImportError for those that have moved."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module of the package is loaded, or None; raise ImportError if it has moved."""
        if not name.startswith("peerattn."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None and (new := new_paths().get(name)):
            raise ImportError(f"{name} has moved: import from {' or '.join(new)}", name=name)
        if spec and type(spec.loader) is SourceFileLoader:
            spec.loader = ModuleLoader(spec.loader.name, spec.loader.path)
        return spec


class ModuleLoader(SourceFileLoader):
    """Loads a module, and gives it a `__getattr__`, which Python calls for names that the module lacks.

    The modules do not define it themselves, since type checkers would then accept every name.
    """

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        vars(module).setdefault("__getattr__", explain_moved_names(module.__name__))


def explain_moved_names(module: str) -> Callable[[str], Any]:
    """Return a `__getattr__` for a module, which raises ImportError with the new path of a moved name."""

    def missing(name: str) -> Any:
        if not name.startswith("_") and (new := new_paths().get(f"{module}.{name}")):
            raise ImportError(f"{module}.{name} has moved: use {' or '.join(new)}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return missing


__getattr__ = explain_moved_names(__name__)  # this module is loaded before its finder is in place

if not any(isinstance(finder, PackageFinder) for finder in sys.meta_path):
    sys.meta_path.insert(0, PackageFinder())
