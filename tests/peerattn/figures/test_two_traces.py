"""Two traces in one explorer, in a real Chromium: one layout, linked cursors, differences."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.traces.shift import shift
from tests.peerattn.figures.test_explorer import choose, seek
from tests.serving import GET_EXPLORER, PAINTED, leave, runs, served, start_again
from tests.shades import HAIRLINE, channels, faint_color, shift_color
from tests.traces import HOSTILE, part, shown_frame, trace

pytestmark = pytest.mark.browser
FIRST, SECOND = trace(seed=0), trace(seed=1, frames=15)
DIVERGING = ("#2166ac", "#92c5de", "#f0f0f0", "#f4a582", "#b2182b")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("tests/pages/compare.py", tmp_path_factory.mktemp("compare")) as address:
        yield address


@pytest.fixture
def page(kept_page: Page) -> Page:
    """One window for all tests of this file."""
    return kept_page


@pytest.fixture
def root(page: Page, url: str) -> Locator:
    root = start_again(page, url)
    page.locator("canvas.screen[data-drawn]").nth(1).wait_for()
    return root


def show(root: Locator, side: str) -> None:
    root.get_by_role("radio", name=side, exact=True).check(force=True)


def ahead(root: Locator, frames: int) -> None:
    offset = root.get_by_role("spinbutton", name="offset of B in frames")
    offset.fill(str(frames))
    offset.press("Enter")


def colors(root: Locator) -> dict[str, tuple[int, ...]]:
    """Connection → its colour, as the graph has drawn it."""
    found = root.evaluate(
        f"async root => {{ await {PAINTED}; return ({GET_EXPLORER})(root).graph.connectionColors(); }}"
    )
    return {key: channels(color) for key, color in found}


def values(root: Locator, title: str) -> list[float | None]:
    """The values of a row of the comparison table: A, B, B − A."""
    row = root.locator("table.pair tr", has=root.page.get_by_role("rowheader", name=title, exact=True))
    found = row.locator("td b").evaluate_all("cells => cells.map(cell => cell.dataset.value ?? null)")
    return [None if value is None else float(value) for value in found]


def diverging(value: float, scale: float) -> tuple[int, ...]:
    stops = np.array([list(bytes.fromhex(color[1:])) for color in DIVERGING], float)
    place = 0.5 + value / (2 * scale)
    return tuple(round(np.interp(place, np.linspace(0, 1, 5), stops[:, channel])) for channel in range(3))


@pytest.mark.parametrize("offset", [0, 3, -4])
def test_the_second_clip_shows_the_frame_at_the_chosen_offset_without_running_python(page, root, offset):
    before = runs(page)
    ahead(root, offset)
    first, second = root.locator("canvas.screen").all()
    for wanted in (0, 5, 11, 19):
        seek(root, wanted)
        expect(first).to_have_attribute("data-frame", str(wanted))
        beside = wanted + offset
        if 0 <= beside < 15:
            expect(second).to_have_attribute("data-frame", str(beside))
            pixel = second.evaluate("one => one.getContext('2d').getImageData(50, 50, 1, 1).data[0]")
            assert shown_frame(pixel) == beside
        else:
            expect(second).not_to_have_attribute("data-frame", "0")
            expect(root.locator(".second .facts")).to_have_text("no matching frame")
    assert runs(page) == before


def test_each_side_has_its_own_colours_and_the_difference_those_of_b_minus_a(root):
    ahead(root, 2)
    seek(root, 7)
    faint = faint_color(root)
    pairs = list(zip(FIRST.connections, SECOND.connections, strict=True))
    greatest = max(float(np.abs(shift(two)[2:] - shift(one)[:13]).max()) for one, two in pairs)
    expected = {
        "A": {one.key: shift_color(one, 7, faint=faint) for one, _ in pairs},
        "B": {two.key: shift_color(two, 9, faint=faint) for _, two in pairs},
        "B − A": {
            one.key: faint
            if one.connection_weight < HAIRLINE
            else diverging(shift(two)[9] - shift(one)[7], greatest)
            for one, two in pairs
        },
    }
    for side, wanted in expected.items():
        show(root, side)
        drawn = colors(root)
        assert drawn.keys() == wanted.keys()
        for key, color in wanted.items():
            assert np.abs(np.subtract(drawn[key], color)).max() <= 1, (side, key)


def test_the_numbers_of_a_connection_are_shown_for_both_traces(root):
    one, two = FIRST.connections[3], SECOND.connections[3]
    choose(root, f"connection {one.key}")
    seek(root, 6)
    shifts = shift(one)[6], shift(two)[6]
    for title, first, second in (
        ("shift of attention at this frame", *shifts),
        ("connection weight", one.connection_weight, two.connection_weight),
        ("mean attention factor at this frame", one.mean_factor[6], two.mean_factor[6]),
        ("minimum over channels", one.attention_factors[6].min(), two.attention_factors[6].min()),
        ("maximum over channels", one.attention_factors[6].max(), two.attention_factors[6].max()),
    ):
        assert values(root, title) == pytest.approx([first, second, float(second) - float(first)], abs=1e-6)


def test_the_timeline_shows_the_lines_of_both_traces_or_their_difference(root):
    seek(root, 6)
    names = root.locator(".values > span").all_text_contents()
    assert [name[:2] for name in names] == ["A "] * 4 + ["B "] * 4
    first = root.locator(".values b").evaluate_all("cells => cells.map(cell => Number(cell.dataset.value))")
    show(root, "B − A")
    cells = root.locator(".values b")
    expect(cells).to_have_count(4)
    difference = cells.evaluate_all("cells => cells.map(cell => Number(cell.dataset.value))")
    assert difference == pytest.approx([first[4 + line] - first[line] for line in range(4)], abs=1e-6)


def test_connections_of_only_one_trace_are_dotted_and_have_no_numbers(page, root):
    page.get_by_test_id("stRadio").get_by_text("pruned", exact=True).click()
    pruned = part(FIRST, 0.5)
    gone = [one.key for one in FIRST.connections if one.key not in {left.key for left in pruned.connections}]
    expect(root.locator(".sides")).to_contain_text(f"{len(gone)} only in A")
    show(root, "B − A")
    marked = root.evaluate(f"root => [...({GET_EXPLORER})(root).marks.removed]")
    assert sorted(marked) == sorted(gone)
    expect(root.locator(".meanings")).to_contain_text("in one only")
    choose(root, f"connection {gone[0]}")
    expect(root.locator("section.numbers .note")).to_have_text("in one only")
    first = FIRST.connection(gone[0])
    found = values(root, "mean attention factor at this frame")
    assert found[0] == pytest.approx(float(first.mean_factor[0]), abs=1e-6) and found[1:] == [None, None]
    show(root, "A")
    assert root.evaluate(f"root => ({GET_EXPLORER})(root).marks.removed.size") == 0
    leave(page)


def test_hatching_is_that_of_the_side_that_is_shown(root):
    """Padding affects 2 frames at the start and 3 at the end: of 20 in A, of 15 in B, which is 4 ahead."""
    ahead(root, 4)
    own, second = [[0, 2], [17, 20]], [[8, 11]]
    for side, expected in (("A", own), ("B", second), ("B − A", [[0, 2], [8, 11], [17, 20]])):
        show(root, side)
        assert root.evaluate(f"root => ({GET_EXPLORER})(root).timeline.chart.reachedRanges") == expected
    seek(root, 9)
    facts = root.locator(".facts")
    expect(facts.first).not_to_contain_text("affected by padding beyond the clip's ends")
    expect(facts.nth(1)).to_contain_text("affected by padding beyond the clip's ends")
    choose(root, f"connection {FIRST.connections[3].key}")
    expect(root.locator("section.numbers dd").last).to_have_text("yes")
    show(root, "A")
    expect(root.locator("section.numbers dd").last).to_have_text("no")


def test_no_block_moves_between_the_sides(root):
    place = f"root => [...({GET_EXPLORER})(root).graph.layout.blocks].map(([id, {{ x, y }}]) => [id, x, y])"
    first = root.evaluate(place)
    for side in ("B", "B − A", "A"):
        show(root, side)
        assert root.evaluate(place) == first


def test_html_in_names_is_shown_as_text_and_the_choice_is_kept_in_the_address(page, root, url):
    expect(root.locator(".second h3")).to_have_text(f"B · {HOSTILE}")
    show(root, "B − A")
    ahead(root, 2)
    seek(root, 4)
    expect(page).to_have_url(re.compile("frame=5&.*side=difference|side=difference.*&frame=5"))
    again = opened_again(page, page.url)
    assert again.evaluate(f"root => ({GET_EXPLORER})(root).settings.side") == "difference"
    assert again.evaluate(f"root => ({GET_EXPLORER})(root).settings.offset") == 2
    assert root.locator("img").count() == 0 and page.evaluate("window.hacked") is None


def opened_again(page: Page, address: str) -> Locator:
    page.goto("about:blank")
    page.goto(address)
    page.locator("canvas.screen[data-drawn]").nth(1).wait_for()
    return page.locator(".explorer")


def test_the_axis_has_a_range_even_if_no_frames_of_a_and_b_coincide(root):
    show(root, "B − A")
    ahead(root, 500)
    low, high = root.evaluate(f"root => ({GET_EXPLORER})(root).timeline.chart.range")
    assert -1 <= low < 0 < high <= 1
