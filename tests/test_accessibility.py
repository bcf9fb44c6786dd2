"""For everyone: an audit of every screen in light and dark, a table twin of every graphic, text at 200 %."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from peerattn.figures.recording import recording
from peerattn.figures.report import About, report_html
from peerattn.figures.report_panels import report_panels
from tests import axe
from tests.conftest import CI
from tests.traces import images, trace

pytestmark = pytest.mark.browser
COLORS = ("color-contrast", "link-in-text-block")
"""The rules that light and dark decide."""


@dataclass(frozen=True)
class Own:
    """A finding that is Streamlit's: its rule, the element, the version that showed it, and why it stays."""

    rule: str
    element: str
    version: str
    why: str


STREAMLITS_OWN = (
    Own(
        "presentation-role-conflict",
        '[data-testid="stFileUploaderDropzone"]',
        "1.67.0",
        "minor: the area to drop files on has a role of none and yet a name; the button in it is sound",
    ),
)


@pytest.fixture(scope="module", autouse=True)
def _axe() -> None:
    """Without axe-core this is visibly skipped; in continuous integration it fails."""
    if not axe.SCRIPT.exists():
        (pytest.fail if CI else pytest.skip)(axe.HOW)


@pytest.fixture
def tall(page: Page) -> Page:
    """A window in which a whole screen is seen: axe passes over what is scrolled away."""
    page.set_viewport_size({"width": 1440, "height": 3000})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return page


def audit(page: Page, state: str) -> None:
    """No finding in light and dark but Streamlit's own, and each of those wherever its element is."""
    expect(page.locator(".details.waiting")).to_have_count(0)
    own = {known.rule: known for known in STREAMLITS_OWN}
    light = axe.findings(page)
    ours = [found for found in light if found.rule not in own or not is_element(page, found, own[found.rule])]
    assert ours == [], state
    for known in STREAMLITS_OWN:
        if page.locator(known.element).count():
            assert known.rule in {found.rule for found in light}, f"{state}: strike it off the list: {known}"
    dark(page, True)
    assert axe.findings(page, rules=COLORS) == [], f"{state}, dark"
    dark(page, False)


def is_element(page: Page, found: axe.Finding, known: Own) -> bool:
    """Whether the finding names the element: by the start of its HTML, which axe quotes."""
    return known.element.strip("[]") in found.html


def dark(page: Page, on: bool) -> None:
    """The other theme, as the system says it; the page follows at once."""
    page.emulate_media(color_scheme="dark" if on else "light")
    page.wait_for_function(
        "on => (getComputedStyle(document.querySelector('.stApp') ?? document.body).backgroundColor"
        " !== 'rgb(255, 255, 255)') === on",
        arg=on,
    )
    page.wait_for_timeout(250)  # Streamlit's buttons change colour over 200 ms


def drawn(page: Page) -> Locator:
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    return page.locator(".explorer")


def choose(root: Locator, kind: str) -> None:
    """Pin the first connection or block of the list."""
    chooser = root.get_by_role("combobox", name="show a block or connection")
    values = chooser.locator("option").evaluate_all("all => all.map(option => option.value)")
    chooser.select_option(next(value for value in values if value.startswith(kind)))


def panel_drawn(page: Page) -> None:
    """Others that were open before may be kept out of sight."""
    shown = page.locator(".details:not(.waiting) :is(.chart[data-drawn], .steps)")
    shown.filter(visible=True).first.wait_for()


def test_explore_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(app_url)
    root = drawn(tall)
    panel_drawn(tall)
    audit(tall, "nothing pinned")
    choose(root, "connection")
    expect(tall.get_by_role("heading", name="Connection ")).to_be_visible()
    tabs = tall.locator(".details").get_by_role("tab")
    for name in tabs.all_inner_texts():
        tabs.filter(has_text=name).click()
        panel_drawn(tall)
        audit(tall, name)
    tall.locator(".details").get_by_role("button", name="Table", exact=True).click()
    root.get_by_label("attention arcs").check()
    audit(tall, "a panel's table and attention arcs")
    root.get_by_label("table", exact=True).check()
    audit(tall, "the graph's tables")
    root.get_by_label("table", exact=True).uncheck()
    choose(root, "block")
    expect(tall.get_by_role("heading", name="Block ")).to_be_visible()
    audit(tall, "a block")
    root.get_by_role("radio", name="heat map").check()
    root.get_by_role("button", name="keys").click()
    audit(tall, "heat map and keys")
    tall.keyboard.press("Escape")
    root.get_by_role("combobox", name="find a block or connection").fill("a")
    audit(tall, "search")
    tall.get_by_role("button", name="Save and export").click()
    tall.get_by_role("button", name="Whole trace (JSON)").first.wait_for()
    audit(tall, "export")


def test_presenter_mode_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/?present=true")
    drawn(tall)
    audit(tall, "presenter mode")


def test_prune_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/prune?threshold=0.4")
    drawn(tall)
    tall.get_by_label("After: most probable classes of the clip").wait_for()
    audit(tall, "pruned")


@pytest.mark.parametrize(
    "kind",
    [
        "Two+clips",
        "Two+checkpoints&second-checkpoint=actionworld-self",
        "Before+and+after+pruning&compare-threshold=0.4",
    ],
)
def test_compare_has_no_findings(tall: Page, app_url: str, kind: str) -> None:
    tall.goto(f"{app_url}/compare?compare={kind}")
    root = drawn(tall)
    tall.get_by_role("heading", name="Numbers").wait_for()
    choose(root, "connection")
    root.locator(".pair").first.wait_for()
    audit(tall, kind)


def test_structures_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/structures")
    tall.get_by_test_id("stPlotlyChart").first.wait_for()
    tall.get_by_test_id("stSkeleton").first.wait_for(state="detached")
    audit(tall, "structures")


def test_tour_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/tour")
    drawn(tall)
    audit(tall, "before an answer")
    for answer in (0, 3):  # wrong, then right
        tall.get_by_role("radio").nth(answer).check(force=True)
        tall.get_by_text("Not quite" if answer == 0 else "Yes.").wait_for()
        audit(tall, f"answer {answer}")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    shown = trace()
    about = About("clip.mp4", "tiny", "2030-01-02", {"stretch": "whole"})
    text = report_html(shown, recording(shown, images()), about, panels=report_panels(shown))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def file(chromium: Browser, report: Path) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 1440, "height": 3000}, bypass_csp=True, offline=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(report.as_uri())
    yield page
    context.close()


def test_report_has_no_findings(file: Page) -> None:
    root = drawn(file)
    audit(file, "report")
    choose(root, "connection")
    for fold in file.locator("details > summary").all():
        fold.click()
    audit(file, "report, all open")


def numbers_table(page: Page, name: str) -> None:
    """The table of this name below is there, its rows for a screen reader too, and its CSV."""
    page.get_by_role("radio", name=name, exact=True).click()
    page.get_by_role("button", name=f"{name} (CSV)").wait_for()
    # In its canvas, where screen readers find it.
    expect(page.get_by_test_id("stDataFrame").locator("[role=grid] [role=columnheader]")).not_to_have_count(0)


def test_every_graphic_of_explore_has_its_numbers_as_text(tall: Page, app_url: str) -> None:
    tall.goto(app_url)
    root = drawn(tall)
    panel_drawn(tall)
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
        numbers_table(tall, name)
    choose(root, "connection")
    details = tall.locator(".details")
    details.get_by_role("tab", name="Channels × frames").wait_for()
    for name in details.get_by_role("tab").all_inner_texts():
        details.get_by_role("tab", name=name, exact=True).click()
        panel_drawn(tall)
        table = details.get_by_role("button", name="Table", exact=True)
        if name == "Inside one factor":  # text already: every step with its numbers
            assert details.locator(".steps .row b").count() > 20
            continue
        table.click()
        expect(details.get_by_role("table"), name).to_be_visible()
        table.click()


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
"""By how much the page is wider than its place, and the controls that are outside it or cut off."""


@pytest.mark.parametrize("screen", ["", "tour", "prune?threshold=0.4", "compare"])
def test_text_at_twice_its_size_needs_no_sideways_scrolling(page: Page, app_url: str, screen: str) -> None:
    """A window of 1280 px at a zoom of 2 is one of 640 px."""
    page.set_viewport_size({"width": 640, "height": 900})
    page.goto(f"{app_url}/{screen}")
    root = drawn(page)
    choose(root, "connection")
    page.wait_for_timeout(1000)
    assert page.evaluate(SIDEWAYS) == {"wider": 0, "lost": []}
