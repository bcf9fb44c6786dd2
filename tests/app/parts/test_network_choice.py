"""Which network runs a clip as long as the user has not chosen one, by Streamlit's AppTest."""

import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.opening.files import samples
from app.parts import network_choice
from app.parts.network_choice import AUTOMATIC_NOTE
from peerattn.files.paths import REAL_CLIPS_CHECKPOINT
from tests.conftest import ROOT
from tests.media import moving_square, write_video
from tests.small import write_small_checkpoints

PATIENCE = 300  # s; shared cores


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page before it is opened, with small networks under both names."""
    folder = write_small_checkpoints(tmp_path / "checkpoints")
    for name in ("actionworld", REAL_CLIPS_CHECKPOINT):
        shutil.copytree(folder / "small", folder / name)
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(folder))
    st.cache_resource.clear()
    return AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def upload(app: AppTest, folder: Path) -> AppTest:
    path = write_video(folder / "mine.mp4", moving_square(20))
    return checked(
        app.file_uploader(key="uploads").set_value([(path.name, path.read_bytes(), "video/mp4")]).run()
    )


def network(app: AppTest) -> str:
    """The network that ran the clip on the page."""
    assert app.selectbox(key="checkpoint").value == app.session_state["opened"].choice.checkpoint
    return app.session_state["opened"].choice.checkpoint


def said(app: AppTest) -> bool:
    return any(AUTOMATIC_NOTE in caption.value.replace("\\", "") for caption in app.caption)


def test_uploaded_clips_select_the_network_for_real_actions_and_samples_their_own(app, tmp_path):
    checked(app.run())
    assert network(app) == "actionworld" and not said(app)
    upload(app, tmp_path)
    assert app.selectbox(key="clip").value == "mine.mp4"
    assert network(app) == REAL_CLIPS_CHECKPOINT and said(app)
    checked(app.selectbox(key="clip").set_value(samples()[0].name).run())
    assert network(app) == "actionworld" and not said(app)


def test_a_checkpoint_that_the_user_chose_is_never_replaced(app, tmp_path):
    checked(app.run())
    checked(app.selectbox(key="checkpoint").set_value("small").run())
    upload(app, tmp_path)
    assert network(app) == "small" and not said(app)
    checked(app.selectbox(key="checkpoint").set_value("actionworld").run())
    assert network(app) == "actionworld" and not said(app)


def test_a_checkpoint_named_in_the_address_counts_as_chosen_by_the_user(app, tmp_path):
    app.query_params["checkpoint"] = "actionworld"
    checked(app.run())
    upload(app, tmp_path)
    assert network(app) == "actionworld"


def test_without_the_network_of_real_actions_nothing_changes(app, tmp_path, monkeypatch):
    monkeypatch.setattr(network_choice, "REAL_CLIPS_CHECKPOINT", "absent")
    checked(app.run())
    upload(app, tmp_path)
    assert network(app) == "actionworld" and not said(app)
