"""The tour in the app: one step at a time, and an answer once the user has chosen one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from app.parts.tour import THRESHOLD, steps
from tests.app.parts.test_tour import example
from tests.conftest import KeptWindow
from tests.screens import AT_REST, wait_until_drawn
from tests.serving import GET_EXPLORER, frame

pytestmark = pytest.mark.browser
COUNT = len(steps(example()))
TITLES = [step.title for step in steps(example())]


def at(page: Page, url: str, title: str) -> Locator:
    """The explorer of the step with this title, opened by its address."""
    page.goto(f"{url}/tour?step={TITLES.index(title) + 1}")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return wait_until_drawn(page)


@pytest.fixture
def walk(kept_page: Page, kept_window: KeptWindow, app_url: str) -> Callable[[str], Locator]:
    """Comes to the step with a title, by Next from the step of the test before; returns its explorer."""

    def walk_to(title: str) -> Locator:
        come, wanted = re.search(r"step=(\d+)", kept_page.url), TITLES.index(title)
        if come is None or int(come[1]) - 1 > wanted:
            at(kept_page, app_url, title)
            kept_window.log.forget_search_for_server()
        else:
            for passed in TITLES[int(come[1]) - 1 : wanted]:
                expect(kept_page.get_by_role("heading", name=passed)).to_be_visible()
                kept_page.get_by_role("button", name="Next", exact=True).click()
            expect(kept_page.get_by_role("heading", name=title)).to_be_visible()
        kept_page.evaluate(AT_REST)  # the explorer of the step before is gone
        return wait_until_drawn(kept_page)

    return walk_to


def asked(page: Page) -> str:
    return page.get_by_test_id("stRadio").get_by_test_id("stWidgetLabel").inner_text()


def told(page: Page) -> Locator:
    return page.get_by_test_id("stAlert")


def choose(page: Page, option: int) -> None:
    page.get_by_test_id("stRadio").locator("[data-testid=stRadioOption]").nth(option).click()


def pinned(root: Locator) -> str:
    return root.evaluate(f"root => ({GET_EXPLORER})(root).pinned?.id ?? ''")


def removed(root: Locator) -> int:
    return root.evaluate(f"root => ({GET_EXPLORER})(root).marks.removed.size")


def test_next_and_back_change_the_step_and_the_address(page: Page, app_url: str):
    page.goto(f"{app_url}/tour")
    expect(page.get_by_role("button", name="Back")).to_be_disabled()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_role("heading", name=TITLES[1])).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]step=2\b"))
    page.reload()
    expect(page.get_by_role("heading", name=TITLES[1])).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", name=TITLES[0])).to_be_visible()
    at(page, app_url, TITLES[-1])
    expect(page.get_by_role("button", name="Next", exact=True)).to_be_hidden()


def test_the_answer_is_shown_after_a_choice_and_corrects_a_wrong_one(page: Page, app_url: str):
    at(page, app_url, "What can be removed?")
    expect(told(page)).to_be_hidden()
    options = page.get_by_test_id("stRadioOption").all_inner_texts()
    choose(page, 0)
    right = re.compile(r"^Not quite\. The answer is: (\d+)\.")
    expect(told(page)).to_have_text(right)
    answer = options.index(right.match(told(page).inner_text())[1])
    choose(page, answer)
    expect(told(page)).to_have_text(re.compile(r"^Yes\."))
    choose(page, 3)
    expect(told(page)).to_have_text(right)
    assert answer not in (0, 3)


def test_the_factor_step_shows_its_connection_at_its_frame(walk, kept_page: Page):
    page = kept_page
    root = walk("Attention factors open and close channels")
    said = re.search(r"At frame (\d+) that mean is (\d\.\d\d)", asked(page))
    assert said and frame(root) == int(said[1]) - 1 > 0
    shade = root.evaluate(
        f"""root => {{ const {{ recording, pinned, frame }} = ({GET_EXPLORER})(root);
        return recording.at("shade", recording.rows.get(pinned.id), frame); }}"""
    )
    assert f"{shade:.2f}" == said[2]
    source, target = pinned(root).split("_to_")
    expect(page.get_by_text(f"{source} → {target} is pinned")).to_be_visible()


def test_the_peers_step_opens_the_steps_inside_a_factor_once_it_is_answered(walk, kept_page: Page):
    page = kept_page
    root = walk("Who decides? The peers")
    assert root.get_by_label("attention arcs").is_checked()
    expect(page.locator(".details")).to_have_count(0)
    peers = pinned(root)
    choose(page, 0)
    tab = page.locator(".details").get_by_role("tab", name="How a factor is computed")
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(page.locator(".details .steps > li").first).to_be_visible()
    root = walk("Self attention, for comparison")
    assert pinned(root) == peers  # the same connection
    expect(root.locator("section.numbers .rows li")).to_have_count(1)  # its one peer: its source


def test_the_lines_of_the_time_step_are_those_it_asks_about(walk, kept_page: Page):
    page = kept_page
    root = walk("Attention moves with the clip")
    lines = root.locator(".reading .values > span").all_inner_texts()
    for option in page.get_by_test_id("stRadio").locator("[data-testid=stRadioOption]").all_inner_texts():
        assert any(line.startswith(option) for line in lines), option


def test_removed_connections_are_drawn_once_the_question_is_answered(walk, kept_page: Page):
    page = kept_page
    root = walk("What can be removed?")
    assert removed(root) == 0
    choose(page, 0)
    expect(told(page)).to_be_visible()
    page.wait_for_function(
        "root => peerattnExplorer.of(root).marks.removed.size > 0", arg=root.element_handle()
    )
    weights = root.evaluate(
        f"root => ({GET_EXPLORER})(root).recording.connections.map(({{ weight }}) => weight)"
    )
    assert removed(root) == sum(weight < THRESHOLD for weight in weights)
    assert f"leaves {len(weights) - removed(root)} of {len(weights)}" in told(page).inner_text()
    root = walk("Is the prediction still the same?")
    assert removed(root) > 0
