"""The Effect screen in a real Chromium: a measurement in progress, and a clip that opens at its frame."""

import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.app.screens.test_browser import drawn
from tests.conftest import PageLog
from tests.screens import choose_option

pytestmark = pytest.mark.browser
PROGRESS = re.compile(r"(\d+) of (\d+) runs of a clip, about .* left")


def done_so_far(page: Page) -> tuple[int, int]:
    found = PROGRESS.search(page.get_by_test_id("stProgress").inner_text())
    assert found
    return int(found[1]), int(found[2])


def faults(page_log: PageLog) -> list[str]:
    """The errors of the console, without those about Streamlit's files beneath a screen's address."""
    return [line for line in page_log.errors if "404" not in line]


def test_a_measurement_shows_its_progress_and_what_is_done_and_can_be_cancelled(page, page_log, app_url):
    page.goto(f"{app_url}/effect?checkpoint=actionworld&of=connections&how=factors+at+1&count=384")
    start = page.get_by_role("button", name="Measure the effect of all connections")
    start.click()
    expect(page.get_by_test_id("stProgress")).to_have_text(PROGRESS)
    expect(start).to_be_hidden()

    expect(page.get_by_text(re.compile(r"So far \d+ of 384 clips"))).to_be_visible()
    chart = page.get_by_role("group", name="Effect of connections")
    expect(chart).to_be_visible()
    expect(page.get_by_text("One of them in detail")).to_be_hidden()  # until all clips are measured
    first, total = done_so_far(page)
    assert 0 < first < total == 384 * 51
    expect(page.get_by_test_id("stProgress")).not_to_have_text(re.compile(rf"^{first} of"))
    assert done_so_far(page)[0] > first

    page.get_by_role("button", name="Cancel").click()
    expect(start).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_be_hidden()
    expect(chart).to_be_hidden()  # a part of the clips is not taken for all of them
    assert faults(page_log) == []


def shown_in(page: Page, label: str) -> str:
    """What a select box shows."""
    box = page.get_by_test_id("stSelectbox").filter(has=page.get_by_text(label, exact=True))
    return box.locator("input").input_value() or box.locator("[value]").first.get_attribute("value") or ""


def test_a_narrow_page_shows_names_differences_intervals_and_verdicts_and_no_p_value_of_0(
    page, page_log, app_url
):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_url}/effect?checkpoint=actions21&of=connections&how=removed")
    expect(page.get_by_text("One of them in detail")).to_be_visible()
    for number, verdict in enumerate(("Needed", "Verdict")):
        grid = page.get_by_test_id("stDataFrame").nth(number)
        grid.scroll_into_view_if_needed()
        titles = grid.locator("[role=columnheader]")
        expect(titles).not_to_have_count(0)
        assert titles.all_text_contents()[1:4] == ["Points", "95 % interval", verdict]
    page.goto(f"{app_url}/effect?checkpoint=actionworld")
    chart = page.get_by_role("group", name="Effect of modalities")
    chart.get_by_role("button", name="Table").click()
    expect(page.get_by_role("cell", name="< 0.001")).to_have_count(3)
    assert faults(page_log) == []


def test_another_checkpoint_shows_its_own_component_and_labelled_set(page, page_log, app_url):
    page.goto(f"{app_url}/effect?checkpoint=actionworld&of=connections&how=removed")
    expect(page.get_by_text("One of them in detail")).to_be_visible()
    assert shown_in(page, "Component") == "rgb2_to_a4"
    assert shown_in(page, "Labelled set") == "Generated clips"
    choose_option(page, "Checkpoint", "actions21")
    expect(page.get_by_text("Measured on 504 training clips")).to_be_visible()
    wait_until(lambda: shown_in(page, "Component") == "joints1_to_slow2")
    choose_option(page, "What is changed", "modalities")  # each with its own way that was measured
    wait_until(lambda: shown_in(page, "Component") == "rgb")
    assert shown_in(page, "How") == "another clip's"
    assert shown_in(page, "Labelled set") == "The clips that it was measured on"
    assert faults(page_log) == []


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come true within 30 s")


def test_a_clip_that_changed_opens_at_the_frame_where_the_modality_mattered_most(page, page_log, app_url):
    page.goto(f"{app_url}/effect?checkpoint=actionworld")
    page.get_by_role("button", name=re.compile(r"^clip \d+ · ")).first.click()
    sentence = page.get_by_text(re.compile(r"^Opened at frame \d+ .* is left out in frame"))
    expect(sentence).to_be_visible()
    drawn(page)
    found = re.search(r"frame (\d+)", sentence.inner_text())
    assert found
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("frame", ["1"]) == [found[1]])
    assert faults(page_log) == []
