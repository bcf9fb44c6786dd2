"""Where a network is too unsure, the page says none of these: in Explore, Prune and Compare.

A pruned network is another one: the rule of the whole is not its own.
"""

import json
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.state.saved import save_pruned
from peerattn.checkpoints.checkpoint import load
from peerattn.cli.networks import prune_command
from peerattn.files.cards import CARD_FILE
from tests.conftest import ROOT
from tests.peerattn.scores.test_verdict import CARD
from tests.small import write_small_checkpoints

PATIENCE = 300  # s; shared cores


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Explore on an untrained network, which is sure of nothing."""
    folder = write_small_checkpoints(tmp_path / "checkpoints")
    path = folder / "small" / CARD_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **CARD}))
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(folder))
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["checkpoint"] = "small"
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(text.value for text in app.markdown).replace("\\", "")


def test_every_screen_says_none_of_these_and_names_the_best_class(app):
    trace = app.session_state["opened"].trace
    best = trace.class_names[trace.probabilities.argmax()]
    assert app.metric[0].value == "none of these" and f"Best: **{best}**" in said(app)
    assert "40.0 %" in app.metric[0].help and "area under the ROC curve 0.81" in app.metric[0].help
    checked(app.switch_page("screens/prune.py").run())
    assert f"Before: **none of these**, best: {best}" in said(app)
    checked(app.switch_page("screens/compare.py").run())
    assert f"none of these (best: {best}" in said(app)


def test_the_card_of_a_pruned_network_has_no_measurements_of_the_unpruned_one(tmp_path, monkeypatch):
    """Command and app write the same card, except for what only the command measures."""
    folder = write_small_checkpoints(tmp_path / "checkpoints")
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(folder))
    path = folder / "small" / CARD_FILE
    measured = {**CARD, "calibration": {"error_after": 0.01}, "learned_connectivity": {"connections": 50}}
    card = {**json.loads(path.read_text()), "metrics": {"n": 3}, "limits": ["one room"]}
    path.write_text(json.dumps({**card, **measured}))
    prune_command(0.4, "small", out="by-command", clips=2, json_file="-")
    save_pruned(load("small"), 0.4, "by-app")
    command, app = (dict(load(name).card) for name in ("by-command", "by-app"))
    assert command["pruned_from"] == "small" and command["limits"] == ["one room"]
    assert not measured.keys() & command.keys()
    assert command.pop("metrics").keys() == {"after_pruning"} and app.pop("metrics") == {}
    assert command.pop("command") and app.pop("command")
    assert command == app
