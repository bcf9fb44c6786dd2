"""Every module is in a room, imports point down, and rooms do not load heavy packages needlessly."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.rooms import (
    HOUSE,
    IMPORTS,
    MODULES,
    MOST_ARROWS,
    OUTSIDE,
    arrows,
    drawing,
    in_the_package,
    room,
    upward,
)

ROOMS = [name for name in HOUSE if name.startswith("peerattn.")]
WITHOUT_TORCH = ROOMS[: ROOMS.index("peerattn.network")]
WITHOUT_SCREENS = ("network", "traces", "scores", "recording", "training")
"""Rooms that must work without a page and without a video decoder."""
HEAVY = {"torch", "pandas", "plotly", "av", "pyvis", "streamlit"}


def loads(modules: list[str], packages: set[str]) -> dict[str, list[str]]:
    """Module → the packages that a fresh process has loaded after importing it and the modules before it."""
    ask = (
        f"import sys, importlib\nfor name in {modules}:\n    importlib.import_module(name)\n"
        f"    print(name, *sorted({packages} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, check=True, capture_output=True, text=True)
    return {name: found for name, *found in map(str.split, done.stdout.splitlines())}


def inside(*rooms: str) -> list[str]:
    return [module for module in MODULES if room(module) in rooms]


def test_every_module_is_in_a_room() -> None:
    assert {room(module) for module in MODULES} - HOUSE.keys() == OUTSIDE & MODULES.keys()


def test_every_test_folder_is_named_after_a_room() -> None:
    tests = ROOT / "tests"
    folders = {file.parent.relative_to(tests) for file in tests.glob("[!.]*/**/test_*.py")}
    rooms = {Path(*name.split(".")) for name in (*HOUSE, "peerattn", "app", "benchmarks")}
    assert folders <= rooms


def test_no_room_imports_from_a_higher_room_and_there_are_few_dependencies() -> None:
    assert upward(arrows()) == []
    assert in_the_package(arrows()) <= MOST_ARROWS
    assert len(ROOMS) <= 18


def test_no_imports_run_in_a_circle() -> None:
    TopologicalSorter({module: names & MODULES.keys() for module, names in IMPORTS.items()}).prepare()


def test_modules_outside_the_rooms_import_none_of_them_except_entry_points() -> None:
    for module in OUTSIDE - {"peerattn.__main__", "peerattn.api", "app.main"}:
        assert IMPORTS.get(module, set()) & MODULES.keys() <= OUTSIDE


def test_the_package_knows_nothing_of_the_app() -> None:
    package = {module: names for module, names in IMPORTS.items() if module.startswith("peerattn")}
    outside = {module: {name.partition(".")[0] for name in names} for module, names in package.items()}
    assert {module for module, names in outside.items() if names & {"streamlit", "app", "tests"}} == set()


def test_a_trace_needs_numpy_and_msgspec_only() -> None:
    names = {name.partition(".")[0] for module in inside("peerattn.graph") for name in IMPORTS[module]}
    for module in ("peerattn.traces.trace", "peerattn.files.decoding"):
        names |= {name.partition(".")[0] for name in IMPORTS[module]}
    assert names <= {"msgspec", "numpy", "peerattn"} | set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", HOUSE)
def test_opening_a_room_loads_none_of_its_modules(name: str) -> None:
    path = ROOT / name.replace(".", "/") / "__init__.py"
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    assert ast.get_docstring(ast.Module(statements, [])), f"{path} does not say what the room contains"
    assert IMPORTS[name] <= {"peerattn.moved"}


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_says_what_it_imports_and_where_to_start(name: str) -> None:
    text = " ".join((ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8"))) or "").split())
    start = re.findall(r"`([a-z_.]+\.\w+)`", text.partition("Start with ")[2])
    assert len(start) == 3
    for path in start:
        module, _, thing = path.rpartition(".")
        assert hasattr(import_module(f"{name}.{module}"), thing), path
    if "May import every room" not in text:
        said = re.search(r"Imports (?:nothing but errors|([a-z_, ]+?))(?:, and no torch)?\.", text)
        assert said, "what it imports"
        rooms = set(re.split(r", | and ", said[1])) if said[1] else set()
        assert {f"peerattn.{one}" for one in rooms} == arrows()[name]


def test_rooms_below_the_network_load_no_torch() -> None:
    """Loading torch costs a decoder process two seconds, and reading traces does not need it."""
    found = loads(inside(*WITHOUT_TORCH), {"torch"})
    assert [name for name, packages in found.items() if packages] == []


def test_networks_run_without_streamlit_and_without_a_video_decoder() -> None:
    found = loads(inside(*(f"peerattn.{name}" for name in WITHOUT_SCREENS)), HEAVY - {"torch", "pandas"})
    assert [(name, packages) for name, packages in found.items() if packages] == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loads(["peerattn"], HEAVY) == {"peerattn": []}


def test_every_module_but_the_pages_can_be_imported() -> None:
    pages = {"app.main", *inside("app.screens")}
    assert loads(sorted(MODULES.keys() - pages), set()).keys() == MODULES.keys() - pages


def test_only_the_scores_room_computes_intervals() -> None:
    """Only `scores` uses these functions: its results for other rooms say if there are too few clips."""
    inner = {
        "wilson_interval",
        "tango_interval",
        "jackknife_share_interval",
        "value_interval",
        "difference_interval",
    }
    for name, file in MODULES.items():
        if room(name) != "peerattn.scores":
            tree = ast.parse(file.read_text(encoding="utf-8"))
            used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert not used & inner, name


def test_the_drawing_in_the_documentation_is_current() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{drawing(arrows())}\n```" in page, "python -m tests.rooms --drawing"
