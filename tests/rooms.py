"""The rooms of the project and which of them imports which.

    python -m tests.rooms              # prints them; fails if an import points up
    python -m tests.rooms --drawing    # prints the picture of docs/architecture.md

A room is a folder of `peerattn` or of `app`. It may import from the rooms listed before it in `HOUSE`; an
arrow means that one room imports from another. Modules outside the rooms (errors and the like) are not
counted.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOUSE = {
    "peerattn.files": "cards, weights and the folders that contain checkpoints",
    "peerattn.graph": "blocks, connections and peers as plain data; what a threshold removes",
    "peerattn.video": "a video file -> Frames, in a separate process",
    "peerattn.traces": "recordings as plain arrays",
    "peerattn.scores": 'accuracies, their intervals, calibration, "none of these"',
    "peerattn.tables": "traces, evaluations and histories as pandas tables",
    "peerattn.figures": "traces, structures and evaluations as figures, the report, films",
    "peerattn.network": "attention, blocks, fusion: the network that a structure describes",
    "peerattn.modalities": "Frames -> Clip: optical flow, object maps, segmenters",
    "peerattn.checkpoints": "a name -> a network with its settings and card",
    "peerattn.actionworld": "generated clips of a figure acting on an object",
    "peerattn.data": "labelled clips: folders, caches, augmentation, batches",
    "peerattn.recording": "running a clip through a network: traces, predictions, evaluations",
    "peerattn.pruning": "a smaller network, accuracy along the thresholds, the health report",
    "peerattn.training": "from labelled clips to a network",
    "peerattn.segmenter_training": "training of segmenters",
    "peerattn.cli": "the commands",
    "app.explorer": "the browser component",
    "app.opening": "the files that a user opens: videos, maps, traces, sessions, structures, zips",
    "app.work": "long computations: jobs, and the measuring process next to the server",
    "app.state": "everything that is kept between runs: caches, session keys, the address, jobs",
    "app.parts": "parts that several screens are composed of",
    "app.screens": "one page per file",
}
"""Room -> what it contains, from the bottom up."""
OUTSIDE = {
    "peerattn",
    "peerattn.__main__",
    "peerattn.errors",
    "peerattn.moved",
    "peerattn.api",
    "peerattn.threads",
    "app",
    "app.keys",
    "app.main",
}
"""Modules outside the rooms."""
MOST_ARROWS = 70
"""The most arrows allowed between rooms of the package."""


def module_name(file: Path) -> str:
    """The module of a file: `peerattn.video.pool` for peerattn/video/pool.py, the package for __init__.py."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    """The room of a module, or the module itself if it is outside the rooms."""
    return module if module in OUTSIDE else ".".join(module.split(".")[:2])


FILES = sorted(chain(ROOT.glob("peerattn/**/*.py"), ROOT.glob("app/**/*.py")))
MODULES = {module_name(file): file for file in FILES}


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node except those under `if TYPE_CHECKING`, which is not executed."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield node
            yield from _statements(node)


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports anywhere; `from package import module` gives the module."""
    for node in _statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)


IMPORTS = {module: set(imports(file)) for module, file in MODULES.items()}
"""Module -> the modules that it imports."""


def arrows() -> dict[str, set[str]]:
    """Room -> the rooms that it imports from."""
    imported: dict[str, set[str]] = {name: set() for name in HOUSE}
    for module, names in IMPORTS.items():
        importer = room(module)
        if importer in imported:
            rooms = {room(name) for name in names if name in MODULES}
            imported[importer] |= rooms & HOUSE.keys() - {importer}
    return imported


def upward(graph: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """The arrows to a room that is not below the room that imports it."""
    order = list(HOUSE)
    return [
        (importer, imported)
        for importer in graph
        for imported in graph[importer]
        if order.index(imported) >= order.index(importer)
    ]


def floors(graph: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Room -> the length of the longest chain of rooms below it; raises CycleError on an import cycle."""
    floor: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        floor[name] = max((floor[below] + 1 for below in graph.get(name, ())), default=0)
    return floor


def in_the_package(graph: Mapping[str, Iterable[str]]) -> int:
    """The number of arrows between rooms of the package."""
    return sum(len(list(graph[name])) for name in graph if name.startswith("peerattn."))


def drawing(graph: Mapping[str, Iterable[str]]) -> str:
    """The rooms as a Mermaid graph, without arrows implied by others."""
    below: dict[str, set[str]] = {}
    for name in HOUSE:  # bottom up
        below[name] = set(graph[name]).union(*(below[other] for other in graph[name]))
    lines = ["graph BT"]
    for name in HOUSE:
        implied = set().union(*(below[other] for other in graph[name]))
        lines += [f"  {other} --> {name}" for other in HOUSE if other in set(graph[name]) - implied]
    return "\n".join(lines)


def main() -> int:
    """Print the rooms; returns 1 if an arrow points up or there are too many arrows."""
    if "--drawing" in sys.argv:
        print(drawing(arrows()))
        return 0
    graph, counts = arrows(), [room(module) for module in MODULES]
    try:
        floor = floors(graph)
    except CycleError as error:
        print("import cycle:", " -> ".join(error.args[1]))
        return 1
    for name, holds in HOUSE.items():
        short = ", ".join(sorted(other.partition(".")[2] for other in graph[name])) or "nothing"
        print(f"{name:22} floor {floor[name]:2}, {counts.count(name):2} modules: {holds}")
        print(f"{'':24}imports {short}")
    faults, total = upward(graph), in_the_package(graph)
    for importer, imported in faults:
        print(f"arrow pointing up: {importer} imports {imported}")
    print(
        f"{total} arrows between rooms of peerattn (at most {MOST_ARROWS}), "
        f"{len(faults)} pointing up, no cycle"
    )
    return int(bool(faults) or total > MOST_ARROWS)


if __name__ == "__main__":
    sys.exit(main())
