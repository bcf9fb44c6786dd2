"""The pictures of the screens: every screen has a state, and a prefix selects states."""

import re
from pathlib import Path

from tests.conftest import ROOT
from tests.screenshots import STATES, select_states, write_samples


def test_every_screen_is_taken() -> None:
    main = (ROOT / "app" / "main.py").read_text(encoding="utf-8")
    screens = re.findall(r'"screens/(\w+)\.py"', main)
    assert screens
    assert {name.partition("-")[0] for name in STATES} == set(screens), "add a State to tests/screenshots.py"
    for name, state in STATES.items():
        screen = name.partition("-")[0]
        assert re.match(r"/(\w*)", state.address)[1] == ("" if screen == "explore" else screen)


def test_a_prefix_selects_all_states_that_start_with_it() -> None:
    assert select_states([]) == list(STATES)
    assert select_states(["data-m", "tour"]) == ["data-measured", "tour", "tour-answered"]
    assert select_states(["nothing"]) == []


def test_the_samples_are_a_folder_of_labelled_clips(tmp_path: Path) -> None:
    folder = write_samples(tmp_path / "clips")
    assert len(list(folder.glob("*/*.mp4"))) == len(list(folder.glob("*/*.npz"))) > 3
