"""What has another place or name now: an import of the old one raises ImportError, which says the new one.

`moved.csv` has a row for each module that is gone, with the modules that hold what it held, and one for each
name that is gone from a module that stays.
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
def places() -> dict[str, list[str]]:
    """Old path of a module or name → the new ones; read where something was not found only."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["old"]: row["new"].split() for row in csv.DictReader(file)}


class Moved(MetaPathFinder):
    """Asked last, for modules that nothing else finds."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name.startswith("peerattn.") and (new := places().get(name)):
            raise ImportError(f"{name} has moved: import from {' or '.join(new)}", name=name)


def moved(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module from which names have moved."""

    def missing(name: str) -> Any:
        if not name.startswith("_") and (new := places().get(f"{module}.{name}")):
            raise ImportError(f"{module}.{name} has moved: use {' or '.join(new)}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return missing


if not any(isinstance(finder, Moved) for finder in sys.meta_path):
    sys.meta_path.append(Moved())
