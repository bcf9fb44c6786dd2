"""The report: its contents, and its use in Chromium from a file, with every request refused."""

import base64
import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape as html_text
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from peerattn.errors import PeerattnError
from peerattn.figures import report_page
from peerattn.figures.packing import unpack
from peerattn.figures.pictures import decode_jpeg
from peerattn.figures.recording import pack_recording
from peerattn.figures.report import ReportHeading, report_html
from peerattn.figures.report_panels import ReportPanel, report_panels
from peerattn.tables.attention import connections_table, factors_table
from tests.traces import HOSTILE, images, object_ids, quarters_flow, shown_frame, trace

TRACE = trace(hostile=True)
ABOUT = ReportHeading(f"clip {HOSTILE}.mp4", HOSTILE, "2030-01-02", {"stretch": HOSTILE})
RECORDING = pack_recording(TRACE, images(), object_ids=object_ids(), object_names={2: HOSTILE})
OF = "root => peerattnExplorer.of(root)"


@pytest.fixture(scope="module")
def panels() -> list[ReportPanel]:
    return list(report_panels(TRACE))


@pytest.fixture(scope="module")
def html(panels) -> str:
    return report_html(TRACE, RECORDING, ABOUT, panels=panels)


def test_the_same_trace_gives_a_byte_identical_report(html):
    assert report_html(TRACE, RECORDING, ABOUT, panels=report_panels(TRACE)) == html


def test_the_report_contains_no_web_address_and_a_policy_that_forbids_requests(html):
    """The scripts' own addresses are XML namespaces and comments, and the content policy forbids requests."""
    own = re.sub(r'<script type="module">.*?</script>', "", html, flags=re.DOTALL)
    assert not re.search(r"https?://", own)
    assert "default-src 'none'" in own and "unsafe-eval" not in own
    assert re.findall(r"script-src [^;\"]*", own)[0].count("'sha256-") == html.count('<script type="module">')


def test_html_in_names_is_escaped(html):
    own = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert "<img" not in own and "<b>&amp;%" not in own
    assert set(re.findall(r"^<script type=\"([a-z/]+)\"", html, re.MULTILINE)) == {"text/plain", "module"}


def test_missing_connection_weights_are_shown_as_none_in_lower_case():
    weightless = tuple(replace(each, connection_weight=None) for each in TRACE.connections)
    own = re.sub(
        r"<script.*?</script>", "", report_html(replace(TRACE, connections=weightless), RECORDING, ABOUT)
    )
    assert ">None<" not in own
    assert own.count('data-value="">none<') >= len(weightless)


def libraries(html: str) -> int:
    return sum(map(len, re.findall(r'<script type="module">.*?</script>', html, re.DOTALL)))


def test_the_report_stays_within_its_size_budget_and_says_what_it_leaves_out(monkeypatch):
    long = trace(frames=64, window=16)
    packed = pack_recording(long, images(64))
    whole = report_html(long, packed, ABOUT)
    assert "Left out" not in whole and "made smaller" not in whole
    assert len(whole.encode()) - libraries(whole) < report_page.PAGE_BUDGET
    monkeypatch.setattr(report_page, "PAGE_BUDGET", 1_000_000)
    part = report_html(long, packed, ABOUT)
    assert len(part.encode()) - libraries(part) <= 1_000_000
    assert "Left out, to stay within 1 MB:</p><ul><li>" in part and "the table Factors by frame" in part


def test_frames_are_scaled_down_until_the_report_fits_its_budget():
    """JPEGs of noise are the largest: 256 frames alone exceed the budget of the whole page."""
    frames = 256
    long = trace(frames=frames, window=16)
    noise = np.random.default_rng(0).integers(0, 256, (frames, 120, 160, 3), np.uint8)
    flow = np.random.default_rng(1).normal(size=(2, frames, 64, 64)).astype(np.float32)
    whole = pack_recording(long, noise, object_ids=noise[..., 0] % 12, flow=flow)
    assert len(base64.b64encode(whole)) > report_page.PAGE_BUDGET
    html = report_html(long, whole, ABOUT, panels=islice(report_panels(long), 6))
    assert len(html.encode()) - libraries(html) <= report_page.PAGE_BUDGET
    [said] = re.findall(r"<p>Frames made smaller, to stay within 5 MB: at most (\d+) px, JPEG", html)
    assert int(said) < 160
    assert "<li>object maps over the frames</li>" in html


def recorded(html: str) -> tuple[dict[str, Any], bytes]:
    return unpack(base64.b64decode(re.findall(r'id="recording">([^<]*)<', html)[0]))


def test_scaling_down_frames_changes_no_number(monkeypatch):
    monkeypatch.setattr(report_page, "RECORDING_RESERVE", 50_000)
    monkeypatch.setattr(report_page, "PAGE_BUDGET", 260_000)
    noise = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), np.uint8)
    whole = pack_recording(TRACE, noise, object_ids=object_ids(), flow=quarters_flow(20))
    header, body = recorded(report_html(TRACE, whole, ABOUT))
    before, body_before = unpack(whole)
    changed = {name for name in before if header[name] != before[name]}
    assert {"frames"} <= changed <= {"frames", "flow", "overlays", "objects"}
    end = max(each["offset"] + 4 * np.prod(each["shape"]) for each in header["arrays"].values())
    assert body[:end] == body_before[:end]
    assert [decode_jpeg(body[start : start + length]).shape for start, length in header["frames"]]


def test_a_trace_whose_numbers_alone_exceed_the_budget_is_refused(monkeypatch):
    monkeypatch.setattr(report_page, "PAGE_BUDGET", 60_000)
    with pytest.raises(PeerattnError, match="choose a shorter stretch"):
        report_html(TRACE, RECORDING, ABOUT)


@pytest.fixture(scope="module")
def file(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Opened:
    """A page, the addresses that it requested, and its errors."""

    page: Page
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)


@pytest.fixture(scope="module")
def kept(chromium: Browser, file: Path) -> Iterator[Opened]:
    """The report, opened offline from its file, once for all tests."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    kept = Opened(context.new_page())
    kept.listen()
    kept.page.goto(file.as_uri())
    kept.page.locator("canvas.screen[data-drawn]").wait_for()
    yield kept
    context.close()


START_AGAIN = """() => {
    const [explorer, panels] = ["explorer", "panels"].map((id) => document.getElementById(id).shadowRoot);
    const root = explorer.querySelector(".explorer");
    explorer.activeElement?.blur();
    peerattnExplorer.remove(root);
    peerattnExplorer.show(root);
    peerattnPanels.remove(panels.querySelector(".details"));
    dispatchEvent(new Event("peerattn-pinned"));
    for (const each of document.querySelectorAll("details")) each.open = false;
}"""
"""JavaScript that creates the explorer and the panels anew, with nothing pinned."""


@pytest.fixture
def opened(kept: Opened, file: Path) -> Iterator[Page]:
    """The report as if just opened; fails on any request or error."""
    kept.page.emulate_media(color_scheme="light")
    kept.page.evaluate(START_AGAIN)
    kept.page.locator("canvas.screen[data-drawn]").wait_for()
    yield kept.page
    errors = kept.errors.copy()
    kept.errors.clear()  # the next test need not fail because of them
    assert errors == []
    assert [url for url in kept.asked if not url.startswith(("blob:", "data:"))] == [file.as_uri()]


@pytest.mark.browser
def test_in_the_report_the_explorer_works_and_shows_the_numbers_of_the_trace(opened):
    root = opened.locator(".explorer")
    connection = TRACE.connections[5]
    root.get_by_role("combobox", name="show a block or connection").select_option(
        f"connection {connection.key}"
    )
    assert root.evaluate(f"root => ({OF})(root).pinned") == {"kind": "connection", "id": connection.key}
    for frame in (0, 7, 19):
        root.get_by_role("slider", name="frame").fill(str(frame))
        expect(root.locator("canvas.screen")).to_have_attribute("data-frame", str(frame))
        pixel = root.locator("canvas.screen").evaluate(
            "canvas => canvas.getContext('2d').getImageData(50, 50, 1, 1).data[0]"
        )
        assert shown_frame(pixel) == frame
        shades = root.evaluate(
            f"""root => {{ const {{ recording, frame }} = ({OF})(root);
            return recording.connections.map((_, row) => recording.at("shade", row, frame)); }}"""
        )
        assert shades == [float(each.mean_factor[frame]) for each in TRACE.connections]


@pytest.mark.browser
def test_the_report_saves_the_trace_and_its_tables_as_files(opened):
    with opened.expect_download() as saved:
        opened.get_by_role("button", name="Save the trace").click()
    assert saved.value.path().read_text(encoding="utf-8") == TRACE.to_json()
    for title, make in (("Connections", connections_table), ("Factors by frame", factors_table)):
        opened.locator("summary").filter(has_text=title).click()
        with opened.expect_download() as saved:
            opened.locator("details").filter(has_text=title).get_by_role("button").click()
        found = list(csv.reader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))
        assert found == list(csv.reader(io.StringIO(make(TRACE).to_csv(index=False))))


def panels_by_selection(html: str) -> dict[str, list[str]]:
    """Selection → the ids of its panels in the report."""
    found: dict[str, list[str]] = {}
    for of, _, _, encoded in json.loads(re.findall(r'id="packed">([^<]*)<', html)[0]):
        panel = json.loads(gzip.decompress(base64.b64decode(encoded)))
        found.setdefault(of, []).append(panel["id"])
    return found


def test_every_connection_and_block_has_panels(html):
    names = {f"connection {each.key}" for each in TRACE.connections}
    assert panels_by_selection(html).keys() == {
        "clip",
        *names,
        *(f"block {block.id}" for block in TRACE.structure.blocks),
    }


def test_panels_of_the_weakest_connections_are_left_out_first_and_named(panels, monkeypatch):
    monkeypatch.setattr(report_page, "PAGE_BUDGET", 500_000)
    part = report_html(TRACE, RECORDING, ABOUT, panels=panels)
    names = {f"connection {each.key}": each.connection_weight for each in TRACE.connections}
    whole = [
        name for name, panels in panels_by_selection(part).items() if name in names and "channels" in panels
    ]
    left_out = sorted(set(names) - set(whole), key=names.get)
    assert 0 < len(left_out) < len(names)
    assert names[left_out[-1]] <= sorted(names[name] for name in whole)[1]  # a smaller one may still fit
    said = html_text(re.findall(r"<li>the panel Channels × frames of (.*?)</li>", part)[0])
    for name in left_out:
        connection = TRACE.connection(name.removeprefix("connection "))
        assert f"{connection.source} → {connection.target}" in said


@pytest.mark.browser
def test_the_panels_follow_the_selection(opened):
    root = opened.locator(".explorer")
    connection = TRACE.connections[5]
    chooser = root.get_by_role("combobox", name="show a block or connection")
    tabs = opened.locator(".details").get_by_role("tab")
    expect(tabs.first).to_have_text("Modality share")
    chooser.select_option(f"connection {connection.key}")
    expect(tabs.first).to_have_text("Channels × frames")
    opened.locator(".details").get_by_role("tab", name="Channels × frames").click()
    expect(opened.locator(".details .js-plotly-plot").first).to_be_visible()
    chooser.select_option("block top")
    expect(tabs.first).to_have_text("Incoming and outgoing connections")


BANDS = """root => {
    const { chart } = peerattnPanels.of(root);
    const { xaxis, _size: size } = chart.plot._fullLayout;
    const left = chart.plot.getBoundingClientRect().x;
    const boxes = chart.bands.map((band) => band.getBoundingClientRect());
    const drawn = boxes.map(({ x, width }) => [x, x + width]);
    const place = (time) => left + size.l + Math.min(Math.max(xaxis.d2p(time), 0), xaxis._length);
    const [first, last] = [1.5, 16.5].map((frame) => frame / 8);
    return [drawn, [[left + size.l, place(first)], [place(last), left + size.l + xaxis._length]]];
}"""
"""JavaScript for the hatched ranges of a chart and the expected ones: 2 frames at the start, 3 at the end."""


@pytest.mark.browser
@pytest.mark.parametrize("name", ["channels", "modality", "share"])
def test_charts_over_time_are_hatched_at_frames_that_depend_on_padding(opened, name):
    choose = opened.locator(".explorer").get_by_role("combobox", name="show a block or connection")
    choose.select_option(f"connection {TRACE.connections[5].key}")
    panels = opened.locator(".details")
    panels.locator(f"#tab-{name}").click()
    panels.locator(f"[data-drawn={name}]").wait_for()
    key = panels.locator(".ends-key")
    expect(key).to_contain_text("affected by padding beyond the clip's ends")
    assert key.get_attribute("title").startswith("The numbers of these frames also depend on the padding")
    drawn, expected = panels.evaluate(BANDS)
    assert np.abs(np.subtract(drawn, expected)).max() < 1
    panels.evaluate(
        "root => Plotly.relayout(peerattnPanels.of(root).chart.plot, { 'xaxis.range': [1, 2.2] })"
    )
    drawn, expected = panels.evaluate(BANDS)
    assert np.abs(np.subtract(drawn, expected)).max() < 1


@pytest.mark.browser
def test_scripts_in_names_do_not_run(opened):
    assert opened.evaluate("globalThis.hacked") is None
    assert opened.get_by_role("heading", level=1).inner_text() == ABOUT.clip


@pytest.mark.browser
def test_the_policy_blocks_requests_and_foreign_scripts(chromium, file):
    page = chromium.new_page()
    page.goto(file.as_uri())
    refused = page.evaluate(
        """async () => {
            const refused = [];
            const both = new Promise((done) => {
                document.addEventListener("securitypolicyviolation", (event) => {
                    if (refused.push(event.effectiveDirective) === 2) done();
                });
            });
            await fetch("https://example.org/").catch(() => {});
            const script = document.createElement("script");
            script.textContent = "globalThis.hacked = 1";
            document.body.append(script);
            await both;
            return refused;
        }"""
    )
    assert refused == ["connect-src", "script-src-elem"]
    assert page.evaluate("globalThis.hacked") is None
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_follows_the_colour_scheme_of_the_browser(opened, scheme):
    opened.emulate_media(color_scheme=scheme)
    dark = f"({OF})(document.querySelector('#explorer').shadowRoot.querySelector('.explorer')).theme.dark"
    opened.wait_for_function(f"() => {dark} === {str(scheme == 'dark').lower()}")


@pytest.mark.browser
def test_the_report_opens_with_the_given_frame_selection_speed_and_loop(chromium, tmp_path):
    key = TRACE.connections[9].key
    path = tmp_path / "start.html"
    start = {"frame": "12", "pin": f"connection {key}", "speed": "0.5", "loop": "3-9"}
    path.write_text(report_html(TRACE, RECORDING, ABOUT, start=start), encoding="utf-8")
    page = chromium.new_page()
    page.goto(path.as_uri())
    page.locator("canvas.screen[data-drawn]").wait_for()
    state = page.locator(".explorer").evaluate(
        f"root => {{ const {{ frame, pinned, settings }} = ({OF})(root);"
        " return [frame, pinned.id, settings.speed, settings.loop]; }"
    )
    assert state == [11, key, 0.5, "3-9"]
    page.close()
