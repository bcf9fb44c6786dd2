"""The rooms of the house and who imports whom: `python -m tests.rooms` prints them, and fails on an arrow up.
`python -m tests.rooms --drawing` prints the picture of docs/architecture.md.

A room is a folder of `peerattn` or of `app`. It may import from the rooms that stand before it in `HOUSE`; an
arrow is one room that imports from another. What lies beside the rooms (errors and the like) counts as none.
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
    "peerattn.files": "cards, weights and where checkpoints are found",
    "peerattn.graph": "blocks, connections and peers as plain data; what a removal takes",
    "peerattn.video": "a video file -> Frames, in a process of its own",
    "peerattn.traces": "what was recorded, as plain arrays",
    "peerattn.scores": "accuracies, their intervals, calibration, the verdict",
    "peerattn.tables": "traces, evaluations and histories as pandas tables",
    "peerattn.figures": "traces, structures and evaluations as figures, the report, films",
    "peerattn.network": "attention, blocks, fusion: the network that a structure describes",
    "peerattn.modalities": "Frames -> Clip: optical flow, object maps, segmenters",
    "peerattn.checkpoints": "a name -> a network with its settings and card",
    "peerattn.actionworld": "generated clips of a figure acting on an object",
    "peerattn.data": "labelled clips: folders, caches, augmentation, batches",
    "peerattn.recording": "a clip through a network: traces, predictions, evaluations",
    "peerattn.pruning": "a smaller network, and accuracy along the thresholds",
    "peerattn.training": "from labelled clips to a network",
    "peerattn.segmenter_training": "training of segmenters",
    "peerattn.cli": "the commands",
    "app.explorer": "the browser component",
    "app.opening": "what a visitor brings: videos, maps, traces, sessions, structures, zips",
    "app.work": "long computations: jobs, and the process beside the server that measures",
    "app.state": "what the page keeps: caches, session keys, the address, jobs",
    "app.parts": "what several screens are put together from",
    "app.screens": "one page a file",
}
"""Room -> what it holds, bottom up."""
BESIDE = {
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
"""Modules that lie beside the rooms."""
MOST_ARROWS = 70
"""Between the rooms of the package."""


def module_name(file: Path) -> str:
    """`peerattn.video.pool` of peerattn/video/pool.py; a package's own name of its __init__.py."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    """The room of a module, or the module itself where it lies beside the rooms."""
    return module if module in BESIDE else ".".join(module.split(".")[:2])


FILES = sorted(chain(ROOT.glob("peerattn/**/*.py"), ROOT.glob("app/**/*.py")))
MODULES = {module_name(file): file for file in FILES}


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING`, which nothing imports when it runs."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield node
            yield from _statements(node)


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it; `from package import module` gives the module."""
    for node in _statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)


IMPORTS = {module: set(imports(file)) for module, file in MODULES.items()}
"""Module -> all that it imports."""


def arrows() -> dict[str, set[str]]:
    """Room -> the rooms that it imports from."""
    found: dict[str, set[str]] = {name: set() for name in HOUSE}
    for module, names in IMPORTS.items():
        here = room(module)
        if here in found:
            found[here] |= {room(name) for name in names if name in MODULES} & HOUSE.keys() - {here}
    return found


def upward(found: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """The arrows that lead to a room which does not stand before the one that imports."""
    order = list(HOUSE)
    return [
        (here, there) for here in found for there in found[here] if order.index(there) >= order.index(here)
    ]


def floors(found: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Room -> how many rooms, one upon the other, it stands on; raises CycleError on a circle."""
    floor: dict[str, int] = {}
    for name in TopologicalSorter(found).static_order():
        floor[name] = max((floor[below] + 1 for below in found.get(name, ())), default=0)
    return floor


def in_the_package(found: Mapping[str, Iterable[str]]) -> int:
    """How many arrows run between rooms of the package."""
    return sum(len(list(found[name])) for name in found if name.startswith("peerattn."))


def drawing(found: Mapping[str, Iterable[str]]) -> str:
    """The rooms as a Mermaid graph; an arrow that others imply is left out."""
    below: dict[str, set[str]] = {}
    for name in HOUSE:  # bottom up
        below[name] = set(found[name]).union(*(below[there] for there in found[name]))
    lines = ["graph BT"]
    for name in HOUSE:
        implied = set().union(*(below[there] for there in found[name]))
        lines += [f"  {there} --> {name}" for there in HOUSE if there in set(found[name]) - implied]
    return "\n".join(lines)


def main() -> int:
    """Print the house; 1 where an arrow leads up, or there are too many."""
    if "--drawing" in sys.argv:
        print(drawing(arrows()))
        return 0
    found, counts = arrows(), [room(module) for module in MODULES]
    try:
        floor = floors(found)
    except CycleError as error:
        print("a circle:", " -> ".join(error.args[1]))
        return 1
    for name, holds in HOUSE.items():
        short = ", ".join(sorted(there.partition(".")[2] for there in found[name])) or "nothing"
        print(f"{name:22} floor {floor[name]:2}, {counts.count(name):2} modules: {holds}")
        print(f"{'':24}imports {short}")
    faults, total = upward(found), in_the_package(found)
    for here, there in faults:
        print(f"an arrow up: {here} imports {there}")
    print(f"{total} arrows between rooms of peerattn (at most {MOST_ARROWS}), {len(faults)} up, no circle")
    return int(bool(faults) or total > MOST_ARROWS)


if __name__ == "__main__":
    sys.exit(main())
