"""The explorer's timeline in a real Chromium, without Streamlit: hostile addresses, and axes that fit."""

import dataclasses

import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from tests.standalone_explorer import ADDRESS, html
from tests.traces import trace

pytestmark = pytest.mark.browser
TRACE = trace(frames=8, window=4)
OF = "(root => peerattnExplorer.of(root))(root)"


def opened(page: Page, query: str, shown=TRACE) -> Locator:
    """The explorer at an address with this query."""
    body = html(shown)
    page.route(f"{ADDRESS}*", lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
    page.goto(f"{ADDRESS}?{query}")
    page.locator("canvas.screen[data-drawn]").wait_for()
    return page.locator(".explorer")


@pytest.mark.parametrize(
    "query",
    ["speed=007", "offset=-00", "lines=constructor", "lines=__proto__", "loop=9-3", "frame=NaN", "pin=block"],
)
def test_an_address_that_says_nonsense_shows_the_clip_all_the_same(page, page_log, query):
    root = opened(page, query)
    assert root.locator(".reading select").input_value() == "strength"
    assert root.locator(".reading .values b").count() > 0
    root.locator(".slider").press("ArrowRight")
    assert root.locator("canvas.screen").get_attribute("data-frame") == "1"
    assert page_log.errors == []


@pytest.mark.parametrize("level", [0.5, 1.0])
def test_lines_that_stand_still_lie_within_an_axis_that_fits(page, page_log, level):
    """For example those of a network without attention, whose factors are all 1."""
    still = tuple(
        dataclasses.replace(each, attention_factors=np.full_like(each.attention_factors, level))
        for each in TRACE.connections
    )
    root = opened(page, "fit=true&lines=modality", dataclasses.replace(TRACE, connections=still))
    low, high = root.evaluate(f"root => {OF}.timeline.chart.range")
    assert low < level < high
    y = root.evaluate(f"(root, level) => {OF}.timeline.chart.y(level)", level)
    assert 0 < y < 132
    assert page_log.errors == []
