"""The browser scripts: their parts, and the types with which they are checked."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from peerattn.figures.packing import unpack
from peerattn.figures.panels import block_panels, clip_panels, connection_panels
from peerattn.figures.recording import pack_recording
from peerattn.figures.replay import pack_replay
from peerattn.figures.scripts import EXPLORER_PARTS, PANEL_PARTS, REPORT_SCRIPT, STREAMLIT_MODULES, read_part
from tests import npm
from tests.conftest import ROOT
from tests.histories import history
from tests.npm import CHECKS
from tests.traces import images, object_ids, quarters_flow, trace

BROWSER = ROOT / "peerattn/figures/browser"
SCRIPTS = {
    "explorer": EXPLORER_PARTS,
    "panels": PANEL_PARTS,
    "report": (REPORT_SCRIPT,),
    "streamlit": STREAMLIT_MODULES,
}
MADE = re.compile(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


def fields(interface: str) -> set[str]:
    """The names that an interface of types.d.ts lists, its own and those of what it extends."""
    text = (BROWSER / "types.d.ts").read_text(encoding="utf-8")
    found = re.search(rf"^interface {interface}(?: extends (\w+))? {{\n(.*?)^}}", text, re.M | re.S)
    assert found, interface
    own = set(re.findall(r"^  (\w+)\??:", found[2], re.MULTILINE))
    return own | fields(found[1]) if found[1] else own


def keys(*shapes: dict[str, Any]) -> set[str]:
    return {name for shape in shapes for name in shape}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_type_checker_reads_the_parts_of_a_script_in_their_order(name: str) -> None:
    asked = json.loads((BROWSER / f"tsconfig.{name}.json").read_text(encoding="utf-8"))
    assert asked == {"extends": "./tsconfig.json", "files": ["types.d.ts", *SCRIPTS[name]]}
    assert any(f"{BROWSER.relative_to(ROOT)}/tsconfig.{name}.json" in words for words in CHECKS)


@pytest.mark.parametrize(("ci", "status", "word"), [("true", 1, "ERROR"), ("", 0, "SKIPPED")])
def test_checks_without_npm_fail_in_continuous_integration_and_are_skipped_elsewhere(
    ci: str, status: int, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(npm, "is_installed", lambda: False)
    monkeypatch.setattr(npm, "install", lambda: "reason: no network")
    assert npm.main() == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(word) and line.endswith("reason: no network")


def test_every_part_is_in_a_script() -> None:
    assert {file.relative_to(BROWSER).as_posix() for file in BROWSER.rglob("*.js")} == {
        name for parts in SCRIPTS.values() for name in parts
    }


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_two_parts_of_a_script_define_the_same_name(name: str) -> None:
    made = Counter(each for file in SCRIPTS[name] for each in MADE.findall(read_part(file)))
    assert [each for each, count in made.items() if count > 1] == []


def test_every_name_that_a_part_defines_is_used() -> None:
    words = {
        name: Counter(re.findall(r"\w+", "".join(map(read_part, parts)))) for name, parts in SCRIPTS.items()
    }
    made = {
        (each, file) for parts in SCRIPTS.values() for file in parts for each in MADE.findall(read_part(file))
    }
    used = {
        (each, file)
        for each, file in made
        for name, parts in SCRIPTS.items()
        if file in parts and words[name][each] > 1
    }
    assert made - used == set()


def test_packed_recordings_match_the_types_that_scripts_are_checked_with() -> None:
    clip = trace()
    count = len(clip.times)
    laid = {"object_ids": object_ids(count), "flow": quarters_flow(count)}
    header = unpack(pack_recording(clip, images(count), **laid))[0]
    learned = unpack(pack_replay(history()))[0]
    for shown in (header, learned):
        assert keys(shown) <= fields("Header") | fields("LoggedHistory")
        assert keys(*shown["connections"]) <= fields("LoggedConnection")
        assert keys(*shown["blocks"]) == fields("Block")
        assert keys(*shown["windows"]) <= fields("ClipWindow")
        assert keys(*shown["charts"].values()) <= fields("ChartHeader") | {"lines"}
        assert keys(*shown["heat"].values()) <= fields("HeatHeader")
    assert keys(header["flow"]) == fields("Flow")


def test_panels_match_the_types_that_scripts_are_checked_with() -> None:
    clip = trace()
    found = [
        *clip_panels(clip),
        *connection_panels(clip, clip.connections[0].key),
        *block_panels(clip, clip.structure.blocks[-1].id),
    ]
    assert keys(*found) <= fields("Panel")
