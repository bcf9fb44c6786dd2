"""Leaving parts out in Explore, in a real Chromium."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.screens.test_browser import drawn
from tests.screens import AT_REST, choose_option
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
