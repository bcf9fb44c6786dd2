"""Frames that depend on padding are hatched in player, graph and timeline, in a real Chromium."""

import dataclasses
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.figures.packing import Body, pack, unpack
from peerattn.figures.recording import pack_recording
from peerattn.figures.scripts import read_part
from peerattn.traces.trace import Trace
from tests.peerattn.figures.test_level_graph import SVG, ask, cells, pin, saved, toggle
from tests.shades import HAIRLINE
from tests.standalone_explorer import open_explorer
from tests.traces import images, older, trace

pytestmark = pytest.mark.browser
SENTENCE = "The numbers of these frames also depend on the padding beyond the clip's ends."
PADDED = "affected by padding beyond the clip's ends"
WHOLLY = "Every frame of this clip is affected by padding beyond the clip's ends."
TICKS = [1, 26]
NEAR, FAR = "rgb1_to_inner1", "inner1_to_top"


def reaching(shown: Trace, **reaches: tuple[int, int] | None) -> Trace:
    """The trace with these reaches (by key) for some connections."""
    changed = (
        dataclasses.replace(each, reached=reaches.get(each.key, each.reached)) for each in shown.connections
    )
    return dataclasses.replace(shown, connections=tuple(changed))


TRACE = reaching(trace(), **{NEAR: (1, 0), FAR: (5, 6)})
"""20 frames; padding affects 2 at the start and 3 at the end, except for two connections."""


@pytest.fixture
def page(kept_page: Page) -> Page:
    """One window for all tests of this file."""
    return kept_page


@pytest.fixture
def root(page: Page) -> Locator:
    return open_explorer(page, TRACE)


def ends(root: Locator) -> list[list[int]]:
    """The runs of frames that the timeline hatches."""
    return ask(root, "explorer.timeline.chart.reachedRanges")


def ticked(root: Locator) -> set[str]:
    """Connections drawn as within reach: each is followed by its ticks."""
    lines = ask(
        root,
        "explorer.graph.piecesUnderBlocks().filter(({ path }) => path)"
        ".map(({ id, dashes }) => [id ?? null, dashes])",
    )
    return {name for (name, _), (other, dashes) in pairwise(lines) if name and not other and dashes == TICKS}


def test_the_timeline_hatches_frames_of_the_selected_connection_or_else_of_any(root):
    root.get_by_role("combobox", name="lines").select_option("modality")
    assert ends(root) == [[0, 5], [14, 20]]
    pin(root, "connection", NEAR)
    assert ends(root) == [[0, 1]]
    ask(root, "explorer.hover({ kind: 'connection', id: given })", "rgb2_to_inner1")
    assert ends(root) == [[0, 2], [17, 20]]
    ask(root, "explorer.hover(null)")
    pin(root, "block", "top")
    assert ends(root) == [[0, 5], [14, 20]]
    expect(root.locator(".ends-key")).to_contain_text("affected by padding beyond the clip's ends")
    pin(root, "connection", NEAR)
    for of_all in ("share", "strength"):
        root.get_by_role("combobox", name="lines").select_option(of_all)
        assert ends(root) == [[0, 5], [14, 20]]


def test_the_hatching_covers_exactly_the_affected_frames(page, root):
    root.get_by_role("combobox", name="lines").select_option("modality")
    pin(root, "connection", NEAR)
    bands = root.locator(".ends .hatched").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect()).map(({ x, width }) => [x, x + width])"
    )
    left = root.locator("canvas.lines").bounding_box()["x"]
    edge = [left + ask(root, "explorer.timeline.chart.frameStart(given)", frame) for frame in (0, 5, 14, 20)]
    assert np.ravel(bands) == pytest.approx(edge, abs=1)  # the scrubber's: whatever is pinned
    drawn = ask(
        root,
        """(() => {
            const { chart } = explorer.timeline;
            const pen = chart.background.getContext("2d");
            const pixels = (from, to) => {
                const [start, stop] = [from, to].map((frame) => Math.round(chart.frameStart(frame)));
                const { data } = pen.getImageData(start + 2, 12, stop - start - 4, 30);
                return data.filter((value, index) => index % 4 === 3 && value).length;
            };
            return [pixels(0, 1), pixels(1, 3)];
        })()""",
    )
    assert drawn[0] > 4 * (drawn[1] + 1)


def test_pointing_at_an_affected_frame_shows_one_explanation(page, root):
    slider, lines = root.get_by_role("slider", name="frame"), root.locator("canvas.lines")
    offset = lines.bounding_box()["x"] - slider.bounding_box()["x"]
    for frame, said in ((1, SENTENCE), (9, ""), (19, SENTENCE)):
        x = ask(root, "explorer.timeline.chart.x(given)", frame)
        lines.hover(position={"x": x, "y": 40})
        expect(lines).to_have_attribute("title", said)
        slider.hover(position={"x": x + offset, "y": 12})
        expect(slider).to_have_attribute("title", said)
    for name in (".ends-key", ".meanings .key:has-text('ticks')", ".facts [title]"):
        assert root.locator(name).first.get_attribute("title") == SENTENCE


def test_a_connection_has_ticks_in_its_affected_frames(root):
    keys = {each.key for each in TRACE.connections if each.connection_weight >= HAIRLINE}
    assert {NEAR, FAR} < keys
    for frame, expected in (
        (0, keys),
        (1, keys - {NEAR}),
        (3, {FAR}),
        (9, set()),
        (15, {FAR}),
        (19, keys - {NEAR}),
    ):
        ask(root, "explorer.seek(given)", frame)
        assert ticked(root) == expected, frame
    expect(root.locator(".meanings")).to_contain_text(
        "ticks: affected by padding beyond the clip's ends, at this frame"
    )


def test_ticks_differ_from_modality_dashes_and_are_not_drawn_on_removed_connections(page):
    root = open_explorer(page, TRACE, threshold=0.5)
    removed = {each.key for each in TRACE.connections if each.connection_weight < 0.5}
    assert ticked(root) == {each.key for each in TRACE.connections} - removed
    patterns = ask(root, "Object.values(explorer.recording.looks).map(({ pattern }) => pattern)")
    assert TICKS not in patterns


def test_the_tip_of_an_affected_connection_explains_its_ticks(root):
    stage = root.locator(".stage")
    found = ask(
        root,
        """(() => {
            const { network, strokes } = explorer.graph;
            const places = [...strokes.samples.values()].flatMap((points) => points.slice(3, 10));
            const seen = places.map((point) => network.canvasToDOM(point));
            return seen.find((place) => explorer.graph.itemAt(place)?.kind === "connection");
        })()""",
    )
    stage.hover(position=found)
    expect(root.locator(".tip")).to_contain_text(SENTENCE)
    ask(root, "explorer.hover(null)")
    ask(root, "explorer.seek(9)")
    stage.hover(position={"x": 3, "y": 3})
    stage.hover(position=found)
    expect(root.locator(".tip")).to_contain_text("factor")
    expect(root.locator(".tip")).not_to_contain_text("padding")


def test_the_legend_explains_the_hatching(root):
    screen = root.locator("canvas.screen")
    expect(screen).to_have_attribute("aria-label", re.compile("affected by padding beyond the clip's ends$"))
    expect(root.get_by_role("slider", name="frame")).to_have_attribute(
        "aria-valuetext", re.compile("affected by padding beyond the clip's ends$")
    )
    expect(root.locator(".facts")).to_contain_text("affected by padding beyond the clip's ends")
    toggle(root, "table")
    said = {row[0]: row[5] for row in cells(root, 1)}
    assert set(said.values()) == {"yes"}
    pin(root, "connection", FAR)
    for frame, near, far in ((4, "no", "yes"), (9, "no", "no")):
        ask(root, "explorer.seek(given)", frame)
        said = {row[0]: row[5] for row in cells(root, 1)}
        assert (said["rgb1 → inner1"], said["inner1 → top"]) == (near, far)
        expect(root.locator("section.numbers dd").last).to_have_text(far)
    expect(root.locator(".facts")).not_to_contain_text("padding")
    ask(root, "explorer.seek(4)")
    expect(root.locator("[aria-live=polite]")).to_have_text(
        re.compile("window 1, affected by padding beyond the clip's ends: inner1 → top")
    )


@pytest.mark.parametrize("reached", [(20, 0), (9, 11), (20, 20)])
@pytest.mark.parametrize("width", [390, 1400])
def test_a_line_says_so_if_every_frame_is_affected(page, reached, width):
    page.set_viewport_size({"width": width, "height": 900})
    root = open_explorer(page, reaching(TRACE, **{FAR: reached}))
    expect(root.get_by_text(WHOLLY)).to_be_visible()
    assert ends(root) == [[0, 20]]
    ask(root, "explorer.seek(10)")
    assert FAR in ticked(root)


def test_a_clip_of_one_frame_is_completely_hatched(page):
    root = open_explorer(page, trace(frames=1))
    expect(root.get_by_text(WHOLLY)).to_be_visible()
    box = ask(root, "explorer.timeline.chart.rangeBox([0, 1])")
    assert box["right"] - box["left"] > 300


def test_no_line_says_so_if_some_frames_are_not_affected(root):
    expect(root.get_by_text(WHOLLY)).to_be_hidden()


def without_reaches(payload: bytes) -> bytes:
    """The recording as an older version packed it."""
    header, body = unpack(payload)
    for connection in header["connections"]:
        del connection["reached"]
    for chart in header["charts"].values():
        del chart["remark"]
    return pack(header, Body(body))


@pytest.mark.parametrize("payload", ["an old trace", "an old payload"])
def test_an_older_trace_without_reach_works_without_hatching(page, payload):
    shown = older(TRACE)
    body = (
        pack_recording(shown, images())
        if payload == "an old trace"
        else without_reaches(pack_recording(TRACE, images()))
    )
    root = open_explorer(page, shown, packed=body)
    assert ends(root) == [] and ticked(root) == set()
    expect(root.locator(".hatched:visible")).to_have_count(0)
    expect(root.locator(".meanings")).not_to_contain_text("padding")
    pin(root, "connection", FAR)
    toggle(root, "table")
    assert {row[5] for row in cells(root, 1)} == {"not recorded"}


def test_a_remark_under_the_timeline_says_what_shares_are_shares_of(page):
    for shown, said in (
        (TRACE, "not which inputs it needs"),
        (older(TRACE), "Recorded before contributions"),
    ):
        root = open_explorer(page, shown)
        remark = root.locator(".time .remark")
        expect(remark).to_be_hidden()
        root.get_by_role("combobox", name="lines").select_option("share")
        expect(remark).to_contain_text(said)


def test_saved_pictures_have_the_hatching_of_the_page(page, root):
    picture = ElementTree.fromstring(saved(page, root, "Graph (SVG)"))
    lines = [path for path in picture.iter(f"{SVG}path") if path.get("data-connection")]
    assert {path.get("data-ends") for path in lines} == {"within reach of an end"}
    texts = {line.text for line in picture.iter(f"{SVG}text")}
    assert "ticks: affected by padding beyond the clip's ends, at this frame; no shift is shown" in texts
    picture = ElementTree.fromstring(saved(page, root, "Timeline (SVG)"))
    assert "affected by padding beyond the clip's ends" in {line.text for line in picture.iter(f"{SVG}text")}
    strokes = [path.get("d") for path in picture.iter(f"{SVG}path") if path.get("d").count("L") == 1]
    width = ask(root, "explorer.timeline.chart.frameStart(5) - explorer.timeline.chart.frameStart(0)")
    assert len(strokes) > 2 * width / 7


@pytest.mark.parametrize("dark", [False, True])
def test_the_hatching_has_enough_contrast_in_both_themes(page, dark):
    root = open_explorer(page, TRACE, dark=dark)
    colors = ask(root, "[explorer.theme.background, explorer.theme.text]")
    background, text = ([*bytes.fromhex(color[1:])] for color in colors)
    drawn = ask(
        root,
        """(() => {
            const { chart } = explorer.timeline;
            const pen = chart.background.getContext("2d");
            const { data } = pen.getImageData(Math.round(chart.frameStart(1)), 10, 24, 24);
            return Array.from({ length: data.length / 4 }, (_, at) => [...data.slice(4 * at, 4 * at + 4)]);
        })()""",
    )
    strongest = max(drawn, key=lambda pixel: pixel[3])
    away = (
        np.abs(np.subtract(strongest[:3], background)).mean() / np.abs(np.subtract(text, background)).mean()
    )
    assert strongest[3] > 150 and away > 0.2


def test_the_explanation_occurs_once_in_the_script():
    text = read_part("reading/clip_ends.js")
    assert text.count(SENTENCE) == 1 and text.count(WHOLLY) == 1
