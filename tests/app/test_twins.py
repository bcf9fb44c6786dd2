"""Accessibility: every graphic has a table of its numbers, and text at 200 % needs no sideways scrolling."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import KeptWindow
from tests.screens import AT_REST, choose, wait_for_panel, wait_until_drawn
from tests.small import write_small_checkpoints

pytestmark = pytest.mark.browser


def numbers_table(page: Page, name: str) -> None:
    """The table with this name exists below, is readable for a screen reader, and has a CSV."""
    page.get_by_role("radio", name=name, exact=True).click()
    page.get_by_role("button", name=f"{name} (CSV)").wait_for()
    # In its canvas, where screen readers find it.
    expect(page.get_by_test_id("stDataFrame").locator("[role=grid] [role=columnheader]")).not_to_have_count(0)


def test_every_graphic_of_explore_has_its_numbers_as_text(page: Page, app_url: str) -> None:
    page.goto(app_url)
    root = wait_until_drawn(page)
    wait_for_panel(page)
    graphics = {
        "frame": root.locator(".player .facts"),
        "level graph": root.get_by_label("table", exact=True),
        "timeline": root.locator(".reading .values b"),
        "windows": root.locator(".windows button"),
    }
    for name, twin in graphics.items():
        expect(twin.first, name).to_be_visible()
    graphics["level graph"].check()
    connections = root.evaluate("root => peerattnExplorer.of(root).recording.connections.length")
    expect(root.get_by_role("table").nth(1).get_by_role("row")).to_have_count(connections + 1)
    for name in ("Predictions", "Factors by frame", "Connections", "Blocks"):
        numbers_table(page, name)
    choose(root, "connection")
    details = page.locator(".details")
    details.get_by_role("tab", name="Channels × frames").wait_for()
    for name in details.get_by_role("tab").all_inner_texts():
        details.get_by_role("tab", name=name, exact=True).click()
        wait_for_panel(page)
        table = details.get_by_role("button", name="Table", exact=True)
        if name == "How a factor is computed":  # text already: every step with its numbers
            assert details.locator(".steps .row b").count() > 20
            continue
        table.click()
        expect(details.get_by_role("table"), name).to_be_visible()
        table.click()


def test_accuracy_along_the_thresholds_has_a_table(page: Page, app_url: str, app_checkpoints: Path) -> None:
    write_small_checkpoints(app_checkpoints)
    page.goto(f"{app_url}/prune?checkpoint=small")
    wait_until_drawn(page)
    page.get_by_role("button", name="Measure the accuracy at every threshold").click()
    title = "Accuracy at each pruning threshold"
    page.get_by_text("Accuracy after").wait_for()
    shown = page.get_by_role("group", name=title)
    shown.get_by_role("button", name="Table", exact=True).click()
    expect(shown.get_by_role("columnheader").first).to_have_text("Threshold")


def test_structures_drawing_and_bars_have_tables(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/structures")
    shown = page.get_by_role("group", name="Connection weights by source")
    shown.get_by_role("button", name="Table", exact=True).click()
    expect(shown.get_by_role("row")).to_have_count(45 + 1)
    shown.get_by_role("button", name="Table", exact=True).click()
    shown.locator("[data-drawn]").wait_for()
    starts = {"SVG": b"<svg", "PNG": b"\x89PNG", "CSV": b"modality,source,target,connection_weight,kept\n"}
    for name, start in starts.items():
        with page.expect_download() as saved:
            shown.get_by_role("button", name=name).click()
        assert saved.value.path().read_bytes().startswith(start)
    for name in ("Blocks", "Modalities", "Connections"):
        numbers_table(page, name)


def test_compare_has_its_numbers_as_tables(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/compare")
    root = wait_until_drawn(page)
    for name in ("Predictions", "Connections"):
        numbers_table(page, name)
    root.get_by_label("table", exact=True).check()
    expect(root.get_by_role("table").nth(1)).to_be_visible()


SIDEWAYS = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  const controls = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
    ...(element.matches("button, select, input, summary, a, [role=tab]") ? [element] : []),
    ...(element.shadowRoot ? controls(element.shadowRoot) : []),
  ]);
  const lost = controls(main).filter((control) => {
    const { left, right, width, height } = control.getBoundingClientRect();
    const shown = width > 1 && height > 1;
    const hides = getComputedStyle(control).overflowX !== "visible";
    const cut = hides && control.scrollWidth > control.clientWidth + 1;
    const names = control.matches(".windows button, .link, select, input"); // long names end in "…"
    return shown && (left < 0 || right > innerWidth || (cut && !names));
  });
  return { wider: main.scrollWidth - main.clientWidth, lost: lost.map((one) => one.outerHTML.slice(0, 160)) };
}"""
"""By how many px the page is too wide, and the controls that are outside it or cut off."""


@pytest.mark.parametrize("screen", ["Explore", "Tour", "Prune", "Compare"])
def test_text_at_twice_its_size_needs_no_sideways_scrolling(
    kept_page: Page, kept_window: KeptWindow, app_url: str, screen: str
) -> None:
    """A window of 1280 px at a zoom of 2 is one of 640 px."""
    page = kept_page
    if page.url == "about:blank":
        page.goto(f"{app_url}/prune?threshold=0.4")
        wait_until_drawn(page)
        kept_window.log.forget_search_for_server()
    page.get_by_role("link", name=screen, exact=True).click()
    page.evaluate(AT_REST)
    root = wait_until_drawn(page)
    page.set_viewport_size({"width": 640, "height": 900})
    choose(root, "connection")
    page.evaluate(AT_REST)
    assert page.evaluate(SIDEWAYS) == {"wider": 0, "lost": []}
