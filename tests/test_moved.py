"""Old paths: an import of one raises ImportError with the new one, which is there."""

import subprocess
import sys
from importlib import import_module

import pytest

from peerattn.moved import MODULES, NAMES
from tests.conftest import ROOT


@pytest.mark.parametrize("old", MODULES)
def test_a_module_that_has_moved_says_where_it_is(old: str) -> None:
    with pytest.raises(ImportError, match=MODULES[old]):
        import_module(old)
    import_module(MODULES[old])


@pytest.mark.parametrize("old", NAMES)
def test_a_name_that_has_moved_says_where_it_is(old: str) -> None:
    module, _, name = old.rpartition(".")
    with pytest.raises(ImportError, match=NAMES[old]):
        getattr(import_module(module), name)
    with pytest.raises(ImportError, match=NAMES[old]):
        exec(f"from {module} import {name}", {})
    home, _, new = NAMES[old].rpartition(".")
    assert hasattr(import_module(home), new)


def test_names_that_never_were_are_missed_as_ever() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        import_module("peerattn.scores.evaluation").nothing  # noqa: B018
    with pytest.raises(ModuleNotFoundError):
        import_module("peerattn.nothing")


def test_every_move_stands_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    paths = {*MODULES, *MODULES.values(), *NAMES, *NAMES.values()}
    assert {path for path in paths if f"`{path}`" not in text} == set()


def test_a_fresh_process_is_told_too() -> None:
    command = [sys.executable, "-c", "import peerattn.history_log"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "import peerattn.training.history_log" in done.stderr.splitlines()[-1]
