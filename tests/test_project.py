"""What a fresh clone must contain: correct documents, licences and settings, and no stray files."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit import config
from typer.core import TyperGroup
from typer.main import get_command

from peerattn.__main__ import app
from tests.conftest import ROOT


def read(name: str) -> str:
    """The text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


MEGABYTE = 1_000_000
PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
LICENCES = {
    "LICENSE": ("Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"),
    "NOTICE": (
        "google-research",
        "Apache License 2.0",
        "2023/0114556 A1",
        "no\nlicence",
        "vis-network",
        "plotly.js",
    ),
    "CITATION.cff": ("arXiv:2008.08072", "arXiv:1905.13209", f"version: {PROJECT['version']}\n"),
}
# Traces of the machine on which a line was written, or of unfinished work.
NOT_HERE = re.compile(
    r"/work/|/opt/|/tmp/w|/root/|\b(TODO|FIXME|XXX|HACK)\b|\bissue [A-H1-9#]\b|\bhelper [A-Z]\b"
)


@cache
def tracked() -> list[Path]:
    """The files of a clone."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("this copy is not a git repository")
    return [ROOT / name for name in listing.stdout.split("\0") if (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of every tracked text file except this one, which contains the forbidden words."""
    for file in tracked():
        content = file.read_bytes()
        if b"\0" not in content and file != Path(__file__):
            yield str(file.relative_to(ROOT)), content.decode("utf-8")


PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))),
)


def code_blocks(language: str) -> list[str]:
    """The code blocks in one language, in the README and in the pages it links to."""
    text = "".join(read(name) for name in PAGES)
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """The words of every command line in these pages, without comments, continued lines joined."""
    lines = "".join(code_blocks("(?:bash|sh|console|shell)")).replace("\\\n", " ").splitlines()
    words = (shlex.split(line.removeprefix("$ "), comments=True) for line in lines)
    return [line for line in words if line]


def peerattn_commands() -> Iterator[list[str]]:
    """The arguments of `peerattn` in these command lines, however it is started."""
    for words in commands():
        starts = [place for place, word in enumerate(words) if Path(word).name == "peerattn"]
        if starts:
            yield words[starts[0] + 1 :]


def test_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = {word for words in commands() if words[0] == "make" for word in words[1:] if "=" not in word}
    assert {"app", "test"} <= named <= targets


def test_commands_and_options_of_the_readme_exist() -> None:
    command_lines = list(peerattn_commands())
    assert command_lines
    for words in command_lines:
        command = get_command(app)
        while isinstance(command, TyperGroup):
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options


def test_python_of_the_readme_runs() -> None:
    blocks = code_blocks("python")
    assert blocks
    for block in blocks:
        command = [sys.executable, "-c", block]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        expected = re.findall(r"^print\(.*\)  # ([a-z ]+)$", block, re.MULTILINE)
        assert set(expected) <= set(done.stdout.splitlines())  # the comments show what is printed


def test_links_of_the_readme_lead_to_files() -> None:
    for page in PAGES:
        links = re.findall(r"\]\(([^)#\s]+)|<img[^>]* src=\"([^\"]+)\"", read(page))
        local = [link or image for link, image in links if "://" not in link + image]
        assert local or page != "README.md"
        assert [link for link in local if not ((ROOT / page).parent / link).exists()] == [], page


@pytest.mark.parametrize("name", LICENCES)
def test_licences_contain_the_required_texts(name: str) -> None:
    text = read(name)
    assert [phrase for phrase in LICENCES[name] if phrase not in text] == []


def test_settings_of_the_app_are_ones_that_streamlit_knows() -> None:
    tables = tomllib.loads(read(".streamlit/config.toml"))
    flat = {f"{table}.{key}": value for table, keys in tables.items() for key, value in keys.items()}
    inner = {f"{table}.{key}" for table, keys in flat.items() if isinstance(keys, dict) for key in keys}
    named = inner | {key for key, value in flat.items() if not isinstance(value, dict)}
    assert named - set(config.get_config_options()) == set()
    assert flat["server.headless"] is True
    assert flat["browser.gatherUsageStats"] is False


def test_every_requirement_has_a_reason() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = read(name).splitlines()
        needs = [place for place, line in enumerate(lines) if line and line[0] not in "#-"]
        assert [lines[place] for place in needs if not lines[place - 1].startswith("# ")] == []


def test_npm_packages_are_development_dependencies_only() -> None:
    wanted, locked = json.loads(read("package.json")), json.loads(read("package-lock.json"))["packages"]
    assert not wanted.keys() & {"dependencies", "peerDependencies", "optionalDependencies", "scripts"}
    assert locked.pop("")["devDependencies"] == wanted["devDependencies"]
    loose = [name for name, package in locked.items() if not re.match(r"\d+\.\d+\.\d+", package["version"])]
    assert loose == [name for name, package in locked.items() if not package["integrity"]] == []
    assert "node_modules/" in read(".gitignore").splitlines()


def test_no_tracked_file_is_larger_than_twenty_megabytes() -> None:
    assert [file for file in tracked() if file.stat().st_size > 20 * MEGABYTE] == []


def test_texts_contain_no_forbidden_words() -> None:
    assert [(name, found[0]) for name, text in texts() if (found := NOT_HERE.search(text))] == []


def test_files_beside_the_repository_are_named_by_tests_only() -> None:
    assert [name for name, text in texts() if "../shared" in text and not name.startswith("tests/")] == []


def test_documents_that_a_text_names_are_in_the_repository() -> None:
    names = {file.name for file in tracked()}
    missing = {(name, found) for name, text in texts() for found in re.findall(r"\b[A-Z]{4,}\.md\b", text)}
    assert {(name, found) for name, found in missing if found not in names} == set()
