"""The app in a real Chromium, used as a user would; a request to another machine fails the test."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.opening.files import samples
from peerattn.traces.trace import Trace
from tests.conftest import VIEWPORT
from tests.media import moving_square, write_video
from tests.peerattn.figures.test_explorer import point_on_edge
from tests.screens import AT_REST, choose_option
from tests.small import CLASS_NAMES, write_small_checkpoints

pytestmark = pytest.mark.browser
NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="module", autouse=True)
def small(app_checkpoints: Path) -> None:
    write_small_checkpoints(app_checkpoints)


@pytest.fixture
def opened(kept_page: Page, app_url: str) -> Page:
    """Explore on a small network and any clip, once it shows a frame; the tests share the window."""
    if kept_page.url == "about:blank":
        kept_page.goto(f"{app_url}/?checkpoint=small")
    else:
        kept_page.get_by_role("link", name="Explore").click()
    drawn(kept_page)
    kept_page.evaluate(AT_REST)
    return kept_page


def drawn(page: Page) -> Locator:
    page.locator("canvas.screen[data-drawn]").wait_for()
    return page.locator(".explorer")


def upload(page: Page, *paths: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(paths)


def metric(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def clip(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Clip")


def move_threshold(page: Page, threshold: float) -> None:
    """By keyboard, because dragging the thumb has an effect only on release."""
    slider = page.get_by_role("slider", name="Remove connections weaker than")
    slider.fill(f"{threshold - 0.001:.3f}")
    slider.press("ArrowRight")


def test_upload_prediction_click_on_a_connection_prune(page, page_log, app_url, tmp_path):
    page.goto(f"{app_url}/?checkpoint=small")
    drawn(page)
    expect(page.get_by_text("True label")).to_be_visible()
    upload(page, write_video(tmp_path / "mine.mp4", moving_square(40)))
    expect(clip(page)).to_have_value("mine.mp4")
    expect(page.get_by_text("estimated by the segmentation network")).to_be_visible()
    expect(page.get_by_text("True label")).to_be_hidden()
    expect(metric(page, "Clip prediction")).to_have_text(re.compile(f"^({'|'.join(CLASS_NAMES)})$"))

    place = point_on_edge(drawn(page), "rgb1_to_mid1")
    page.locator(".explorer .stage").click(position=place)
    expect(page.get_by_role("heading", name="Connection rgb1 → mid1")).to_be_visible()
    expect(page.get_by_text("peer attention · mean attention factor over all frames")).to_be_visible()
    expect(page.get_by_role("tab", name="Channels × frames")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Attention weights").click()
    expect(page.get_by_role("tabpanel").locator(".js-plotly-plot")).to_be_visible()

    page.get_by_role("link", name="Prune").click()
    expect(metric(page, "Connections kept")).to_have_text("11 of 11")
    move_threshold(page, 0.5)
    expect(metric(page, "Connections kept")).to_have_text("6 of 11")
    expect(page.get_by_text("After: ").first).to_be_visible()
    expect(clip(page)).to_have_value("mine.mp4")
    assert page_log.errors == []


def test_an_invalid_file_gives_a_one_line_error_and_changes_nothing_else(opened, tmp_path):
    chosen, prediction = clip(opened).input_value(), metric(opened, "Clip prediction").inner_text()
    wrong = tmp_path / "<b>wrong<i>.mp4"
    wrong.write_text("no video")
    upload(opened, wrong)
    expect(opened.get_by_role("alert")).to_have_count(1)
    expect(opened.get_by_role("alert")).to_contain_text("<b>wrong<i>.mp4: this is not a video file")
    expect(metric(opened, "Clip prediction")).to_have_text(prediction)
    expect(clip(opened)).to_have_value(chosen)
    upload(opened, write_video(tmp_path / "right.mp4", moving_square(16)))
    expect(clip(opened)).to_have_value("right.mp4")


def test_whole_trace_is_downloaded(opened):
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Whole trace (JSON)").click()
    trace = Trace.load(download.value.path())
    best = trace.class_names[trace.probabilities.argmax()]
    expect(metric(opened, "Clip prediction")).to_have_text(best)
    assert download.value.suggested_filename == f"{Path(clip(opened).input_value()).stem}-trace.json"


def test_reload_keeps_checkpoint_clip_and_threshold(page, app_url):
    chosen = samples()[1]
    page.goto(f"{app_url}/prune?checkpoint=small&clip={chosen.name}&threshold=0.5")
    expect(metric(page, "Connections kept")).to_have_text("6 of 11")
    expect(clip(page)).to_have_value(chosen.name)
    move_threshold(page, 0.3)
    expect(metric(page, "Connections kept")).to_have_text("8 of 11")
    page.reload()
    expect(metric(page, "Connections kept")).to_have_text("8 of 11")
    expect(clip(page)).to_have_value(chosen.name)


PLACES = """() => {
    globalThis.places = new Set();
    const look = () => {
        const shown = document.querySelector("[data-testid=stMetric]");
        if (shown) places.add(Math.round(shown.getBoundingClientRect().top));
        requestAnimationFrame(look);
    };
    look();
}"""
"""JavaScript that notes in every frame how far down the prediction stands."""


def test_the_page_stays_where_it_is_while_a_network_runs(page, app_url):
    page.goto(app_url)
    drawn(page)
    page.evaluate(AT_REST)
    page.evaluate(PLACES)
    choose_option(page, "Clip", "lift-box-by-lamplight-4s.mp4")
    expect(page.get_by_text("True label")).to_contain_text("lift box by lamplight")
    assert len(page.evaluate("[...places]")) == 1


def test_narrow_page_does_not_scroll_sideways(opened):
    for screen in ("Explore", "Prune"):
        opened.set_viewport_size(VIEWPORT)  # where the links to the screens are in sight
        opened.get_by_role("link", name=screen).click()
        drawn(opened)
        opened.set_viewport_size(NARROW)
        opened.evaluate(AT_REST)
        width = opened.get_by_test_id("stMain").evaluate("main => [main.scrollWidth, main.clientWidth]")
        assert width[0] <= width[1] == 390, screen


def test_text_in_charts_has_the_text_colour_of_the_page_in_both_themes(opened):
    for scheme in ("dark", "light"):
        opened.emulate_media(color_scheme=scheme)
        opened.evaluate(AT_REST)
        ink = opened.locator(".stApp").evaluate("app => getComputedStyle(app).color")
        for name in ("Most probable classes of the clip", "Probabilities of each window"):
            words = opened.get_by_role("img", name=name).locator(".cartesianlayer text")
            expect(words).not_to_have_count(0)
            inks = words.evaluate_all(
                "words => [...new Set(words.map((word) => getComputedStyle(word).fill))]"
            )
            assert inks == [ink], (scheme, name)


def test_the_help_of_a_panel_fits_a_narrow_page(opened):
    opened.set_viewport_size(NARROW)
    opened.evaluate(AT_REST)
    opened.locator(".ask").focus()
    box = opened.get_by_role("tooltip").bounding_box()
    assert 0 <= box["x"] and box["x"] + box["width"] <= 390


def test_each_screen_has_its_own_title_and_the_tour_comes_second(page, app_url):
    page.goto(app_url)
    expect(page).to_have_title("Explore · peerattn")
    links = page.get_by_role("navigation", name="App pages").get_by_role("link").all_inner_texts()
    assert links[:2] == ["Explore", "Tour"]
    for name in links[1:]:
        page.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_title(f"{name} · peerattn")
