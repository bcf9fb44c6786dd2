"""Use without a mouse: the whole tour, and a connection in Explore with its panels."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.parts.tour import steps
from tests.app.parts.test_tour import example
from tests.keyboard import Keyboard
from tests.screens import wait_until_drawn
from tests.serving import frame

pytestmark = pytest.mark.browser
STREAMLITS_OWN = ('<main id="stMain" tabindex="0"',)
"""Stops of Streamlit 1.67 that do not show their focus: its scrolling area, where a walk comes by it."""
STEPS = len(steps(example()))


@pytest.fixture
def keyboard(page: Page) -> Iterator[Keyboard]:
    keys = Keyboard(page)
    yield keys
    unseen = [stop for stop in keys.unseen if not stop.startswith(STREAMLITS_OWN)]
    assert unseen == []


def test_the_tour_is_walked_from_its_first_step_to_its_last(page: Page, app_url: str, keyboard: Keyboard):
    page.goto(f"{app_url}/tour")
    following = page.get_by_role("button", name="Next", exact=True)
    for number in range(1, STEPS + 1):
        page.get_by_text(f"step {number} of {STEPS}").wait_for()
        expect(page.get_by_test_id("stAlert")).to_have_count(0)
        keyboard.reach(page.get_by_role("radio"), back=number > 1)
        keyboard.press("Space")
        page.get_by_test_id("stAlert").wait_for()
        if number < STEPS:
            keyboard.reach(following)
            keyboard.press("Enter")
    keyboard.reach(page.get_by_role("link", name="Explore a clip"))
    keyboard.press("Enter")
    wait_until_drawn(page)


def test_the_focus_passes_through_the_explorer_and_out_of_it(page: Page, app_url: str, keyboard: Keyboard):
    page.goto(f"{app_url}/tour")
    root = wait_until_drawn(page)
    screen = root.locator("canvas.screen")
    keyboard.reach(screen)
    keyboard.press("ArrowRight")
    assert frame(root) == 1
    keyboard.leave(root)
    keyboard.reach(screen)  # round the page and in again


def test_a_connection_is_pinned_and_its_panel_read_as_a_table(page: Page, app_url: str, keyboard: Keyboard):
    page.goto(app_url)
    root = wait_until_drawn(page)
    stage = root.locator(".stage")
    keyboard.reach(stage)
    keyboard.press("ArrowUp", "ArrowUp", "Enter")  # along the strongest connections, and a block is pinned
    page.get_by_role("heading", name="Block ").wait_for()
    keyboard.reach(root.locator("section.numbers button.link"))
    keyboard.press("Enter")  # the strongest connection that feeds it
    details = page.locator(".details")
    details.get_by_role("tab", name="Channels × frames").wait_for()  # its own panels are here
    keyboard.reach(details.get_by_role("tab"))
    keyboard.press("ArrowRight")
    expect(details.get_by_role("tab", name="Attention weights")).to_have_attribute("aria-selected", "true")
    keyboard.reach(details.get_by_role("button", name="Table", exact=True))
    keyboard.press("Enter")
    expect(details.get_by_role("table")).to_be_visible()
    keyboard.leave(details)
    keyboard.reach(root.get_by_role("slider", name="frame"), back=True)
    keyboard.press("End")
    last = int(root.get_by_role("slider", name="frame").get_attribute("max") or 0)
    assert last > 0 and frame(root) == last
