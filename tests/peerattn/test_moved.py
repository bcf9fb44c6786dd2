"""Old import paths: importing one raises ImportError with the new path, which exists."""

import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest

from peerattn.moved import new_paths
from tests.conftest import ROOT
from tests.rooms import MODULES


def there(path: str) -> bool:
    """Whether a dotted path is a module, or a name that one has."""
    home, _, name = path.rpartition(".")
    return path in MODULES or (home in MODULES and hasattr(import_module(home), name))


@pytest.mark.parametrize("old", new_paths())
def test_importing_an_old_name_gives_the_new_one(old: str) -> None:
    module, _, name = old.rpartition(".")
    with pytest.raises(ImportError, match=" or ".join(map(re.escape, new_paths()[old]))):
        exec(f"import {old}" if module == "peerattn" else f"from {module} import {name}", {})
    assert all(there(new) for new in new_paths()[old])


def test_unknown_names_give_the_usual_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        import_module("peerattn.data").nothing  # noqa: B018
    with pytest.raises(ModuleNotFoundError):
        import_module("peerattn.nothing")
    assert find_spec("no_such_package") is None


def test_every_renamed_name_is_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    rows = {f"| `{old}` | {', '.join(f'`{path}`' for path in new)} |" for old, new in new_paths().items()}
    assert rows - set(text.splitlines()) == set()


def test_a_fresh_process_gets_the_new_name() -> None:
    command = [sys.executable, "-c", "import peerattn.history_log"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "import from peerattn.training.history_log" in done.stderr.splitlines()[-1]
