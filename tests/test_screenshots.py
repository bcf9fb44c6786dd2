"""The pictures of the screens: every screen has a state, and a name asks for what begins with it."""

import re
from pathlib import Path

from tests.conftest import ROOT
from tests.screenshots import STATES, chosen, labelled


def test_every_screen_is_taken() -> None:
    main = (ROOT / "app" / "main.py").read_text(encoding="utf-8")
    screens = re.findall(r'"screens/(\w+)\.py"', main)
    assert screens
    assert {name.partition("-")[0] for name in STATES} == set(screens), "add a State to tests/screenshots.py"
    for name, state in STATES.items():
        screen = name.partition("-")[0]
        assert re.match(r"/(\w*)", state.address)[1] == ("" if screen == "explore" else screen)


def test_a_name_asks_for_all_that_begins_with_it() -> None:
    assert chosen([]) == list(STATES)
    assert chosen(["data-m", "tour"]) == ["data-measured", "tour", "tour-answered"]
    assert chosen(["nothing"]) == []


def test_the_samples_are_a_folder_of_labelled_clips(tmp_path: Path) -> None:
    folder = labelled(tmp_path / "clips")
    assert len(list(folder.glob("*/*.mp4"))) == len(list(folder.glob("*/*.npz"))) > 3
