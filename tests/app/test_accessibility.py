"""For everyone: axe-core finds nothing on any screen, in light and dark, but what is Streamlit's own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from peerattn.figures.recording import pack_recording
from peerattn.figures.report import ReportHeading, report_html
from peerattn.figures.report_panels import report_panels
from peerattn.traces.history import HISTORY_FILE, write_history
from tests import axe
from tests.app.screens.test_data import fill
from tests.conftest import CI
from tests.histories import history
from tests.screens import STILL, choose, look_at_rest, wait_for_panel, wait_until_drawn
from tests.small import small_structure, write_small_checkpoints
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
        (pytest.fail if CI else pytest.skip)(axe.INSTALL_HINT)


@pytest.fixture
def tall(page: Page) -> Page:
    """A window in which a whole screen is seen: axe passes over what is scrolled away."""
    page.set_viewport_size({"width": 1440, "height": 3000})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.add_init_script(STILL)
    return page


def audit(page: Page, state: str) -> None:
    """No finding in light and dark but Streamlit's own, and each of those wherever its element is."""
    own = {known.rule: known for known in STREAMLITS_OWN}
    light = look_at_rest(page, lambda: axe.findings(page))
    ours = [found for found in light if found.rule not in own or not is_element(page, found, own[found.rule])]
    assert ours == [], state
    for known in STREAMLITS_OWN:
        if page.locator(known.element).count():
            assert known.rule in {found.rule for found in light}, f"{state}: strike it off the list: {known}"
    dark(page, True)
    assert look_at_rest(page, lambda: axe.findings(page, rules=COLORS)) == [], f"{state}, dark"
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


def test_explore_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(app_url)
    root = wait_until_drawn(tall)
    wait_for_panel(tall)
    audit(tall, "nothing pinned")
    choose(root, "connection")
    expect(tall.get_by_role("heading", name="Connection ")).to_be_visible()
    tabs = tall.locator(".details").get_by_role("tab")
    for name in tabs.all_inner_texts():
        tall.locator(".details").get_by_role("tab", name=name, exact=True).click()
        wait_for_panel(tall)
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
    wait_until_drawn(tall)
    audit(tall, "presenter mode")


def test_prune_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/prune?threshold=0.4")
    wait_until_drawn(tall)
    tall.get_by_role("group", name="After: most probable classes").locator("[data-drawn]").wait_for()
    audit(tall, "pruned")
    for when in ("Before", "After"):
        shown = tall.get_by_role("group", name=f"{when}: most probable classes")
        shown.get_by_role("button", name="Table", exact=True).click()
        expect(shown.get_by_role("table")).to_be_visible()
    audit(tall, "pruned, with tables")


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
    root = wait_until_drawn(tall)
    tall.get_by_role("heading", name="Numbers").wait_for()
    choose(root, "connection")
    root.locator(".pair").first.wait_for()
    audit(tall, kind)


def test_the_card_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(app_url)
    wait_until_drawn(tall)
    tall.get_by_role("button", name="About this checkpoint").click()
    tall.get_by_text("How well it does").wait_for()
    audit(tall, "card")


def test_data_has_no_findings(tall: Page, app_url: str, tmp_path: Path) -> None:
    tall.goto(f"{app_url}/data?data={fill(tmp_path / 'clips')}")
    tall.get_by_role("button", name="Check every file").click()
    tall.get_by_text("Clips that can be read").wait_for()
    tall.get_by_role("button", name="Measure the accuracy").click()
    tall.get_by_role("button", name="Confusion matrix as SVG").wait_for()
    audit(tall, "measured")


def test_replay_has_no_findings(tall: Page, app_url: str, app_checkpoints: Path, tmp_path: Path) -> None:
    logged = shutil.copytree(write_small_checkpoints(tmp_path) / "small", app_checkpoints / "logged")
    write_history(logged / HISTORY_FILE, history(small_structure()))
    tall.goto(f"{app_url}/replay?checkpoint=logged")
    root = tall.locator(".explorer")
    root.locator(".moment").wait_for()
    audit(tall, "nothing pinned")
    choose(root, "connection")
    root.locator(".slider").press("End")
    root.get_by_label("table", exact=True).check()
    audit(tall, "a connection and the tables")


def test_structures_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/structures")
    tall.locator(".details .chart[data-drawn]").wait_for()
    tall.get_by_test_id("stSkeleton").first.wait_for(state="detached")
    audit(tall, "structures")


def test_tour_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/tour")
    wait_until_drawn(tall)
    audit(tall, "before an answer")
    for answer in (0, 3):  # wrong, then right
        tall.get_by_role("radio").nth(answer).check(force=True)
        tall.get_by_text("Not quite" if answer == 0 else "Yes.").wait_for()
        audit(tall, f"answer {answer}")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    shown = trace()
    about = ReportHeading("clip.mp4", "tiny", "2030-01-02", {"stretch": "whole"})
    text = report_html(shown, pack_recording(shown, images()), about, panels=report_panels(shown))
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
    root = wait_until_drawn(file)
    audit(file, "report")
    choose(root, "connection")
    for fold in file.locator("details > summary").all():
        fold.click()
    audit(file, "report, all open")
