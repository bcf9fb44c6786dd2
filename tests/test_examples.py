"""The notebooks in examples/, run from top to bottom in another folder, without internet access."""

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import canonicalize

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, v4

from tests.conftest import ROOT

NOTEBOOKS = ("quick_start", "published_structure", "own_structure")
PATIENCE = 600  # s per cell; generous for shared cores, and reached only if a test fails
MOST_CELLS = 12
FIGURE = "application/vnd.plotly.v1+json"
HERE_ONLY = """
import sys

def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in (None, "", "localhost", "127.0.0.1", "::1"):
        raise ConnectionRefusedError(f"a notebook asked for {host}")

sys.addaudithook(refuse)
"""
"""Runs at the start of every Python process of a notebook, including its kernel."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty folder, default Jupyter settings, and a Python that can reach this machine only."""
    here_only = tmp_path_factory.mktemp("site")
    (here_only / "sitecustomize.py").write_text(HERE_ONLY, encoding="utf-8")
    settings = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(settings / name))
        patch.delenv("JUPYTER_PATH", raising=False)
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "1")  # use the kernel of this Python, not one of the user's
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("PYTHONPATH", os.pathsep.join((str(here_only), str(ROOT))))
        yield tmp_path_factory.mktemp("elsewhere")


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Return the notebook run in a fresh kernel; raises CellExecutionError if a cell fails."""
    client = NotebookClient(
        notebook, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return notebook


def read(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "examples" / f"{name}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def executed(elsewhere: Path) -> Callable[[str], NotebookNode]:
    """Name → the notebook with its outputs; each is run once."""
    return cache(lambda name: run(read(name), elsewhere))


def outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in notebook.cells:
        yield from cell.get("outputs", ())


def printed_text(notebook: NotebookNode) -> str:
    """The printed text and tables of a notebook, words separated by one space; fails on warnings."""
    assert [output.text for output in outputs(notebook) if output.get("name") == "stderr"] == []
    texts = [
        output.text if output.output_type == "stream" else output.data.get("text/html", "")
        for output in outputs(notebook)
    ]
    return " ".join(re.sub(r"<[^>]*>", " ", " ".join(texts)).split())


def pictures(notebook: NotebookNode, kind: str) -> list[str]:
    return [output.data[kind] for output in outputs(notebook) if kind in output.get("data", ())]


def test_quick_start_names_the_action_and_prunes(executed: Callable[[str], NotebookNode]) -> None:
    text = printed_text(executed("quick_start"))
    assert "40 frames, answers over 3 windows: pull ring by lamplight" in text
    assert "at 0.5: dead rgb1, rgb2, a4; lost rgb top-1 " in text
    assert re.search(r"0\.5 0\.\d+ 0\.\d+ 0\.\d+ 160 14 36 ", text)
    assert len(pictures(executed("quick_start"), FIGURE)) == 5


def test_published_structure_loses_what_the_paper_says(executed: Callable[[str], NotebookNode]) -> None:
    assert " 0.2 35 10 9 True " in printed_text(executed("published_structure"))


def test_published_structure_shows_and_saves_one_drawing(
    executed: Callable[[str], NotebookNode], elsewhere: Path
) -> None:
    (drawing,) = pictures(executed("published_structure"), "image/svg+xml")
    saved = (elsewhere / "full_asnp50.svg").read_text(encoding="utf-8")
    assert canonicalize(drawing) == canonicalize(saved)
    assert "from an object input (9)" in saved and "other connections (26)" in saved


def test_published_structure_says_that_it_is_untrained(executed: Callable[[str], NotebookNode]) -> None:
    text = printed_text(executed("published_structure"))
    assert "untrained filters" in text and "mean nothing" in text


def test_published_structure_takes_its_variables_back(executed: Callable[[str], NotebookNode]) -> None:
    text = printed_text(executed("published_structure"))
    assert "1006 variables; the same result: True" in text and "refused: the file lacks dense/bias" in text


def test_own_structures_are_read_or_refused(executed: Callable[[str], NotebookNode]) -> None:
    text = printed_text(executed("own_structure"))
    assert "written as it was read: True" in text
    assert (
        "connections must go to a higher level" in text and "node 4: input 5 is not an earlier node" in text
    )


def test_own_structures_learn_and_are_looked_into(executed: Callable[[str], NotebookNode]) -> None:
    text = printed_text(executed("own_structure"))
    losses = [float(loss) for loss in re.findall(r"step \d+: loss (\S+)", text)]
    assert len(losses) == 4 and losses[1] < losses[0] / 2 and losses[3] < losses[2] / 2
    assert "frames and channels: (24, 8)" in text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_short_and_kept_without_outputs(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= MOST_CELLS
    assert list(outputs(notebook)) == []
    assert {cell.get("execution_count") for cell in notebook.cells} == {None}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_these_are_all_the_notebooks() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.ipynb")} == set(NOTEBOOKS)


def test_a_notebook_that_asks_the_network_fails(elsewhere: Path) -> None:
    asking = "from urllib.request import urlopen\nurlopen('http://example.org', timeout=1)"
    with pytest.raises(CellExecutionError, match=r"a notebook asked for example\.org"):
        run(v4.new_notebook(cells=[v4.new_code_cell(asking)]), elsewhere)
