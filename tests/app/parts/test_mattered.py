"""A clip opened from Effect starts at the frame where the component mattered most, and says why."""

from urllib.parse import parse_qs

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.parts.mattered import SPANS
from peerattn.checkpoints.resolving import resolve
from peerattn.recording.leaving_out import leave_out_while
from peerattn.recording.windows import windows
from tests.app.screens.test_data import checked
from tests.app.screens.test_effect import opened


@pytest.fixture
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()


def opened_in_explore(app: AppTest) -> AppTest:
    button = next(button for button in app.button if str(button.key).startswith("clip-"))
    button.click().run()
    return checked(app.switch_page("screens/explore.py").run())


def said(app: AppTest) -> str:
    return " ".join(caption.value.replace("\\", "").replace("\u2060", "") for caption in app.caption)


@pytest.mark.usefixtures("_own_cache")
def test_a_clip_opens_where_the_connection_matters_most():
    app = opened("actionworld")
    app.selectbox(key="of").set_value("connection").run()
    checked(app.selectbox(key="how").set_value("remove").run())
    checked(app.selectbox(key="component").set_value("rgb2_to_a4").run())
    explore = opened_in_explore(app)
    shown = explore.session_state["opened"]
    loaded, frames = resolve("actionworld"), len(shown.clip.times)
    spans = windows(frames, -(-frames // SPANS))
    found = leave_out_while(
        loaded.network, shown.clip, window=loaded.settings.window, connections=["rgb2_to_a4"], spans=spans
    )
    changes = np.abs(list(found.changes(shown.choice.source.label).values()))
    frame = int(parse_qs(explore.session_state["start"]["query"])["frame"][0])
    assert frame == spans[int(changes.argmax())][0] + 1
    assert f"Opened at frame {frame} (" in said(explore)
    assert explore.session_state["selected"].id == "rgb2_to_a4"

    token = explore.session_state["start"]["token"]
    again = checked(explore.run())  # the cursor is moved once only
    assert again.session_state["start"]["token"] == token and "Opened at frame" in said(again)


@pytest.mark.usefixtures("_own_cache")
def test_a_modality_is_left_out_through_all_of_its_connections():
    app = opened("actionworld")
    checked(app.selectbox(key="component").set_value("object").run())
    explore = opened_in_explore(app)
    assert "If object is left out in frame" in said(explore)
    other = checked(AppTest.from_file(explore._script_path, default_timeout=300).run())
    assert "Opened at frame" not in said(other)  # a clip that was not opened from Effect
