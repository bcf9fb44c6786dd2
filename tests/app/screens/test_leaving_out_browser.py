"""Leaving parts out in Explore, in a real Chromium."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.screens.test_browser import drawn
from tests.screens import AT_REST, choose_option
from tests.serving import GET_EXPLORER
from tests.small import write_small_checkpoints

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def small(app_checkpoints: Path) -> None:
    write_small_checkpoints(app_checkpoints)


def bars(page: Page) -> Locator:
    return page.get_by_role("img", name="Most probable classes of the clip")


def test_a_peer_is_found_by_typing_and_its_absence_is_drawn_beside_the_whole(page, page_log, app_url):
    page.goto(f"{app_url}/?checkpoint=small")
    drawn(page)
    expect(bars(page)).to_have_accessible_name("Most probable classes of the clip")
    peer = "peer flow1 of rgb1 → top"
    choose_option(page, "Without", peer, typed=peer)
    page.keyboard.press("Escape")
    sentence = page.get_by_text(re.compile("without peer flow1 of rgb1 → top.* One clip."))
    expect(sentence).to_be_visible()
    expect(bars(page)).to_have_accessible_name(
        re.compile(r"network \(A\) and without peer .* \(B\): .*: A .*, B ")
    )
    texts = bars(page).locator(".bartext")
    expect(texts.filter(has_text=re.compile(r"^B .* points$"))).to_have_count(5)
    assert parse_qs(urlsplit(page.url).query)["without"] == ["peer flow1 of rgb1 → top"]

    # The address opens the same, and another peer of the selected connection is left out as well.
    page.goto(f"{page.url}&pin=connection+rgb1_to_top")
    expect(sentence).to_be_visible()
    choose_option(page, "Leave out a peer", "object1 (attention weight")
    expect(
        page.get_by_role("heading", name="peer flow1 of rgb1 → top, peer object1 of rgb1 → top")
    ).to_be_visible()
    page.evaluate(AT_REST)
    assert page_log.errors == []


def test_the_span_is_dragged_on_the_timeline_and_marked_there(page, page_log, app_url):
    page.goto(f"{app_url}/?checkpoint=small&without=rgb1+→+top")
    group = page.get_by_role("group", name="when it is left out")
    expect(group).to_contain_text("drag over the frames with Shift")
    page.evaluate(AT_REST)
    times, first, last = drag_over_frames(page, 4, 11)
    group.get_by_role("button", name="leave it out only in the loop").click()
    expect(group).to_contain_text(f"left out in frames {first} to {last}")
    expect(page.get_by_text(f"from {times[0]:.2f} to {times[1]:.2f} s")).to_be_visible()
    assert ask(page, "timeline.leftOut.frames") == [first - 1, last]

    # The address and a fresh browser show the same span.
    page.wait_for_url(re.compile("without-times="))
    page.goto(page.url)
    expect(group).to_contain_text(f"left out in frames {first} to {last}")
    group.get_by_role("button", name="leave it out all the time").click()
    expect(group.get_by_role("button", name="all the time")).to_have_count(0)
    expect(page.get_by_text(f"from {times[0]:.2f} to")).to_have_count(0)
    page.evaluate(AT_REST)
    assert page_log.errors == []


def ask(page: Page, what: str) -> Any:
    """Return a property of the explorer."""
    return page.locator(".explorer").evaluate(f"root => ({GET_EXPLORER})(root).{what}")


def drag_over_frames(page: Page, start: int, stop: int) -> tuple[list[float], int, int]:
    """Drag with Shift over the frames (from 0); return their times in s, and their numbers from 1."""
    lines = page.locator("canvas.lines")
    lines.scroll_into_view_if_needed()
    page.evaluate(AT_REST)
    box = lines.bounding_box()
    places = [box["x"] + ask(page, f"timeline.chart.x({frame})") for frame in (start, stop)]
    page.keyboard.down("Shift")
    page.mouse.move(places[0], box["y"] + 30)
    page.mouse.down()
    page.mouse.move(places[1], box["y"] + 30, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    times = ask(page, "recording.times")
    return [times[start] - times[0], times[stop] - times[0]], start + 1, stop + 1
