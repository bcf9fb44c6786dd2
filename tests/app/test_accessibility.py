"""Accessibility: axe-core finds no faults on any screen in light and dark, except Streamlit's own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from peerattn.figures.recording import pack_recording
from peerattn.figures.report import ReportHeading, report_html
from peerattn.figures.report_panels import report_panels
from peerattn.traces.history import HISTORY_FILE, write_history
from tests import axe
from tests.app.screens.test_data import fill
from tests.conftest import CI
from tests.histories import history
from tests.screens import AT_REST, STILL, choose, look_at_rest, wait_for_panel, wait_until_drawn
from tests.small import small_structure, write_small_checkpoints
from tests.traces import images, trace_of

pytestmark = pytest.mark.browser
COLORS = ("color-contrast", "link-in-text-block")
"""The rules whose result depends on the theme."""


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
    """A window that shows a whole screen, because axe ignores what is scrolled out of view."""
    page.set_viewport_size({"width": 1440, "height": 3000})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.add_init_script(STILL)
    return page


def audit(page: Page, state: str, parts: Locator | None = None) -> None:
    """No finding in light and dark but Streamlit's own, and each of those wherever its element is.

    If only parts of the page have changed since its last audit, only those are audited. All rules are
    checked in the theme in which the page stands, and those that the theme decides also in the other.
    """
    own = {known.rule: known for known in STREAMLITS_OWN}
    found = look_at_rest(page, lambda: axe.findings(page, within=parts))
    ours = [each for each in found if each.rule not in own or not is_element(each, own[each.rule])]
    assert ours == [], state
    for known in STREAMLITS_OWN:
        if (parts or page).locator(known.element).count():
            assert known.rule in {each.rule for each in found}, f"{state}: strike it off the list: {known}"
    theme = switch_theme(page)
    assert look_at_rest(page, lambda: axe.findings(page, within=parts, rules=COLORS)) == [], (
        f"{state}, {theme}"
    )


def is_element(found: axe.Finding, known: Own) -> bool:
    """Whether the finding names the element: by the start of its HTML, which axe quotes."""
    return known.element.strip("[]") in found.html


def switch_theme(page: Page) -> str:
    """Switch to the other theme, which the page follows at once, and return its name."""
    was_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light" if was_dark else "dark")
    page.wait_for_function(
        "dark => (getComputedStyle(document.querySelector('.stApp') ?? document.body).backgroundColor"
        " !== 'rgb(255, 255, 255)') === dark",
        arg=not was_dark,
    )
    return "light" if was_dark else "dark"


def test_explore_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(app_url)
    root = wait_until_drawn(tall)
    wait_for_panel(tall)
    audit(tall, "nothing pinned")
    present(root, True)
    audit(tall, "presenter mode", root)
    present(root, False)
    audit_panels(tall, root)
    audit_graph(tall, root)
    tall.get_by_role("button", name="Save and export").click()
    opened = tall.get_by_test_id("stPopoverBody")
    opened.get_by_role("button", name="Whole trace (JSON)").wait_for()
    audit(tall, "export", opened)
    tall.keyboard.press("Escape")
    tall.get_by_role("button", name="About this checkpoint").click()
    opened.get_by_text("How well it does").wait_for()
    audit(tall, "card", opened)


def present(root: Locator, on: bool) -> None:
    """Presenter mode as an address opens it: it fills the window, which its button would make full screen."""
    root.evaluate("(root, on) => peerattnExplorer.of(root).changeSetting('present', on)", on)
    root.locator("xpath=self::*[contains(@class, 'presenting')]").wait_for(
        state="visible" if on else "hidden"
    )


def audit_panels(page: Page, root: Locator) -> None:
    """Every panel of a connection, and one as a table."""
    details = page.locator(".details")
    choose(root, "connection")
    heading = page.get_by_role("heading", name="Connection ")
    expect(heading).to_be_visible()
    wait_for_panel(page)
    audit(page, "a connection", root.or_(heading).or_(details))
    for name in details.get_by_role("tab").all_inner_texts()[1:]:
        details.get_by_role("tab", name=name, exact=True).click()
        wait_for_panel(page)
        audit(page, name, details)
    details.get_by_role("button", name="Table", exact=True).click()
    audit(page, "a panel's table", details)


def audit_graph(page: Page, root: Locator) -> None:
    """What can be chosen above and below the graph."""
    root.get_by_label("attention arcs").check()
    root.get_by_label("table", exact=True).check()
    audit(page, "attention arcs and the graph's tables", root)
    root.get_by_label("table", exact=True).uncheck()
    choose(root, "block")
    heading = page.get_by_role("heading", name="Block ")
    expect(heading).to_be_visible()
    audit(page, "a block", root.or_(heading).or_(page.locator(".details")))
    root.get_by_role("radio", name="heat map").check()
    root.get_by_role("button", name="keys").click()
    audit(page, "heat map and keys", root)
    page.keyboard.press("Escape")
    root.get_by_role("combobox", name="find a block or connection").fill("a")
    audit(page, "search", root)
    page.keyboard.press("Escape")


def test_prune_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/prune?threshold=0.4")
    wait_until_drawn(tall)
    tall.get_by_role("group", name="After: most probable classes").locator("[data-drawn]").wait_for()
    audit(tall, "pruned")
    charts = tall.get_by_role("group", name=": most probable classes")
    expect(charts).to_have_count(2)  # before and after
    for shown in charts.all():
        shown.get_by_role("button", name="Table", exact=True).click()
        expect(shown.get_by_role("table")).to_be_visible()
    audit(tall, "pruned, with tables", charts)


def test_effect_has_no_findings(tall: Page, app_url: str) -> None:
    """The results that ship with the app, and their figure as a table."""
    tall.goto(f"{app_url}/effect?checkpoint=actionworld")
    chart = tall.get_by_role("group", name="Effect of modalities")
    chart.locator("[data-drawn]").wait_for()
    tall.get_by_text("clips whose most probable answer changed").wait_for()
    chart.get_by_role("button", name="Table", exact=True).click()
    expect(chart.get_by_role("table")).to_be_visible()
    audit(tall, "effects")


def test_compare_has_no_findings(tall: Page, app_url: str) -> None:
    tall.goto(f"{app_url}/compare?second-checkpoint=actionworld-self&compare-threshold=0.4")
    root = wait_until_drawn(tall)
    tall.get_by_role("heading", name="Numbers").wait_for()
    choose(root, "connection")
    for kind, choice in {
        "Two clips": tall.get_by_role("combobox", name="Second clip"),
        "Two checkpoints": tall.get_by_role("combobox", name="Second checkpoint"),
        "Before and after pruning": tall.get_by_role("slider", name="Remove connections weaker than"),
    }.items():
        tall.get_by_role("radio", name=kind).click()
        choice.wait_for()
        tall.evaluate(AT_REST)
        root.locator(".pair").first.wait_for()
        audit(tall, kind)


def test_data_has_no_findings(tall: Page, app_url: str, app_checkpoints: Path, tmp_path: Path) -> None:
    write_small_checkpoints(app_checkpoints)  # the bundled networks know other classes than these clips have
    tall.goto(f"{app_url}/data?checkpoint=small&data={fill(tmp_path / 'clips')}")
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
    audit(tall, "a connection and the tables", root)


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
        audit(tall, f"answer {answer}", tall.get_by_test_id("stRadio").or_(tall.get_by_test_id("stAlert")))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    shown = trace_of(
        small_structure(), frames=8, window=4
    )  # as many panels as any other, with shorter tables
    about = ReportHeading("clip.mp4", "tiny", "2030-01-02", {"stretch": "whole"})
    text = report_html(shown, pack_recording(shown, images(8)), about, panels=report_panels(shown))
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
