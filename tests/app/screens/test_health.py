"""The health report on the Structures screen: at once from weights, in the background from clips."""

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from app.screens import structure_health
from app.state import measurements
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import load
from peerattn.data.labelled_set import LabelledSet
from peerattn.network.network import Network
from peerattn.pruning.health.findings import KINDS
from tests.app.screens.test_data import fill
from tests.conftest import ROOT
from tests.small import SETTINGS, small_structure, write_small_checkpoints

PATIENCE = 300  # s; shared cores
FEW = LabelledSet(count=24)
STRUCTURAL = "Checked: connection at its initial weight, dead block, starved block"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    monkeypatch.setattr(structure_health, "CLIPS", FEW)
    st.cache_resource.clear()
    return tmp_path / "checkpoints"


def opened(structure: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["structure"] = structure
    app.switch_page("screens/structures.py")
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption).replace("\\", "")


def findings(app: AppTest) -> list[tuple[str, str]]:
    table = next(one.value for one in app.dataframe if "finding" in one.value.columns)
    return list(zip(table["finding"], table["place"], strict=True))


def test_a_structure_without_filters_shows_its_structural_findings(folder: Path) -> None:
    app = opened("full_asnp50")
    assert len(findings(app)) == 11
    assert (KINDS["dead_block"].title, "9") in findings(app)
    assert STRUCTURAL in captions(app) and "there are no trained filters" in captions(app)
    assert KINDS["dead_block"].meaning in captions(app)
    assert not [button for button in app.button if button.label.startswith("Examine")]


def test_a_checkpoint_is_examined_on_clips_in_the_background(folder: Path) -> None:
    app = opened("small (checkpoint)")
    assert structure_health.NOT_RUN in captions(app)
    before = findings(app)
    assert set(before) == {(KINDS[kind].title, place) for kind, place in weights_of("small")}
    next(button for button in app.button if button.label == "Examine on 24 generated clips").click().run()
    job = measurements.health_job("small", FEW)
    job.wait(PATIENCE)
    checked(app.run())
    assert job.error is None and "24 clips" in captions(app)
    assert structure_health.NOT_RUN not in captions(app)
    assert findings(app) == [(KINDS[one.kind].title, one.place) for one in job.results[0].findings]
    assert set(before) <= set(findings(app))
    assert not [button for button in app.button if button.label.startswith("Examine")]


def weights_of(name: str) -> set[tuple[str, str]]:
    report = structure_health.examine_weights(load(name).network)
    return {(one.kind, one.place) for one in report.findings}


def test_a_checkpoint_of_other_classes_says_why_no_clips_are_run(folder: Path) -> None:
    network = Network(load("small").structure, ("wave", "jump"))
    checkpoint.save(folder / "other", network, SETTINGS, {"command": "none"})
    app = opened("other (checkpoint)")
    assert structure_health.NO_CLIPS in captions(app)
    assert not [button for button in app.button if button.label.startswith("Examine")]


def test_a_checkpoint_is_examined_on_a_folder_of_clips(folder: Path, tmp_path: Path) -> None:
    clips = fill(tmp_path / "clips")
    shutil.rmtree(clips / "val" / "dance")  # a class that the network does not know
    app = opened("small (checkpoint)")
    checked(app.text_input(key="health-folder").set_value(str(clips)).run())
    button(app, "Examine on the clips of the folder").click().run()
    job = measurements.health_job("small", LabelledSet(folder=clips))
    job.wait(PATIENCE)
    checked(app.run())
    assert job.error is None
    assert f"{job.results[0].clips} clips" in captions(app)
    checked(app.text_input(key="health-folder").set_value(str(tmp_path / "missing")).run())
    button(app, "Examine on the clips of the folder").click().run()
    measurements.health_job("small", LabelledSet(folder=tmp_path / "missing")).wait(PATIENCE)
    assert "missing" in checked(app.run()).error[0].value
    assert structure_health.NOT_RUN in captions(app)


def button(app: AppTest, label: str) -> Button:
    return next(one for one in app.button if one.label == label)


def test_a_file_of_the_user_shows_its_structural_findings(folder: Path) -> None:
    app = opened("full_asnp50")
    written = ("mine.json", json.dumps(small_structure().to_json()).encode(), "application/json")
    checked(app.file_uploader(key="structure-files").set_value([written]).run())
    kinds = [kind for kind, _ in findings(app)]
    connections = len(small_structure().connections)
    assert kinds == [KINDS["at_initialisation"].title] * connections  # training has not begun
    assert STRUCTURAL in captions(app)
