"""The Compare screen, run by Streamlit's own AppTest on small untrained networks."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.opening.files import samples
from tests.conftest import ROOT
from tests.small import write_small_checkpoints

PATIENCE = 300  # s; shared cores


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The screen, freshly opened."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["checkpoint"] = "small"
    app.run()
    return checked(app.switch_page("screens/compare.py").run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def sides(app: AppTest) -> list[str]:
    """The texts about A and about B."""
    return [text.value for text in app.markdown if text.value.startswith(("**A**", "**B**"))]


def test_two_clips_can_be_compared(app):
    first, second = sides(app)
    assert samples()[0].path.stem in first.replace("\\", "")
    assert app.selectbox(key="second-clip").value in second.replace("\\", "")
    assert samples()[0].name not in app.selectbox(key="second-clip").options


def test_two_checkpoints_can_be_compared_on_one_clip(app):
    checked(app.selectbox(key="checkpoint").set_value("actionworld").run())
    checked(app.segmented_control(key="compare").set_value("Two checkpoints").run())
    checked(app.selectbox(key="second-checkpoint").set_value("actionworld-self").run())
    first, second = (side.replace("\\", "") for side in sides(app))
    assert first.startswith("**A** · actionworld:") and second.startswith("**B** · actionworld-self:")


def test_networks_without_a_common_layout_are_refused_in_one_line(app):
    checked(app.segmented_control(key="compare").set_value("Two checkpoints").run())
    checked(app.selectbox(key="second-checkpoint").set_value("actionworld").run())
    [error] = app.error
    assert "no common layout" in error.value and "\n" not in error.value and not sides(app)


def test_before_and_after_pruning_says_what_is_kept(app):
    checked(app.segmented_control(key="compare").set_value("Before and after pruning").run())
    network = app.session_state["opened"].checkpoint.network
    weights = network.connection_weights().values()
    threshold = sorted(weights)[1]
    checked(app.slider(key="compare-threshold").set_value(round(threshold, 3)).run())
    removed = sum(weight < round(threshold, 3) for weight in weights)
    assert any(f"{removed} removed" in caption.value for caption in app.caption)


def test_a_threshold_that_cuts_the_output_off_gives_no_comparison(app):
    checked(app.segmented_control(key="compare").set_value("Before and after pruning").run())
    checked(app.slider(key="compare-threshold").set_value(1.0).run())
    assert any("lower one to compare" in warning.value for warning in app.warning)
