"""Who may import whom: rooms further up this list only. A room is a module or a package."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

from tests.conftest import ROOT

LAYERS = """
errors | moved
validation
specs
published_list
structure | tensor_files | model_card
weights | history
trace | published | video | attention | connectivity | reach
structure_file
tables | structure_tables | comparison | modalities | blocks
figures | fusion
network | film
size | latency | tf_variables | stretches
baseline
hooks
recorder | pruning | checkpoint | convert | initialisation | data | actionworld
inside
generated | untrained
predictions
evaluation
metrics | curve
calibration
verdict
training | segmentation | console
subject
structure_report
reports
clip_commands | data_commands | training_reports | segmentation_commands
training_commands | calibration_commands
__main__
app.explorer | app.drawing | app.files | app.jobs | app.structures | app.words
app.card | app.curves | app.panels | app.zips | app.saved | app.tour | app.address | app.session | app.traces
app.state
app.network_choice
app.opening | app.exporting | app.datasets
app.bar
app.screens
app.main
"""
RANKS = {room: rank for rank, line in enumerate(LAYERS.split("\n")) for room in line.split(" | ") if room}

TORCH_FREE = (
    "errors",
    "validation",
    "specs",
    "published_list",
    "structure",
    "tensor_files",
    "history",
    "trace",
    "connectivity",
    "reach",
    "published",
    "structure_file",
    "video",
    "tables",
    "structure_tables",
    "comparison",
    "figures",
)
WITHOUT_TORCH = {f"peerattn.{name}" for name in TORCH_FREE}
ALLOWED_IN_TRACE = {"numpy"} | set(sys.stdlib_module_names)


def module_name(file: Path) -> str:
    """`peerattn.video.pool` of peerattn/video/pool.py; a package's own name of its __init__.py."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    """Its room as the list names it: `video` of peerattn.video.pool, `app.screens` of app.screens.prune."""
    package, _, inside = module.partition(".")
    name = inside.partition(".")[0]
    return name if package == "peerattn" else f"{package}.{name}" if name else ""


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING`, which nothing imports when it runs."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield node
            yield from statements(node)


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports; `from package import name` gives package.name where that is one."""
    for node in statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)


FILES = sorted(chain(ROOT.glob("peerattn/**/*.py"), ROOT.glob("app/**/*.py")))
MODULES = {module_name(file) for file in FILES}
IMPORTS = {module_name(file): set(imports(file)) for file in FILES}


def inner(names: set[str]) -> set[str]:
    """Those of the names that are this project's own modules."""
    return names & MODULES


def test_every_module_has_its_place_in_the_list() -> None:
    assert {room(module) for module in MODULES} - {""} <= RANKS.keys()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_to_rooms_further_up_the_list(module: str) -> None:
    if module == "peerattn":  # which is loaded before any of its rooms
        assert inner(IMPORTS[module]) == {"peerattn.moved"}
        return
    home = room(module)
    others = {name for name in inner(IMPORTS[module]) if room(name) not in ("", home)}
    assert {name for name in others if RANKS[room(name)] >= RANKS.get(home, -1)} == set()


def test_no_imports_run_in_a_circle() -> None:
    TopologicalSorter({module: inner(names) for module, names in IMPORTS.items()}).prepare()


def test_the_package_knows_nothing_of_the_app() -> None:
    package = {module: names for module, names in IMPORTS.items() if module.startswith("peerattn")}
    outside = {module: {name.partition(".")[0] for name in names} for module, names in package.items()}
    assert {module for module, names in outside.items() if names & {"streamlit", "app", "tests"}} == set()


def test_a_trace_needs_numpy_only() -> None:
    names = {name.partition(".")[0] for name in IMPORTS["peerattn.trace"]}
    assert names <= ALLOWED_IN_TRACE | {"peerattn"}


@pytest.mark.parametrize("name", sorted(WITHOUT_TORCH & MODULES))
def test_importing_loads_no_torch(name: str) -> None:
    """Asked of a fresh process: torch costs a decoder's worker two seconds, and traces need none."""
    ask = f"import sys, {name}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", ask], cwd=ROOT, check=False).returncode == 0
