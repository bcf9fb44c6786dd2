"""A copied address and a saved session show the same again in a browser that knows nothing of them."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.opening.files import samples
from app.opening.session import Session
from tests.conftest import PATIENCE
from tests.media import moving_square, write_video
from tests.screens import AT_REST
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
    """Opens an address in a browser of its own; fails on an error or a request to another machine."""
    contexts = []

    def open_fresh(url: str) -> Page:
        contexts.append(chromium.new_context(viewport={"width": 1440, "height": 900}))
        contexts[-1].route("**/*", page_log.refuse_outside)
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
    """The explorer, once the page rests: while a script runs, the one it replaces may stand beside it."""
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    page.evaluate(AT_REST)
    return page.locator(".explorer")


def change(page: Page) -> dict:
    """Another frame, a connection, and another way of looking; what the explorer then holds."""
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


def test_a_copied_address_shows_the_same_in_a_fresh_browser(fresh, app_url):
    clip = samples()[2].name
    page = fresh(f"{app_url}/?checkpoint=small&clip={clip}")
    held = change(page)
    assert held["frame"] == 8 and held["pinned"]["id"] == "rgb1_to_mid1"
    expect(page.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()
    again = fresh(page.url)
    assert explorer(again).evaluate(SHOWN) == held
    expect(again.get_by_role("combobox", name="Clip")).to_have_value(clip)
    expect(again.get_by_role("combobox", name="Checkpoint")).to_have_value("small")
    expect(again.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()


def test_an_address_still_names_the_frame_after_another_clip_was_chosen(fresh, app_url):
    page = fresh(f"{app_url}/?checkpoint=small")
    held = change(page)
    expect(page.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()
    page.get_by_role("combobox", name="Clip").click()
    page.keyboard.type(samples()[2].name)
    page.get_by_role("option", name=samples()[2].name).click()
    expect(page.get_by_text("Clip prediction")).to_be_visible()
    page.wait_for_url(f"**clip={samples()[2].name}**")
    page.wait_for_url("**frame=9**")
    again = fresh(page.url)
    assert explorer(again).evaluate(SHOWN) == held
    expect(again.get_by_role("combobox", name="Clip")).to_have_value(samples()[2].name)


def test_what_an_address_names_and_is_not_here_is_said_in_a_line(fresh, app_url):
    page = fresh(f"{app_url}/?checkpoint=gone&clip=mine.mp4&pin=connection%20no_to_where")
    explorer(page)
    for said in (
        "the checkpoint gone, which",
        "the clip mine.mp4, which",
        "the connection no_to_where, which",
    ):
        expect(page.get_by_text(said)).to_be_visible()


@pytest.mark.parametrize("screen", ["prune", "compare"])
def test_what_is_pinned_and_the_frame_are_restored_on_the_other_screens(fresh, app_url, page_log, screen):
    page = fresh(f"{app_url}/{screen}?checkpoint=small&frame=9&pin=connection%20rgb1_to_mid1")
    held = explorer(page).evaluate(SHOWN)
    assert held["frame"] == 8 and held["pinned"]["id"] == "rgb1_to_mid1"
    # Streamlit first looks for its server below the address of the page.
    page_log.errors = [error for error in page_log.errors if "404 (Not Found)" not in error]


def test_the_threshold_of_an_address_is_restored(fresh, app_url, page_log):
    page = fresh(f"{app_url}/prune?checkpoint=small&threshold=0.5&frame=5")
    root = explorer(page)
    expect(page.get_by_role("slider", name="Remove connections weaker than")).to_have_value("0.5")
    assert root.evaluate(SHOWN)["frame"] == 4
    # Streamlit first looks for its server below the address of the page.
    page_log.errors = [error for error in page_log.errors if "404 (Not Found)" not in error]


def save(page: Page, name: str, path: Path) -> Path:
    """What a button of the export choices gives, once the page has come to rest."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_role("button", name="Save and export").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name=name).click()
    saved.value.save_as(path)
    return path


def upload(page: Page, path: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(path)


def test_a_session_saved_from_the_page_opens_again_as_it_was(fresh, app_url, tmp_path):
    page = fresh(f"{app_url}/?checkpoint=small")
    explorer(page)
    upload(page, write_video(tmp_path / "mine.mp4", moving_square(60)))
    expect(page.get_by_role("combobox", name="Clip")).to_have_value("mine.mp4")
    held = change(page)
    file = save(page, "Session", tmp_path / "mine.peerattn")
    assert Session.from_bytes(file.read_bytes()).view["frame"] == "9"

    again = fresh(f"{app_url}/?frame=3&fit=true&speed=2")
    explorer(again)
    upload(again, file)
    expect(again.get_by_role("combobox", name="Clip")).to_have_value("mine.mp4")
    expect(again.get_by_role("combobox", name="Checkpoint")).to_have_value("small")
    again.wait_for_url("**frame=9**")
    assert explorer(again).evaluate(SHOWN) == held
    expect(again.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()
    assert "fit=" not in urlsplit(again.url).query


def test_a_trace_goes_through_the_page_byte_for_byte(fresh, app_url, tmp_path):
    page = fresh(f"{app_url}/?checkpoint=small")
    explorer(page)
    first = save(page, "Whole trace", tmp_path / "first.json")
    again = fresh(app_url)
    explorer(again)
    upload(again, first)
    expect(again.get_by_text("numbers without frames")).to_be_visible()
    explorer(again)
    assert save(again, "Whole trace", tmp_path / "second.json").read_bytes() == first.read_bytes()
