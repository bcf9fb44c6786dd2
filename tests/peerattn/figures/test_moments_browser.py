"""Moments in the explorer: marks, the list in words, and the keys that jump between them."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.tables.moments import NONE_STANDS_OUT, moment_in_words
from peerattn.traces.moments import with_moments
from tests.peerattn.figures.test_level_graph import ask
from tests.planted_shifts import planted, still
from tests.standalone_explorer import open_explorer

pytestmark = pytest.mark.browser
TWO = with_moments(planted(planted(still(), 14, by=0.1), 40))


@pytest.fixture
def root(page: Page) -> Locator:
    return open_explorer(page, TWO)


def cursor(root: Locator) -> int:
    return int(ask(root, "explorer.cursor"))


def test_the_explorer_opens_at_the_first_moment(root):
    assert cursor(root) == 40
    expect(root.locator(".facts")).to_contain_text("frame 41 of 64")
    expect(root.get_by_role("button", name="moment 1, 5.00 seconds")).to_have_attribute(
        "aria-current", "true"
    )


def test_marks_and_list_show_each_moment_and_move_the_cursor(root):
    items = root.get_by_role("list", name="moments").get_by_role("listitem")
    expect(items).to_have_count(2)
    for item, moment in zip(items.all(), TWO.moments, strict=True):
        assert item.text_content() == f"{moment.time:.2f} s {moment_in_words(TWO, moment)}"
    root.get_by_role("button", name="moment 2, 1.75 seconds").click()
    assert cursor(root) == 14
    expect(items.nth(1)).to_have_class("now")
    items.first.get_by_role("button").click()
    assert cursor(root) == 40


def test_marks_stand_above_their_frames(root):
    left = root.locator("canvas.lines").bounding_box()["x"]
    for moment, mark in zip(TWO.moments, root.locator(".mark").all(), strict=True):
        box = mark.bounding_box()
        place = left + ask(root, "explorer.timeline.chart.x(given)", moment.frame)
        assert abs(box["x"] + box["width"] / 2 - place) <= 1


def test_n_and_p_jump_in_the_order_of_time(page, root):
    root.locator("canvas.screen").focus()
    seen = []
    for key in ("p", "p", "n", "n", "Home", "n"):
        page.keyboard.press(key)
        seen.append(cursor(root))
    assert seen == [14, 14, 40, 40, 0, 14]


def test_a_clip_without_moments_says_why_and_opens_at_its_start(page):
    root = open_explorer(page, with_moments(still()))
    assert cursor(root) == 0
    expect(root.locator("section.moments")).to_contain_text(NONE_STANDS_OUT)
    expect(root.locator(".mark")).to_have_count(0)


def test_the_chart_of_strength_has_its_peak_at_the_moment(root):
    values = [
        ask(root, f"explorer.timeline.chart.chart.lines.reduce((sum, line) => sum + line.value({frame}), 0)")
        for frame in range(64)
    ]
    assert values.index(max(values)) == 40
    assert root.get_by_role("combobox", name="lines").input_value() == "strength"
    assert re.search("shift of attention", root.get_by_role("combobox", name="lines").inner_text())
