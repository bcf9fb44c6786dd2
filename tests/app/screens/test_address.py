"""A copied address or a saved session gives the same page in a new browser."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.opening.files import samples
from app.opening.session import Session
from tests.conftest import PATIENCE
from tests.media import moving_square, write_video
from tests.screens import AT_REST, choose_option
from tests.small import write_small_checkpoints

pytestmark = pytest.mark.browser
SHOWN = """root => {
    const { frame, pinned, settings } = peerattnExplorer.of(root);
    return { frame, pinned, settings };
}"""


@pytest.fixture(scope="module", autouse=True)
def small(app_checkpoints: Path) -> None:
    write_small_checkpoints(app_checkpoints)


@pytest.fixture
def fresh(chromium: Browser, page_log) -> Iterator:
    """Open an address in a new browser; fails on an error or a request to another machine."""
    contexts = []

    def open_fresh(url: str) -> Page:
        contexts.append(chromium.new_context(viewport={"width": 1440, "height": 900}))
        contexts[-1].on("page", page_log.listen)
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.goto(url)
        return page

    yield open_fresh
    for context in contexts:
        context.close()
    assert (page_log.outside, page_log.errors) == ([], [])


def explorer(page: Page) -> Locator:
    """The explorer, once no script runs; until then the page may also contain the one it replaces."""
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    page.evaluate(AT_REST)
    return page.locator(".explorer")


def change(page: Page) -> dict:
    """Change frame, selection and display, and return the state of the explorer."""
    root = explorer(page)
    root.get_by_role("combobox", name="show a block or connection").select_option("connection rgb1_to_mid1")
    root.get_by_role("slider", name="frame").fill("8")
    root.evaluate("""root => {
        const explorer = peerattnExplorer.of(root);
        explorer.changeSetting("speed", 0.5);
        explorer.changeSetting("loop", "3-9");
        explorer.changeSetting("overlay", "objects");
    }""")
    page.wait_for_url("**frame=9**")
    page.wait_for_url("**pin=**")
    return root.evaluate(SHOWN)


@pytest.fixture
def sender(kept_page: Page, app_url: str) -> Page:
    """The page that gives the addresses and files, on a small network; the tests share the window."""
    if kept_page.url == "about:blank":
        kept_page.goto(f"{app_url}/?checkpoint=small")
    explorer(kept_page)
    return kept_page


def test_a_copied_address_shows_the_same_in_a_fresh_browser(fresh, kept_page, app_url):
    page, clip, other = kept_page, samples()[2].name, samples()[1].name
    page.goto(f"{app_url}/?checkpoint=small&clip={clip}")
    held = change(page)
    assert held["frame"] == 8 and held["pinned"]["id"] == "rgb1_to_mid1"
    expect(page.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()
    again = fresh(page.url)
    assert explorer(again).evaluate(SHOWN) == held
    expect(again.get_by_role("combobox", name="Clip")).to_have_value(clip)
    expect(again.get_by_role("combobox", name="Checkpoint")).to_have_value("small")
    expect(again.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()

    # After another clip was chosen, the address still names the frame.
    choose_option(page, "Clip", other, typed=other)
    expect(page.get_by_text("Clip prediction")).to_be_visible()
    page.wait_for_url(f"**clip={other}**")
    page.wait_for_url("**frame=9**")
    again = fresh(page.url)
    assert explorer(again).evaluate(SHOWN) == held
    expect(again.get_by_role("combobox", name="Clip")).to_have_value(other)


def test_names_in_the_address_that_do_not_exist_are_reported_in_one_line(fresh, app_url):
    page = fresh(f"{app_url}/?checkpoint=gone&clip=mine.mp4&pin=connection%20no_to_where")
    explorer(page)
    for said in (
        "the checkpoint gone, which",
        "the clip mine.mp4, which",
        "the connection no_to_where, which",
    ):
        expect(page.get_by_text(said)).to_be_visible()


@pytest.mark.parametrize("screen", ["prune", "compare"])
def test_what_is_pinned_the_frame_and_the_threshold_are_restored_on_the_other_screens(
    fresh, app_url, page_log, screen
):
    address = "checkpoint=small&frame=9&pin=connection%20rgb1_to_mid1&threshold=0.5"
    page = fresh(f"{app_url}/{screen}?{address}")
    held = explorer(page).evaluate(SHOWN)
    assert held["frame"] == 8 and held["pinned"]["id"] == "rgb1_to_mid1"
    if screen == "prune":
        threshold = page.get_by_role("slider", name="Remove connections weaker than")
        expect(threshold).to_have_value("0.5")
    page_log.forget_search_for_server()


SAVED = {"session": "Session", "trace": "Whole trace"}
"""The buttons of the export choices."""


def save(page: Page, **paths: Path) -> None:
    """Write what the export choices give to these files, once the page has come to rest."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_role("button", name="Save and export").click()
    for name, path in paths.items():
        with page.expect_download() as saved:
            page.get_by_test_id("stPopoverBody").get_by_role("button", name=SAVED[name]).click()
        saved.value.save_as(path)
    page.keyboard.press("Escape")


def upload(page: Page, path: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(path)


def test_a_trace_and_a_session_saved_from_the_page_open_again(fresh, sender, app_url, tmp_path):
    upload(sender, write_video(tmp_path / "mine.mp4", moving_square(60)))
    expect(sender.get_by_role("combobox", name="Clip")).to_have_value("mine.mp4")
    held = change(sender)
    session, trace = tmp_path / "mine.peerattn", tmp_path / "first.json"
    save(sender, session=session, trace=trace)
    assert Session.from_bytes(session.read_bytes()).view["frame"] == "9"
    again = fresh(f"{app_url}/?frame=3&fit=true&speed=2")
    explorer(again)

    # The trace goes through the page byte for byte.
    upload(again, trace)
    expect(again.get_by_text("numbers without frames")).to_be_visible()
    explorer(again)
    save(again, trace=tmp_path / "second.json")
    assert (tmp_path / "second.json").read_bytes() == trace.read_bytes()

    # The session opens as it was.
    upload(again, session)
    expect(again.get_by_role("combobox", name="Clip")).to_have_value("mine.mp4")
    expect(again.get_by_role("combobox", name="Checkpoint")).to_have_value("small")
    again.wait_for_url("**frame=9**")
    assert explorer(again).evaluate(SHOWN) == held
    expect(again.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()
    assert "fit=" not in urlsplit(again.url).query
