"""The level graph in a real Chromium: display, search, ranked lists, keyboard, table and saved pictures."""

import json
import re
from functools import cache
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.figures.palette import looks
from peerattn.graph import published
from peerattn.graph.connectivity import survey
from peerattn.traces.shift import shift
from peerattn.traces.trace import Trace
from tests.shades import channels, shift_color
from tests.standalone_explorer import html, large_structure, open_explorer
from tests.traces import HOSTILE, trace, trace_of

pytestmark = pytest.mark.browser
TRACE = trace(hostile=True)
FOUND = ".found [role=option]"
OF = "(root => peerattnExplorer.of(root))(root)"
NAMED = re.compile(r"^level graph: 12 blocks on 4 levels, 50 connections, 0 removed\..*Up and Down follow")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def page(kept_page: Page) -> Page:
    """One window for all tests of this file."""
    return kept_page


@pytest.fixture
def root(page: Page) -> Locator:
    return open_explorer(page, TRACE)


def ask(root: Locator, script: str, given=None):
    """Evaluate a JavaScript expression in which `explorer` is the explorer and `given` is the argument."""
    return root.evaluate(f"(root, given) => {{ const explorer = {OF}; return {script}; }}", given)


def pin(root: Locator, kind: str, name: str) -> None:
    ask(root, "explorer.pin(given)", {"kind": kind, "id": name})


def places(root: Locator) -> dict[str, list[float]]:
    """Block → its position according to vis-network, in px within the stage."""
    return ask(
        root,
        """Object.fromEntries(Object.entries(explorer.graph.network.getPositions()).map(([id, place]) => {
            const { x, y } = explorer.graph.network.canvasToDOM(place);
            return [id, [x, y].map((each) => Math.round(1e6 * each) / 1e6)];
        }))""",
    )


def drawn(root: Locator) -> list[str]:
    """Keys of the connections that are painted."""
    return ask(root, "explorer.graph.connectionColors().map(([key]) => key)")


def hidden_blocks(root: Locator) -> set[str]:
    return set(ask(root, "explorer.graph.nodes.get().filter(({ hidden }) => hidden).map(({ id }) => id)"))


def toggle(root: Locator, name: str, checked: bool = True) -> None:
    root.get_by_role("checkbox", name=name, exact=True).set_checked(checked)


def reached(start: str, ends: list[tuple[str, str]]) -> set[str]:
    """The blocks that can be reached along (from, to) pairs, including the start."""
    found = {start}
    while more := {to for origin, to in ends if origin in found} - found:
        found |= more
    return found


# --- ranked lists -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rank", ["weight", "factor", "shift"])
def test_ranked_lists_are_sorted_as_numpy_sorts_them(root, rank):
    pin(root, "block", "upper1")
    root.get_by_role("combobox", name="order of connections").select_option(rank)
    arriving = [each for each in TRACE.connections if each.target == "upper1"]
    for frame in (0, 7, 19):
        ask(root, "explorer.seek(given)", frame)
        value = {
            "weight": [each.connection_weight for each in arriving],
            "factor": [each.mean_factor[frame] for each in arriving],
            "shift": [shift(each)[frame] for each in arriving],
        }[rank]
        expected = [arriving[place].key for place in np.argsort(-np.nan_to_num(value), kind="stable")]
        rows = root.locator(".rows.four").first.locator("li")
        assert rows.evaluate_all("rows => rows.map((row) => row.dataset.connection)") == expected
        shown = rows.evaluate_all(
            "rows => rows.map((row) => [...row.querySelectorAll('b')].map((b) => Number(b.dataset.value)))"
        )
        by_key = {each.key: each for each in arriving}
        for key, (weight, factor, shifted) in zip(expected, shown, strict=True):
            each = by_key[key]
            assert abs(weight - each.connection_weight) <= 1e-6
            assert abs(factor - each.mean_factor[frame]) <= 1e-6
            assert abs(shifted - shift(each)[frame]) <= 1e-6


def test_a_row_keeps_the_focus_when_its_rank_changes(root):
    pin(root, "block", "upper1")
    ask(root, "explorer.changeSetting('rank', 'factor')")
    row = root.locator(".rows.four").first.locator("li").last
    key = row.get_attribute("data-connection")
    row.get_by_role("button").focus()
    for frame in range(1, 20):
        ask(root, "explorer.seek(given)", frame)
        assert root.evaluate("root => document.activeElement.closest('li').dataset.connection") == key


# --- search -------------------------------------------------------------------------------------------------


def test_search_matches_parts_of_names_and_enter_pins_the_result(page, root):
    field = root.get_by_role("combobox", name="find a block or connection")
    field.fill("UPPER")
    options = root.locator(FOUND)
    names = [text.removesuffix("block") for text in options.all_inner_texts()[:3]]
    assert [name.strip() for name in names] == ["upper1", "upper2", "upper3"]
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert ask(root, "explorer.hovered") == {"kind": "block", "id": "upper2"}
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert ask(root, "explorer.pinned") == {"kind": "block", "id": "upper1"}
    expect(root.locator(".found")).to_be_hidden()
    assert root.evaluate("root => root.said") == [["selected", {"kind": "block", "id": "upper1"}]]


def test_search_finds_connections_by_source_and_target_and_says_if_there_is_no_match(page, root):
    field = root.get_by_role("combobox", name="find a block or connection")
    for typed in ("flow1 → top", "flow1->top", "flow1 > TOP"):
        field.fill(typed)
        expect(root.locator(FOUND)).to_have_count(1)
    page.keyboard.press("Enter")
    assert ask(root, "explorer.pinned") == {"kind": "connection", "id": "flow1_to_top"}
    field.fill("no such block")
    expect(root.locator(".found")).to_have_text("no block or connection with this name")
    page.keyboard.press("Enter")
    assert ask(root, "explorer.pinned.id") == "flow1_to_top"
    before = ask(root, "explorer.frame")
    page.keyboard.press("End")
    page.keyboard.press("Escape")
    assert ask(root, "explorer.frame") == before and ask(root, "explorer.pinned.id") == "flow1_to_top"


def test_html_in_names_is_shown_as_text_in_the_search(page, root):
    root.get_by_role("combobox", name="find a block or connection").fill("<img")
    expect(root.locator(FOUND).first).to_contain_text(HOSTILE)
    assert root.locator("img").count() == 0 and page.evaluate("window.hacked") is None


# --- what is shown ------------------------------------------------------------------------------------------


@cache
def trace_with_dead_and_starved_blocks() -> Trace:
    """A network in which a threshold leaves blocks without a path: 45 connections of random weights."""
    return trace_of(published.structure("full_asnp50"), frames=3)


@pytest.mark.parametrize("threshold", [0.2, 0.4])
def test_hide_unconnected_shows_only_blocks_and_connections_on_kept_paths(page, threshold):
    shown = trace_with_dead_and_starved_blocks()
    root = open_explorer(page, shown, threshold=threshold)
    before = places(root)
    weights = {each.key: each.connection_weight for each in shown.connections}
    removal = survey(shown.structure, weights, threshold)
    gone = (set(removal.dead_blocks) - set(removal.peer_only)) | set(removal.starved)
    assert drawn(root) == [each.key for each in shown.connections]
    toggle(root, "hide unconnected")
    assert hidden_blocks(root) == gone
    kept = [each for each in shown.connections if each.key not in removal.removed]
    assert drawn(root) == [each.key for each in kept if not {each.source, each.target} & gone]
    chosen = next(block.id for block in reversed(shown.structure.blocks) if block.id not in gone)
    pin(root, "block", chosen)
    up = reached(chosen, [(each.source, each.target) for each in kept])
    down = reached(chosen, [(each.target, each.source) for each in kept])
    assert hidden_blocks(root) == {block.id for block in shown.structure.blocks} - up - down
    paths = [each.key for each in kept if each.source in up or each.target in down]
    assert drawn(root) == paths
    assert places(root).items() <= before.items()  # vis-network gives no position for a hidden block


def test_connections_of_a_pinned_block_are_opaque_its_paths_faint_and_the_rest_fainter(root):
    pin(root, "block", "inner1")
    opacity = dict(ask(root, "explorer.graph.strokes.drawn.map(({ id, opacity }) => [id, opacity])"))
    for each in TRACE.connections:
        touches = "inner1" in (each.source, each.target)
        on_a_path = each.source.startswith(
            "upper"
        )  # the outgoing connections of the blocks that inner1 feeds
        assert opacity[each.key] == (1 if touches else 0.4 if on_a_path else 0.1), each.key


def test_arcs_show_the_attention_weights_of_the_pinned_connection(root):
    connection = TRACE.connections[-1]
    toggle(root, "attention arcs")
    assert ask(root, "explorer.graph.arcs.length") == 0
    pin(root, "connection", connection.key)
    arcs = ask(root, "explorer.graph.arcs.filter(({ data }) => data).map(({ data, width }) => [data, width])")
    found = {data["peer"]: data["attention-weight"] for data, _ in arcs}
    assert found == dict(zip(connection.peers, connection.attention_weights.tolist(), strict=True))
    assert all(data["gates"] == connection.key for data, _ in arcs)
    widths = [width for _, width in arcs]
    assert widths == sorted(widths)  # the strongest is drawn last, on top of the others
    expect(root.locator(".meanings")).to_contain_text("attention weight of a peer")
    toggle(root, "attention arcs", False)
    assert ask(root, "explorer.graph.arcs.length") == 0


def test_a_pinned_block_shows_the_connections_that_it_gates(root):
    gates = [
        (each.key, float(weight))
        for each in TRACE.connections
        for peer, weight in zip(each.peers, each.attention_weights, strict=True)
        if peer == "rgb1"
    ]
    pin(root, "block", "rgb1")
    toggle(root, "attention arcs")
    arcs = ask(root, "explorer.graph.gates.map(({ connection, weight }) => [connection.id, weight])")
    assert [tuple(arc) for arc in arcs] == sorted(gates, key=lambda gate: -gate[1])
    listed = root.locator(".rows.two").first.locator("li")
    values = listed.evaluate_all(
        "rows => rows.map((row) => [row.dataset.gates, Number(row.querySelector('b').dataset.value)])"
    )
    assert [tuple(row) for row in values] == [tuple(arc) for arc in arcs]


def test_only_the_layout_switch_moves_blocks(root):
    upright = places(root)
    for frame in (3, 12):
        ask(root, "explorer.seek(given)", frame)
        assert places(root) == upright
    toggle(root, "horizontal")
    sideways = places(root)
    assert all(sideways[block] != upright[block] for block in upright)
    level = {block.id: block.level for block in TRACE.structure.blocks}
    for one in level:
        for other in level:
            assert (level[one] < level[other]) == (sideways[one][0] < sideways[other][0] - 1)
    ask(root, "explorer.seek(5)")
    pin(root, "block", "top")
    toggle(root, "attention arcs")
    assert places(root) == sideways
    toggle(root, "horizontal", False)
    assert places(root) == upright


@pytest.mark.parametrize("name", ["full_asnp50", "full_asnp101"])
@pytest.mark.parametrize("horizontal", [False, True])
def test_block_names_are_shown_in_full_and_do_not_overlap(page, name, horizontal):
    shown = trace_of(published.structure(name), frames=2)
    root = open_explorer(page, shown)
    toggle(root, "horizontal", horizontal)
    names = ask(root, "explorer.graph.names.map(({ text, box }) => [text, box])")
    assert {text for text, _ in names} == {block.id for block in shown.structure.blocks}
    boxes = [box for _, box in names]
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert apart or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


# --- the table ----------------------------------------------------------------------------------------------


def cells(root: Locator, table: int) -> list[list]:
    """[name, number or text …] of each row."""
    return (
        root.locator(".tables table")
        .nth(table)
        .locator("tbody tr")
        .evaluate_all(
            "rows => rows.map((row) => [...row.children].map((cell) =>"
            " cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value)))"
        )
    )


def test_the_table_shows_blocks_and_connections_at_the_current_frame(page):
    root = open_explorer(page, TRACE, threshold=0.6)
    toggle(root, "table")
    expect(root.locator(".stage")).to_be_hidden()
    for frame in (0, 11):
        ask(root, "explorer.seek(given)", frame)
        found = cells(root, 1)
        for row, each in zip(found, TRACE.connections, strict=True):
            state = "removed" if each.connection_weight < 0.6 else "kept"
            assert (row[0], row[4]) == (f"{each.source} → {each.target}", state)
            numbers = [each.connection_weight, shift(each)[frame], each.mean_factor[frame]]
            assert np.abs(np.subtract(row[1:4], numbers)).max() <= 1e-6
        for row, block in zip(cells(root, 0), TRACE.structure.blocks, strict=True):
            assert row[:3] == [block.id, str(block.level), block.modality or "mixed"]
            assert abs(row[3] - TRACE.block(block.id).activity[frame]) <= 1e-6
    root.get_by_role("button", name="attention factor").click()
    factors = [row[3] for row in cells(root, 1)]
    assert factors == sorted(factors, reverse=True)
    root.get_by_role("button", name="attention factor").click()
    assert [row[3] for row in cells(root, 1)] == factors[::-1]
    root.locator(".tables table").nth(1).get_by_role("button", name="rgb1 → inner1").click()
    assert ask(root, "explorer.pinned") == {"kind": "connection", "id": "rgb1_to_inner1"}


def test_the_table_shows_the_block_states_that_the_survey_computes(page):
    shown = trace_with_dead_and_starved_blocks()
    root = open_explorer(page, shown, threshold=0.7)
    weights = {each.key: each.connection_weight for each in shown.connections}
    found = survey(shown.structure, weights, 0.7)
    toggle(root, "table")
    for block, *_, state in cells(root, 0):
        expected = "peer only" if block in found.peer_only else "dead" if block in found.dead_blocks else None
        assert state == (expected or ("starved" if block in found.starved else "kept"))


def test_up_and_down_follow_connections_and_left_and_right_still_move_the_frame(page, root):
    root.locator(".stage").focus()
    expect(root.locator(".stage")).to_have_attribute("aria-label", NAMED)
    page.keyboard.press("ArrowUp")
    assert ask(root, "explorer.hovered.id") == "rgb1"
    page.keyboard.press("ArrowUp")
    leaving = [each for each in TRACE.connections if each.source == "rgb1"]
    strongest = max(leaving, key=lambda each: each.connection_weight)
    assert ask(root, "explorer.hovered.id") == strongest.target
    page.keyboard.press("Enter")
    assert ask(root, "explorer.pinned.id") == strongest.target
    page.keyboard.press("ArrowDown")
    arriving = [each for each in TRACE.connections if each.target == strongest.target]
    assert ask(root, "explorer.hovered.id") == max(arriving, key=lambda each: each.connection_weight).source
    page.keyboard.press("ArrowRight")
    assert ask(root, "explorer.frame") == 1
    page.keyboard.press("Escape")
    assert ask(root, "explorer.pinned") is None


# --- many blocks --------------------------------------------------------------------------------------------


def test_500_blocks_and_5000_connections_fit_and_can_be_hovered_and_clicked(page):
    shown = trace_of(large_structure(), frames=2)
    assert len(shown.structure.blocks) == 500 and len(shown.connections) > 5_000
    root = open_explorer(page, shown)
    assert len(drawn(root)) == len(shown.connections)
    assert ask(root, "[...explorer.graph.strokes.curves.values()].every(({ length }) => length === 2)")
    box = root.locator(".stage").bounding_box()
    spots = places(root)
    assert all(0 < x < box["width"] and 0 < y < box["height"] for x, y in spots.values())
    x, y = spots["block_5_20"]
    root.locator(".stage").hover(position={"x": x, "y": y})
    expect(root.locator("section.numbers h3")).to_have_text("block_5_20")
    strong = set(
        ask(root, "explorer.graph.strokes.drawn.filter(({ emphasis }) => emphasis === 2).map(({ id }) => id)")
    )
    assert strong == {each.key for each in shown.connections if "block_5_20" in (each.source, each.target)}
    assert "block_5_20" in ask(root, "explorer.graph.names.map(({ text }) => text)")
    root.locator(".stage").click(position={"x": x, "y": y})
    assert root.evaluate("root => root.said") == [["selected", {"kind": "block", "id": "block_5_20"}]]
    assert places(root) == spots


# --- pictures -----------------------------------------------------------------------------------------------


def saved(page: Page, root: Locator, name: str) -> bytes:
    root.locator("summary").click()
    with page.expect_download() as download:
        root.get_by_role("button", name=name).click()
    return download.value.path().read_bytes()


@pytest.mark.parametrize("horizontal", [False, True])
def test_the_svg_contains_the_connections_blocks_and_caption_of_the_graph(page, horizontal, tmp_path):
    root = open_explorer(page, TRACE, threshold=0.3)
    toggle(root, "horizontal", horizontal)
    ask(root, "explorer.seek(13)")
    picture = ElementTree.fromstring(saved(page, root, "Graph (SVG)"))
    lines = {
        path.get("data-connection"): path
        for path in picture.iter(f"{SVG}path")
        if path.get("data-connection")
    }
    assert lines.keys() == {each.key for each in TRACE.connections}
    faint = channels(ask(root, "explorer.theme.faint"))
    for each in TRACE.connections:
        path = lines[each.key]
        assert abs(float(path.get("data-shift")) - shift(each)[13]) <= 1e-6
        assert abs(float(path.get("data-weight")) - each.connection_weight) <= 1e-6
        if path.get("data-state") == "removed":
            assert each.connection_weight < 0.3
            continue
        color = np.array(channels(path.get("stroke")))
        assert np.abs(color - shift_color(each, 13, faint=faint)).max() <= 1
        assert float(path.get("stroke-width")) == pytest.approx(0.6 + 6.4 * each.connection_weight)
    blocks = [path for path in picture.iter(f"{SVG}path") if path.get("data-block")]
    colors = looks(["rgb", "flow", "object"])
    for path, block in zip(blocks, TRACE.structure.blocks, strict=True):
        assert path.get("data-block") == block.id
        assert path.get("stroke") == colors[block.modality or "mixed"].color
    texts = [line.text for line in picture.iter(f"{SVG}text")]
    assert "clip.mp4 · tiny · frame 14 of 20, 1.625 s" in texts
    assert {"rgb1", "top", "level 4", "mixed", "removed"} <= set(texts)


@pytest.mark.parametrize("horizontal", [False, True])
def test_curves_of_saved_pictures_match_those_of_vis_network(root, horizontal):
    toggle(root, "horizontal", horizontal)
    distances = ask(
        root,
        """explorer.recording.connections.map(({ id }) => {
            const { graph } = explorer;
            const { edgeType, from, to } = graph.network.body.edges[id];
            Object.assign(edgeType, { fromPoint: from, toPoint: to }); // vis-network sets them when it draws
            const points = graph.strokes.samples.get(id);
            return Math.max(...points.map(({ x, y }, place) => {
                const theirs = edgeType.getPoint(place / (points.length - 1));
                return Math.hypot(x - theirs.x, y - theirs.y);
            }));
        })""",
    )
    assert len(distances) == len(TRACE.connections) and max(distances) <= 1
    ends = ask(
        root,
        """explorer.graph.saveMenu.pieces().filter(({ data }) => data?.connection).map(({ d, data }) => {
            const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
            path.setAttribute("d", d);
            const [first, last] = [path.getPointAtLength(0), path.getPointAtLength(path.getTotalLength())];
            return [data.connection, [first.x, first.y], [last.x, last.y]];
        })""",
    )
    spots = places(root)
    by_key = {each.key: each for each in TRACE.connections}
    for key, first, last in ends:
        assert np.abs(np.subtract(first, spots[by_key[key].source])).max() <= 1
        assert np.abs(np.subtract(last, spots[by_key[key].target])).max() <= 1


def test_the_png_is_the_graph_at_twice_its_size(page, root):
    data = saved(page, root, "Graph (PNG)")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    width, height = ask(root, "[explorer.graph.layout.width, explorer.graph.layout.height]")
    assert image.shape[1] == round(2 * width) and image.shape[0] > 2 * height
    assert image[2, 2].tolist() == [255, 255, 255]
    for block, (x, y) in places(root).items():
        look = looks(["rgb", "flow", "object"])[TRACE.structure.block(block).modality or "mixed"]
        pixel = image[round(2 * (y + 34)), round(2 * x)]
        assert np.abs(pixel.astype(int) - list(bytes.fromhex(look.color[1:]))).max() <= 2, block


def test_if_a_png_is_too_large_for_the_browser_the_menu_suggests_svg(page, root):
    page.evaluate(
        """() => {
            window.kept = HTMLCanvasElement.prototype.toBlob;
            HTMLCanvasElement.prototype.toBlob = (done) => done(null); // as if too large
        }"""
    )
    root.locator("summary").click()
    root.get_by_role("button", name="Graph (PNG)").click()
    expect(root.get_by_role("alert")).to_have_text(re.compile("so large a picture as PNG: save it as SVG"))
    with page.expect_download():
        root.get_by_role("button", name="Graph (SVG)").click()
    root.locator("summary").click()
    expect(root.get_by_role("alert")).to_be_hidden()
    page.evaluate("() => { HTMLCanvasElement.prototype.toBlob = window.kept; }")


@pytest.mark.parametrize("lines", ["modality", "share"])
def test_the_saved_timeline_has_the_title_lines_and_values_that_are_shown(page, root, lines):
    root.get_by_role("combobox", name="lines").select_option(lines)
    ask(root, "explorer.seek(13)")
    picture = ElementTree.fromstring(saved(page, root, "Timeline (SVG)"))
    texts = {line.text: line for line in picture.iter(f"{SVG}text")}
    title = ask(root, "explorer.timeline.chart.chart.title")
    assert f"{title} · clip.mp4 · tiny · frame 14 of 20, 1.625 s" in texts
    values = {
        line.get("data-line"): line.get("data-value") for line in texts.values() if line.get("data-line")
    }
    shown = ask(
        root, "explorer.timeline.chart.chart.lines.map(({ name, value }) => [name, value(explorer.frame)])"
    )
    assert {name: float(value) for name, value in values.items()} == dict(shown)
    ends = ask(root, "[explorer.timeline.chart.x(0), explorer.timeline.chart.x(19)]")
    paths = [path.get("d") for path in picture.iter(f"{SVG}path") if path.get("d").count("L") == 19]
    assert len(paths) == len(shown)
    for path in paths:
        points = [float(point.split()[0]) for point in path.removeprefix("M").split("L")]
        assert [points[0], points[-1]] == pytest.approx(ends)
    image = cv2.imdecode(np.frombuffer(saved(page, root, "Timeline (PNG)"), np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[1] == 2 * ask(root, "explorer.timeline.chart.width")


def test_the_page_contains_names_only_in_the_packed_recording():
    assert json.dumps(HOSTILE)[1:-1] not in html(TRACE, threshold=0.0).split("atob", 1)[0]
