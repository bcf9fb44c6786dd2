"""The explorer in a real Chromium: cursor, playing, selection, overlays, sizes and accessibility."""

import random
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.figures.palette import looks, object_colors
from peerattn.tables.moments import strength_by_modality
from peerattn.traces.shift import shift, usual
from peerattn.traces.trace import ConnectionTrace
from tests.serving import GET_EXPLORER, frame, leave, runs, served, start_again
from tests.shades import channels, faint_color, shift_color, viridis
from tests.traces import HOSTILE, shown_frame, trace

pytestmark = pytest.mark.browser
TRACE = trace(seed=0, hostile=True)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("tests/pages/explorer.py", tmp_path_factory.mktemp("explorer")) as address:
        yield address


@pytest.fixture
def page(kept_page: Page) -> Page:
    """One window for all tests of this file."""
    return kept_page


@pytest.fixture
def root(page: Page, url: str) -> Locator:
    return start_again(page, url, {"kind": "block", "id": "top"})


def seek(root: Locator, frame: int) -> None:
    root.get_by_role("slider", name="frame").fill(str(frame))


def places(root: Locator) -> dict[str, list[float]]:
    """Block → its position in px within the stage."""
    return root.evaluate(
        f"""root => {{
            const {{ network }} = ({GET_EXPLORER})(root).graph;
            return Object.fromEntries(Object.entries(network.getPositions()).map(([id, place]) => {{
                const {{ x, y }} = network.canvasToDOM(place);
                return [id, [x, y]];
            }}));
        }}"""
    )


def choose(root: Locator, value: str) -> None:
    root.get_by_role("combobox", name="show a block or connection").select_option(value)


def test_frame_colours_and_numbers_follow_the_cursor_without_running_python(page, root):
    connection = TRACE.connections[3]
    choose(root, f"connection {connection.key}")
    expect(page.get_by_text(f"selected: connection {connection.key}", exact=True)).to_be_visible()
    before = runs(page)
    lines = strength_by_modality(TRACE)
    facts = root.locator("section.numbers dd")
    for wanted in random.Random(0).sample(range(20), 8):
        seek(root, wanted)
        expect(root.locator("canvas.screen")).to_have_attribute("data-frame", str(wanted))
        pixel = root.locator("canvas.screen").evaluate(
            "canvas => canvas.getContext('2d').getImageData(50, 50, 1, 1).data[0]"
        )
        assert shown_frame(pixel) == wanted == frame(root)
        expect(root.locator(".facts")).to_have_text(
            re.compile(
                f"frame {wanted + 1} of 20.*{TRACE.times[wanted]:.3f} s.*window {wanted // 10 + 1} of 2"
            )
        )
        shifts = shift(connection)
        factors = connection.attention_factors[wanted]
        numbers = (shifts[wanted], usual(connection, shifts), factors.mean(), factors.min(), factors.max())
        for place, number in enumerate(numbers, start=1):
            expect(facts.nth(place)).to_have_text(f"{number:.3f}")
        values = root.locator(".values b").all_inner_texts()
        assert values == [f"{lines[name].iloc[wanted]:.3f}" for name in lines]
        for color, each in drawn_colors(root):
            expected = shift_color(each, wanted, faint=faint_color(root), adjacent=[connection.key])
            assert np.abs(np.subtract(color, expected)).max() <= 1, each.key
    assert runs(page) == before


def drawn_colors(root: Locator) -> list[tuple[tuple[int, ...], ConnectionTrace]]:
    """The colour in which each connection of the trace is drawn."""
    drawn = root.evaluate(f"root => ({GET_EXPLORER})(root).graph.connectionColors()")
    assert [name for name, _ in drawn] == [each.key for each in TRACE.connections]
    return [(channels(color), each) for (_, color), each in zip(drawn, TRACE.connections, strict=True)]


def test_one_switch_colours_the_connections_by_their_factors_and_stays_in_the_address(page, root):
    seek(root, 7)
    root.get_by_role("radio", name="factor").check()
    expect(root.locator(".meanings")).to_contain_text("colour: attention factor at this frame, 0 to 1")
    page.wait_for_url("**colour=factor**")
    strong = [(color, each) for color, each in drawn_colors(root) if each.connection_weight >= 0.12]
    assert len(strong) > 20
    for color, each in strong:
        assert np.abs(np.subtract(color, viridis(float(each.mean_factor[7])))).max() <= 1
    root.get_by_role("radio", name="shift").check()
    expect(root.locator(".meanings")).to_contain_text("colour: shift of attention at this frame, 0 to 0.200")
    page.wait_for_function("!location.search.includes('colour')")


def test_buttons_keys_windows_and_timeline_move_the_cursor_without_python(page, root):
    before = runs(page)
    press = page.keyboard.press

    def click(name):
        root.get_by_role("button", name=name).click()

    screen = root.locator("canvas.screen")
    screen.focus()
    steps = [
        (lambda: click("last frame"), 19),
        (lambda: click("next frame"), 19),
        (lambda: click("previous frame"), 18),
        (lambda: click("first frame"), 0),
        (lambda: click("previous frame"), 0),
        (lambda: click("next frame"), 1),
        (lambda: click("window 2 frames 11 to 20"), 10),
        (screen.focus, 10),
        (lambda: press("ArrowRight"), 11),
        (lambda: press("ArrowLeft"), 10),
        (lambda: press("End"), 19),
        (lambda: press("Home"), 0),
    ]
    for number, (act, wanted) in enumerate(steps):
        act()
        assert frame(root) == wanted, number
        expect(screen).to_have_attribute("data-frame", str(wanted))
    lines = root.locator("canvas.lines")
    box = lines.bounding_box()
    lines.hover(position={"x": 45, "y": 40})
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40, steps=4)
    assert frame(root) in (9, 10)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 40, steps=4)
    page.mouse.up()
    assert frame(root) == 19
    assert runs(page) == before


def test_playing_shows_frames_in_order_and_stops_at_the_last(page, root):
    before = runs(page)
    root.evaluate(
        f"""root => {{
            const explorer = ({GET_EXPLORER})(root);
            const move = explorer.move.bind(explorer);
            root.visited = [];
            explorer.move = (frame) => {{ move(frame); root.visited.push(explorer.frame); }};
            const relabelled = new MutationObserver(() => root.labels.push(button.ariaLabel));
            const button = explorer.timeline.transport.play;
            root.labels = [];
            relabelled.observe(button, {{ attributeFilter: ["aria-label"] }});
        }}"""
    )
    root.get_by_role("combobox", name="speed").select_option("4")
    root.locator("canvas.screen").focus()
    page.keyboard.press("Space")
    page.wait_for_function("root => root.labels.length === 2", arg=root.element_handle())
    assert root.evaluate("root => root.labels") == ["pause", "play"]
    visited = root.evaluate("root => root.visited")
    assert visited == sorted(visited)
    assert visited[-1] == frame(root) == 19
    assert runs(page) == before


def test_the_slider_thumb_is_above_the_cursor_of_the_timeline(root):
    seek(root, 13)
    slider = root.get_by_role("slider", name="frame").bounding_box()
    thumb = slider["x"] + 8 + (slider["width"] - 16) * 13 / 19
    lines = root.locator("canvas.lines").bounding_box()
    cursor = lines["x"] + root.evaluate(f"root => ({GET_EXPLORER})(root).timeline.chart.x(13)")
    assert abs(thumb - cursor) < 1


def test_blocks_stay_in_place_when_frame_clip_threshold_or_selection_changes(page, root):
    first = places(root)
    assert len(first) == 12
    seek(root, 12)
    assert places(root) == first
    for name in ("0.3", "0.6"):
        page.get_by_test_id("stRadio").nth(1).get_by_text(name, exact=True).click()
        expect(root.get_by_role("checkbox", name="show removed")).to_be_visible()
        page.wait_for_function(
            "([root, removed]) => peerattnExplorer.of(root).marks.removed.size === removed",
            arg=[root.element_handle(), sum(c.connection_weight < float(name) for c in TRACE.connections)],
        )
        assert places(root) == first
    root.get_by_role("checkbox", name="show removed").uncheck()
    assert places(root) == first
    drawn = root.evaluate(f"root => ({GET_EXPLORER})(root).graph.connectionColors().map(([key]) => key)")
    assert drawn == [c.key for c in TRACE.connections if c.connection_weight >= 0.6]
    name = root.evaluate(f"root => ({GET_EXPLORER})(root).name")
    page.get_by_test_id("stRadio").nth(0).get_by_text("1", exact=True).click()
    page.wait_for_function(
        "([root, name]) => peerattnExplorer.of(root).name !== name", arg=[root.element_handle(), name]
    )
    assert places(root) == first
    choose(root, "block upper2")
    expect(page.get_by_text("selected: block upper2", exact=True)).to_be_visible()
    assert places(root) == first
    assert frame(root) == 12
    leave(page)


def point_on_edge(root: Locator, key: str) -> dict[str, float] | None:
    """A position in the stage where a click selects this connection, or None."""
    return root.evaluate(
        f"""(root, key) => {{
            const {{ graph }} = ({GET_EXPLORER})(root);
            for (const point of graph.strokes.samples.get(key).slice(3, 10)) {{
                const place = graph.network.canvasToDOM(point);
                if (graph.itemAt(place)?.id === key) return place;
            }}
            return null;
        }}""",
        key,
    )


def test_a_click_in_the_graph_sets_the_selection_in_python_and_an_empty_place_clears_it(page, root):
    expect(page.get_by_text("selected: block top", exact=True)).to_be_visible()
    stage = root.locator(".stage")
    reachable = ((each.key, point_on_edge(root, each.key)) for each in TRACE.connections)
    key, place = next((key, place) for key, place in reachable if place)
    stage.click(position=place)
    expect(page.get_by_text(f"selected: connection {key}", exact=True)).to_be_visible()
    x, y = places(root)["upper1"]
    stage.click(position={"x": x, "y": y})
    expect(page.get_by_text("selected: block upper1", exact=True)).to_be_visible()
    expect(root.locator("section.numbers h3")).to_have_text("upper1")
    stage.click(position={"x": 3, "y": 3})
    expect(page.get_by_text("selected: nothing", exact=True)).to_be_visible()


def test_hovering_over_a_block_shows_its_numbers_without_changing_the_selection_or_running_python(page, root):
    before = runs(page)
    x, y = places(root)["upper1"]
    root.locator(".stage").hover(position={"x": x, "y": y})
    expect(root.locator("section.numbers h3")).to_have_text("upper1")
    expect(root.locator(".tip")).to_contain_text("upper1: activity")
    root.locator(".stage").hover(position={"x": 3, "y": 3})
    expect(root.locator("section.numbers h3")).to_have_text("top")
    assert runs(page) == before


def test_a_block_lists_its_incoming_connections_with_weight_factor_and_shift(root):
    choose(root, "block upper1")
    seek(root, 4)
    items = root.locator("section.numbers .rows").first.locator("li")
    # The text is read cell by cell, because innerText lacks spaces until the page has its layout.
    rows = items.evaluate_all(
        "all => all.map(li => [...li.children].map(cell => cell.textContent).join(' '))"
    )
    arriving = [each for each in TRACE.connections if each.target == "upper1"]
    arriving.sort(key=lambda each: -each.connection_weight)
    expected = [
        f"{each.source} {each.connection_weight:.3f} {each.mean_factor[4]:.3f} {shift(each)[4]:.3f}"
        for each in arriving
    ]
    assert [" ".join(row.split()) for row in rows] == [" ".join(row.split()) for row in expected]


def test_a_connection_lists_its_peers_by_descending_attention_weight(root):
    connection = TRACE.connections[-1]
    choose(root, f"connection {connection.key}")
    shown = root.locator("section.numbers .rows li b").all_inner_texts()
    assert shown == [f"{weight:.3f}" for weight in np.sort(connection.attention_weights)[::-1]]


def test_html_in_names_from_files_is_shown_as_text(page, root):
    choose(root, f"block {HOSTILE}")
    expect(root.locator("section.numbers h3")).to_have_text(HOSTILE)
    root.get_by_role("radio", name="objects").check()
    expect(root.locator(".legend:visible li")).to_have_text(HOSTILE)
    x, y = places(root)[HOSTILE]
    root.locator(".stage").hover(position={"x": x, "y": y})
    expect(root.locator(".tip")).to_contain_text(HOSTILE)
    assert root.locator("img").count() == 0
    assert page.evaluate("window.hacked") is None


def test_only_the_overlays_that_the_clip_has_are_offered(root):
    offered = root.get_by_role("group", name="overlay").locator("label:visible").all_text_contents()
    assert offered == ["none", "objects", "heat map"]


def test_the_objects_overlay_blends_the_object_map_with_the_frame(root):
    corner = "canvas => [...canvas.getContext('2d').getImageData(5, 5, 1, 1).data].slice(0, 3)"
    screen = root.locator("canvas.screen")
    seek(root, 3)
    expect(screen).to_have_attribute("data-frame", "3")
    plain = screen.evaluate(corner)
    root.get_by_role("radio", name="objects").check()
    expect(screen).to_have_attribute("data-drawn", re.compile(" objects "))
    blended = 0.45 * np.array(plain) + 0.55 * np.array(channels(object_colors(1)[0]))
    assert np.abs(screen.evaluate(corner) - blended).max() <= 2
    root.get_by_role("radio", name="none").check()
    expect(screen).to_have_attribute("data-drawn", re.compile(" 3  $"))
    assert screen.evaluate(corner) == plain


def test_a_rerun_sends_less_than_8_kilobytes_and_moving_the_cursor_sends_nothing(page, url):
    received: list[int] = []
    page.on("websocket", lambda opened: opened.on("framereceived", lambda data: received.append(len(data))))
    page.goto(url)
    page.locator("canvas.screen[data-drawn]").wait_for()
    expect(page.get_by_text("runs: 1", exact=True)).to_be_visible()
    root = page.locator(".explorer")
    received.clear()
    choose(root, "block upper1")
    expect(page.get_by_text("selected: block upper1", exact=True)).to_be_visible()
    assert sum(received) < 8_000
    page.wait_for_timeout(300)
    received.clear()
    for wanted in (3, 9, 15):
        seek(root, wanted)
    page.wait_for_timeout(300)
    assert received == []


def test_the_explorer_follows_a_change_of_theme(page, root):
    page.emulate_media(color_scheme="light")
    page.wait_for_function(
        "root => peerattnExplorer.of(root).theme.dark === false", arg=root.element_handle()
    )
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("root => peerattnExplorer.of(root).theme.dark === true", arg=root.element_handle())
    names = root.evaluate(
        f"root => ({GET_EXPLORER})(root).graph.names.map(({{ text, fill }}) => [text, fill])"
    )
    assert min(channels(dict(names)["top"])) > 128


def test_the_frame_and_the_selected_numbers_are_announced_to_screen_readers(root):
    connection = TRACE.connections[0]
    choose(root, f"connection {connection.key}")
    seek(root, 6)
    expect(root.locator("[aria-live=polite]")).to_have_text(
        f"frame 7 of 20, window 1: rgb1 → inner1: weight {connection.connection_weight:.3f}, "
        f"shift {shift(connection)[6]:.3f} (usually {usual(connection, shift(connection)):.3f}), "
        f"mean factor {connection.mean_factor[6]:.3f}"
    )


OVERHANGING = """root => {
    const edge = root.getBoundingClientRect();
    return [...root.querySelectorAll("button, select, input, canvas")].filter((part) => {
        const box = part.getBoundingClientRect();
        const visible = box.width && box.height && getComputedStyle(part).visibility === "visible";
        return visible && (box.left < edge.left - 1 || box.right > edge.right + 1);
    }).map((part) => part.outerHTML);
}"""
"""JavaScript for the visible controls that extend beyond the explorer's edges."""


@pytest.mark.parametrize("width", [390, 900, 1400])
def test_all_controls_fit_the_width_and_have_a_name(page, root, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(300)
    assert root.evaluate(OVERHANGING) == []
    unnamed = root.locator("button, select, input").evaluate_all(
        "parts => parts.filter(p => !p.ariaLabel && !p.labels?.length && !p.textContent.trim()).length"
    )
    assert unnamed == 0
    xs = [x for x, _ in places(root).values()]
    assert min(xs) > 0 and max(xs) < root.locator(".stage").bounding_box()["width"]


def test_with_a_single_frame_the_slider_is_disabled_and_play_does_nothing(page, root):
    page.get_by_test_id("stRadio").nth(0).get_by_text("2", exact=True).click()
    expect(root.locator(".facts")).to_contain_text("frame 1 of 1")
    expect(root.get_by_role("slider", name="frame")).to_be_disabled()
    root.get_by_role("button", name="play", exact=True).click()
    assert frame(root) == 0
    leave(page)


def test_blocks_have_the_colour_and_shape_of_their_lane(root):
    nodes = root.evaluate(f"root => ({GET_EXPLORER})(root).graph.nodes.get()")
    expected = looks(["rgb", "flow", "object"])
    for node, block in zip(nodes, TRACE.structure.blocks, strict=True):
        look = expected[block.modality or "mixed"]
        assert (node["color"]["background"], node["shape"]) == (look.color, look.shape)


def test_removing_the_explorer_while_its_search_shows_matches_raises_no_error(
    page: Page, root: Locator
) -> None:
    """Removing the search field takes its focus; the handler for this must not need the removed graph."""
    root.get_by_role("combobox", name="find a block or connection").fill("a")
    expect(root.get_by_role("option").first).to_be_visible()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    root.evaluate("root => { peerattnExplorer.remove(root); root.replaceChildren(); root.show(); }")
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    assert errors == []
