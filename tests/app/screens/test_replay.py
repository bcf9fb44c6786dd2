"""The Replay screen: by Streamlit's own AppTest, and scrubbed in a real Chromium without running Python."""

import base64
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from playwright.sync_api import Locator, Page
from streamlit.testing.v1 import AppTest

from peerattn.figures.replay import pack_replay
from peerattn.figures.scripts import explorer_script
from peerattn.traces.history import HISTORY_FILE, History, write_history
from tests.conftest import ROOT
from tests.histories import history
from tests.serving import GET_EXPLORER
from tests.small import small_structure, write_small_checkpoints
from tests.standalone_explorer import ADDRESS, LIGHT, PAGE

PATIENCE = 300  # s; shared cores
SHOWN = history()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The screen, freshly opened on a network whose training was logged."""
    folder = write_small_checkpoints(tmp_path / "checkpoints")
    shutil.copytree(folder / "small", folder / "unlogged")
    write_history(folder / "small" / HISTORY_FILE, history(small_structure()))
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(folder))
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["checkpoint"] = "small"
    return checked(app.switch_page("screens/replay.py").run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def test_a_logged_training_is_shown_with_its_tables(app):
    assert any("24 logged steps, from step 0 to 230, over 4 epochs" in each.value for each in app.caption)
    assert {"step", "connection_weight"} <= set(app.dataframe[0].value)
    checked(app.segmented_control[0].set_value("Scores").run())
    assert list(app.dataframe[0].value) == ["step", "epoch", "loss", "top1"]


def test_a_checkpoint_without_a_history_says_so_and_how_to_get_one(app):
    checked(app.selectbox(key="checkpoint").set_value("unlogged").run())
    [line] = app.info
    assert "has no training history" in line.value and "peerattn train" in line.value
    assert "\n" not in line.value and not app.dataframe


def test_a_damaged_history_gives_a_one_line_error(app, tmp_path):
    (tmp_path / "checkpoints" / "small" / HISTORY_FILE).write_bytes(b"no history")
    checked(app.run())
    [line] = app.error
    assert "history" in line.value.replace("\\", "") and "\n" not in line.value


def open_explorer_page(page: Page, shown: History) -> Locator:
    """A page that contains only a replay."""
    data = {"recording": "alone", "selected": None, "about": {"checkpoint": "tiny"}, "replay": True}
    data |= {"pruned": False, "removed": [], "dead": [], "peerOnly": [], "starved": []}
    packed = base64.b64encode(pack_replay(shown)).decode()
    body = PAGE.format(style=LIGHT, script=explorer_script(), packed=packed, data=json.dumps(data))
    page.route(f"{ADDRESS}*", lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
    page.goto(ADDRESS)
    page.locator(".moment").wait_for()
    return page.locator(".explorer")


@pytest.fixture
def root(page: Page, page_log) -> Locator:
    """The replay on a page that contains only it."""
    yield open_explorer_page(page, SHOWN)
    assert page_log.errors == []


def seek(root: Locator, row: int) -> None:
    root.evaluate(f"(root, row) => ({GET_EXPLORER})(root).seek(row)", row)


def drawn(root: Locator) -> dict[str, float]:
    """Connection → the width of its line, for connections that are drawn."""
    return root.evaluate(
        f"root => Object.fromEntries(({GET_EXPLORER})(root).graph.strokes.drawn"
        ".map(({ id, width }) => [id, width]))"
    )


def places(root: Locator) -> dict[str, dict[str, float]]:
    return root.evaluate(f"root => ({GET_EXPLORER})(root).graph.network.getPositions()")


@pytest.mark.browser
def test_line_widths_show_the_weights_of_the_step_and_blocks_stay_in_place(root):
    before = places(root)
    for row in (0, 9, 15, 23):
        seek(root, row)
        widths = drawn(root)
        kept = ~np.isnan(SHOWN.connection_weights[row])
        assert set(widths) == {key for key, left in zip(SHOWN.keys, kept, strict=True) if left}
        for key, weight in zip(SHOWN.keys, SHOWN.connection_weights[row], strict=True):
            if key in widths:
                assert widths[key] == pytest.approx(0.6 + 6.4 * float(weight), abs=1e-4)
    assert places(root) == before


@pytest.mark.browser
def test_keys_move_between_steps_and_prunings(root):
    root.locator(".slider").press("ArrowRight")
    assert root.locator(".moment").inner_text() == "step 10 (epoch 1; logged step 2 of 24)"
    root.locator(".slider").press("PageDown")
    assert root.locator(".moment").inner_text() == "step 160 (epoch 3; logged step 17 of 24)"
    root.locator(".slider").press("End")
    assert (
        root.locator(".slider").get_attribute("aria-valuetext") == "step 230 (epoch 4; logged step 24 of 24)"
    )
    assert root.get_by_text("30 connections").count() == 1


@pytest.mark.browser
def test_the_axis_of_a_long_training_fits(page, page_log):
    """Its lines have more values than a function of the browser takes arguments."""
    root = open_explorer_page(page, history(small_structure(), logged=60_000))
    root.get_by_role("combobox", name="show a block or connection").select_option("block top")
    root.get_by_role("combobox", name="lines", exact=True).select_option("connections")
    root.get_by_label("zoom y-axis").check()
    lines = root.evaluate(f"root => ({GET_EXPLORER})(root).timeline.chart.chart.lines.length")
    assert lines == 5
    lowest, highest = root.evaluate(f"root => ({GET_EXPLORER})(root).timeline.chart.valueRange()")
    assert page_log.errors == []
    assert 0 <= lowest < highest <= 1


@pytest.mark.browser
def test_playing_ends_at_the_last_step(root):
    seek(root, 18)
    root.get_by_role("button", name="play", exact=True).click()
    root.get_by_role("button", name="play", exact=True).wait_for()
    root.page.wait_for_function(f"() => ({GET_EXPLORER})(document.querySelector('.explorer')).cursor === 23")


@pytest.mark.browser
def test_tables_and_numbers_follow_the_cursor(root):
    key = SHOWN.keys[0]
    source, target = key.split("_to_")
    root.get_by_role("combobox", name="show a block or connection").select_option(f"connection {key}")
    root.get_by_label("table", exact=True).check()
    for row in (0, 12):
        seek(root, row)
        expected = float(SHOWN.connection_weights[row, 0])
        head = root.page.get_by_role("rowheader", name=f"{source} → {target}")
        line = root.get_by_role("row").filter(has=head)
        assert float(line.locator("[data-value]").first.get_attribute("data-value")) == pytest.approx(
            expected
        )
        told = root.locator(".numbers [data-value]").first.get_attribute("data-value")
        assert float(told) == pytest.approx(expected)


@pytest.mark.browser
def test_pruned_connections_are_shown_on_request(root):
    seek(root, 20)
    assert len(drawn(root)) == 30
    root.get_by_label("show removed").check()
    assert len(drawn(root)) == 50
    assert "showRemoved=true" in root.page.url
