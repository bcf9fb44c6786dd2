"""The cursor, in a real Chromium with a published network: everything shown belongs to its frame."""

import colorsys
import random
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.figures.palette import direction_colors
from peerattn.graph import published
from peerattn.tables.attention import attention_by, attention_groups
from peerattn.tables.moments import strength_by_modality
from peerattn.tables.share import modality_share
from peerattn.traces.shift import shift
from tests.peerattn.figures.test_explorer import choose
from tests.screens import AT_REST
from tests.serving import GET_EXPLORER, PAINTED, frame, open_explorer_page, runs, served, start_again
from tests.shades import channels, faint_color, shift_color, viridis
from tests.traces import trace_of

pytestmark = pytest.mark.browser
FRAMES, WINDOW = 64, 16
TRACE = trace_of(published.structure("full_asnp50"), frames=FRAMES, rate=24)
PINNED = "13"

READ = f"""async (root) => {{
    await {PAINTED};
    const explorer = peerattnExplorer.of(root);
    const screen = root.querySelector("canvas.screen");
    const pen = screen.getContext("2d");
    const grey = (bar) => pen.getImageData(40 * bar + 20, 300, 1, 1).data[0];
    const bars = Array.from({{ length: 8 }}, (_, bar) => grey(bar) > 127);
    const read = (cell) => [cell.textContent, Number(cell.dataset.value)];
    const cells = (within) => [...root.querySelectorAll(within)].map(read);
    return {{
        shown: bars.reduce((sum, bit) => 2 * sum + bit, 0),
        named: Number(screen.dataset.frame),
        cursor: explorer.cursor,
        slider: Number(root.querySelector(".slider").value),
        said: root.querySelector(".facts").textContent,
        lines: cells(".values [data-value]"),
        numbers: cells("section.numbers [data-value]"),
        time: cells(".facts [data-value]"),
        edges: explorer.graph.connectionColors(),
    }};
}}"""
"""JavaScript for everything that the explorer shows, read after it has been painted."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("tests/pages/cursor.py", tmp_path_factory.mktemp("cursor")) as address:
        yield address


@pytest.fixture
def page(kept_page: Page) -> Page:
    """One window for all tests of this file, tall enough to show the whole explorer."""
    kept_page.set_viewport_size({"width": 1440, "height": 1300})
    return kept_page


@pytest.fixture
def root(page: Page, url: str) -> Locator:
    return start_again(page, url)


class Seeker:
    """Moves the cursor as a user does: with slider, keys, a click on the lines, or a click on a window."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page, root
        self.lines = root.locator("canvas.lines").bounding_box()
        self.windows = [button.bounding_box() for button in root.locator(".windows button").all()]
        self.places = root.evaluate(
            "(root, count) => Array.from({ length: count }, "
            f"(_, at) => ({GET_EXPLORER})(root).timeline.chart.x(at))",
            FRAMES,
        )
        self.now = frame(root)

    def slider(self, random: random.Random) -> int:
        wanted = random.randrange(FRAMES)
        self.root.locator(".slider").evaluate(
            """(slider, wanted) => {
                slider.value = wanted;
                slider.dispatchEvent(new Event("input"));
            }""",
            wanted,
        )
        return wanted

    def key(self, random: random.Random) -> int:
        window = self.now // WINDOW
        key, wanted = random.choice(
            [
                ("ArrowLeft", max(self.now - 1, 0)),
                ("ArrowRight", min(self.now + 1, FRAMES - 1)),
                ("Home", 0),
                ("End", FRAMES - 1),
                ("PageUp", max(window - 1, 0) * WINDOW),
                ("PageDown", min(window + 1, FRAMES // WINDOW - 1) * WINDOW),
            ]
        )
        self.page.keyboard.press(key)
        return wanted

    def click(self, random: random.Random) -> int:
        """Click on the lines, which leaves the focus on the screen, so that keys still work."""
        wanted = random.randrange(FRAMES)
        self.page.mouse.click(self.lines["x"] + self.places[wanted], self.lines["y"] + 50)
        return wanted

    def window(self, random: random.Random) -> int:
        wanted = random.randrange(FRAMES // WINDOW)
        box = self.windows[wanted]
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
        return wanted * WINDOW

    def seek(self, random: random.Random) -> int:
        self.now = random.choice([self.slider, self.key, self.click, self.window])(random)
        return self.now


def numbers_at(block: str, at: int) -> list[np.float32]:
    """The numbers of a block and its connections at a frame."""
    touching = [each for each in TRACE.connections if block in (each.source, each.target)]
    factors, shifts = [each.mean_factor[at] for each in touching], [shift(each)[at] for each in touching]
    return [TRACE.block(block).activity[at], *factors, *shifts]


def constant_numbers() -> list[np.float32]:
    """The numbers that do not depend on the frame: connection weights and attention weights."""
    weights = [np.float32(each.connection_weight) for each in TRACE.connections]
    return [*weights, *(weight for each in TRACE.connections for weight in each.attention_weights)]


CONSTANT_NUMBERS = constant_numbers()
KEYS = [each.key for each in TRACE.connections]
STRENGTH = strength_by_modality(TRACE)


def distances_to_nearest(numbers: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The distance of each number from the nearest one of the others."""
    return np.abs(np.subtract.outer(numbers, others)).min(axis=1, initial=1)


def differences(seen: dict, wanted: int, colors: np.ndarray) -> list[str]:
    """What the explorer shows that does not belong to the wanted frame."""
    by_modality = STRENGTH.iloc[wanted]
    wrong = [name for name in ("shown", "named", "cursor", "slider") if seen[name] != wanted]
    said = f"frame {wanted + 1} of {FRAMES}{TRACE.times[wanted]:.3f} swindow {wanted // WINDOW + 1} of 4"
    said += "affected by padding beyond the clip's ends" * (wanted < 2 or wanted >= FRAMES - 3)
    if seen["said"] != said:
        wrong.append("said")
    if not np.allclose([value for _, value in seen["lines"]], by_modality, rtol=0, atol=1e-6):
        wrong.append("lines")
    if not np.allclose([value for _, value in seen["time"]], TRACE.times[wanted], rtol=0, atol=1e-6):
        wrong.append("time")
    shown = np.array([value for _, value in seen["numbers"]])
    moved = np.array(numbers_at(PINNED, wanted))
    if distances_to_nearest(moved, shown).max() > 1e-6:
        wrong.append("a number is missing")
    if distances_to_nearest(shown, np.array([*moved, *CONSTANT_NUMBERS])).max(initial=0) > 1e-6:
        wrong.append("a number of another frame")
    for text, value in (*seen["lines"], *seen["numbers"]):
        if abs(float(text) - value) > 0.5001 * 10.0 ** -len(text.partition(".")[2]):
            wrong.append(f"{text} is not {value}")
    assert [key for key, _ in seen["edges"]] == KEYS
    off = np.abs(np.subtract([channels(color) for _, color in seen["edges"]], colors)).max(axis=1) > 1
    wrong += [f"colour of {KEYS[row]}" for row in np.flatnonzero(off)]
    return wrong


def test_after_200_random_seeks_everything_shown_belongs_to_the_frame_and_no_python_has_run(page, root):
    choose(root, f"block {PINNED}")
    expect(page.get_by_text(f"selected: block {PINNED}", exact=True)).to_be_visible()
    root.locator("canvas.screen").focus()
    before, seeker, chance, failed = runs(page), Seeker(page, root), random.Random(0), {}
    touching = {each.key for each in TRACE.connections if PINNED in (each.source, each.target)}
    looks = {"faint": faint_color(root), "adjacent": touching}
    shades = np.array(
        [[shift_color(each, at, **looks) for each in TRACE.connections] for at in range(FRAMES)]
    )
    element = root.element_handle()
    for turn in range(200):
        wanted = seeker.seek(chance)
        seen = element.evaluate(READ)
        if wrong := differences(seen, wanted, shades[wanted]):
            failed[turn] = (wanted, seen["cursor"], wrong)
    assert failed == {}
    assert runs(page) == before


def point_at(page: Page, root: Locator, at: int) -> None:
    """Move the pointer to a frame on the timeline."""
    box = root.locator("canvas.lines").bounding_box()
    page.mouse.move(
        box["x"] + root.evaluate(f"(root, at) => ({GET_EXPLORER})(root).timeline.chart.x(at)", at),
        box["y"] + 40,
    )


def test_pointing_at_the_timeline_previews_a_frame_until_the_pointer_leaves(page, root):
    before = runs(page)
    root.locator(".slider").fill("5")
    for at in (40, 41, 12):
        point_at(page, root, at)
        seen = root.evaluate(READ)
        assert (seen["shown"], seen["named"], seen["cursor"]) == (at, at, 5)
        assert np.allclose([value for _, value in seen["lines"]], STRENGTH.iloc[at], atol=1e-6)
    page.mouse.move(2, 2)
    assert root.evaluate(READ)["shown"] == 5
    point_at(page, root, 30)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(2, 2)
    seen = root.evaluate(READ)
    assert (seen["shown"], seen["cursor"]) == (30, 30)
    point_at(page, root, 50)
    root.locator("canvas.screen").focus()
    page.keyboard.press("ArrowRight")
    assert root.evaluate(READ)["shown"] == 31  # steps start at the cursor, not at the pointer
    assert runs(page) == before


def play(root: Locator, until: str) -> list[int]:
    """Play, and return the frames in the order shown, until JavaScript about the list `seen` is true."""
    return root.evaluate(
        f"""async (root) => {{
            const explorer = ({GET_EXPLORER})(root);
            const seen = [explorer.cursor];
            const listen = () => seen.push(explorer.cursor);
            addEventListener("peerattn-moved", listen);
            explorer.toggle();
            while (explorer.playing && !({until})) await new Promise((resolve) => setTimeout(resolve, 20));
            explorer.pause();
            removeEventListener("peerattn-moved", listen);
            return seen;
        }}"""
    )


def test_a_loop_repeats_when_played_and_is_kept_in_the_address(page, root):
    before = runs(page)
    root.locator(".slider").fill("20")
    root.get_by_role("button", name="loop from here").click()
    root.locator(".slider").fill("27")
    root.get_by_role("button", name="loop to here").click()
    expect(root.get_by_text("loops 21 to 28")).to_be_visible()
    page.wait_for_url(re.compile(r"loop=21-28"))
    root.locator(".slider").fill("50")
    seen = play(root, "seen.filter((frame) => frame === 20).length > 2")[1:]
    assert set(seen) <= set(range(20, 28))
    assert seen[0] == 20
    turns = [number for number, (now, then) in enumerate(pairwise(seen)) if then < now]
    assert len(turns) >= 2
    assert all(seen[turn] == 27 and seen[turn + 1] == 20 for turn in turns)
    assert runs(page) == before
    page.reload()
    page.locator("canvas.screen[data-drawn]").wait_for()
    expect(root.get_by_text("loops 21 to 28")).to_be_visible()
    root.get_by_role("button", name="clear the loop").click()
    expect(root.get_by_text("loops")).to_have_count(0)
    assert "loop" not in page.url
    assert runs(page) == 1


def test_a_loop_can_be_set_by_dragging_with_shift_and_by_keys(page, root):
    loop = f"root => ({GET_EXPLORER})(root).settings.loop"
    page.keyboard.down("Shift")
    point_at(page, root, 30)
    page.mouse.down()
    point_at(page, root, 12)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert root.evaluate(loop) == "13-31"
    assert root.evaluate(f"root => ({GET_EXPLORER})(root).cursor") == 0  # a loop is not a seek
    shaded, plain = (
        root.evaluate(
            f"""(root, at) => {{
                const {{ chart }} = ({GET_EXPLORER})(root).timeline;
                const x = Math.round(chart.x(at)) + 4;
                return [...chart.background.getContext("2d").getImageData(x, 12, 1, 1).data];
            }}""",
            at,
        )
        for at in (20, 50)
    )
    assert shaded[3] == 255 and plain[3] == 0
    root.locator("canvas.screen").focus()
    root.locator(".slider").fill("40")
    page.keyboard.press("[")
    assert root.evaluate(loop) == "41-64"
    root.locator(".slider").fill("44")
    page.keyboard.press("]")
    assert root.evaluate(loop) == "41-45"
    root.locator(".slider").fill("9")
    page.keyboard.press("]")
    assert root.evaluate(loop) == "1-10"


def test_playing_stops_at_the_last_frame(root):
    seen = play(root, "false")
    assert seen == sorted(seen)
    assert seen[-1] == FRAMES - 1


def pixel(root: Locator, x: int, y: int) -> list[int]:
    return root.locator("canvas.screen").evaluate(
        "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)", [x, y]
    )


def show_overlay(root: Locator, overlay: str) -> None:
    root.get_by_role("radio", name=overlay).check()
    expect(root.locator("canvas.screen[data-drawn]")).to_have_count(1)


def test_the_flow_overlay_shows_direction_as_hue_and_speed_as_opacity(root):
    before = pixel(root, 290, 290)
    show_overlay(root, "flow")
    right, down, left, still = (pixel(root, x, y) for x, y in ((5, 5), (315, 5), (5, 315), (290, 290)))
    hues = [colorsys.rgb_to_hsv(*color)[0] for color in (right, down, left)]
    assert hues == pytest.approx([0, 0.25, 0.5], abs=0.01)
    assert still == before
    assert max(right) == pytest.approx(0.85 * 255, abs=3)  # over black: its opacity is its strength
    assert max(left) == pytest.approx(0.5 * 0.85 * 255, abs=3)
    legend = root.locator(".player .legend:visible li").all_inner_texts()
    assert legend == ["→ right: red", "↓ down: lime", "← left: cyan", "↑ up: violet"]
    assert direction_colors(4)[0] == "#ff0000"
    speeds = root.locator(".player b:visible").evaluate_all(
        "all => all.map((cell) => Number(cell.dataset.value))"
    )
    assert speeds == [4, 4]


def test_the_joints_overlay_draws_sure_joints_and_limbs_at_every_frame(root):
    show_overlay(root, "joints")
    for at in (3, 40):
        root.locator(".slider").fill(str(at))
        expect(root.locator("canvas.screen")).to_have_attribute("data-drawn", re.compile(f" {at} joints $"))
        elbow, wrist, limb = ((80, 160), (160 + at, 160), (120, 160))
        assert min(min(pixel(root, *place)) for place in (elbow, wrist, limb)) > 240  # white
        assert pixel(root, 160 + at + 20, 160) != [255, 255, 255]  # beyond the wrist
    before = pixel(root, 160, 288)  # the right ankle is not sure
    root.get_by_role("radio", name="none").check()
    assert pixel(root, 160, 288) == before
    expect(root.get_by_text("joints with a score of 0.2 or more")).to_have_count(1)


def test_the_heat_map_shows_values_as_colours_and_follows_the_selected_block(page, root):
    show_overlay(root, "heat map")
    for block, act in (("14", None), (PINNED, lambda: choose(root, f"block {PINNED}"))):
        if act:
            act()
        heatmap = TRACE.block(block).heatmap
        low, high = float(heatmap.min()), float(heatmap.max())
        expect(root.get_by_text(f"mean absolute output of block {block} at each position")).to_be_visible()
        for at in (3, 40):
            root.locator(".slider").fill(str(at))
            expect(root.locator("canvas.screen")).to_have_attribute(
                "data-drawn", re.compile(f" {at} heat {block}$")
            )
            value = (heatmap[at, 3, 0] - low) / (high - low)  # at the bar that is black in every frame
            assert (
                np.abs(np.subtract(pixel(root, 20, 300), 0.55 * np.array(viridis(float(value))))).max() <= 3
            )
        ends = root.locator(".range b").evaluate_all("all => all.map((cell) => Number(cell.dataset.value))")
        assert ends == pytest.approx([low, high], abs=1e-6)
    root.get_by_role("combobox", name="heat map of").select_option("3")
    expect(root.get_by_text("mean absolute output of block 3 at each position")).to_be_visible()
    page.wait_for_url(re.compile("heat=3"))


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("modality", attention_by(TRACE)),
        ("level", attention_by(TRACE, "level")),
        ("share", modality_share(TRACE)),
    ],
)
def test_lines_show_the_values_of_the_table(root, name, table):
    root.get_by_role("combobox", name="lines").select_option(name)
    groups = {} if name == "share" else attention_groups(TRACE, name)
    counts = {group: f" (n = {len(keys)})" for group, keys in groups.items()}
    for at in (0, 33, 63):
        root.locator(".slider").fill(str(at))
        cells = root.locator(".values > span")
        assert cells.all_text_contents() == [
            f"{column}{counts.get(column, '')}{value:.3f}" for column, value in table.iloc[at].items()
        ]
        values = root.locator(".values b").evaluate_all(
            "all => all.map((cell) => Number(cell.dataset.value))"
        )
        assert values == pytest.approx(list(table.iloc[at]), abs=1e-6)
        if name == "share":
            assert sum(values) == pytest.approx(1, abs=1e-6)


def test_the_line_of_a_connection_has_a_band_from_its_least_to_its_greatest_channel(root):
    root.get_by_role("combobox", name="lines").select_option("connections")
    expect(root.locator(".values > span")).to_have_count(0)
    choose(root, f"block {PINNED}")
    names = [f"{each.source} → {each.target}" for each in TRACE.connections if each.target == PINNED]
    names += [f"{each.source} → {each.target}" for each in TRACE.connections if each.source == PINNED]
    expect(root.locator(".values > span")).to_have_text([re.compile(f"^{name}") for name in names])
    connection = TRACE.connections[7]
    choose(root, f"connection {connection.key}")
    expect(root.locator(".values > span")).to_have_count(1)
    drawn = root.evaluate(
        f"""(root, count) => {{
            const [{{ low, value, high }}] = ({GET_EXPLORER})(root).timeline.chart.chart.lines;
            return Array.from({{ length: count }}, (_, at) => [low(at), value(at), high(at)]);
        }}""",
        FRAMES,
    )
    factors = connection.attention_factors
    np.testing.assert_allclose(
        drawn, np.stack([factors.min(1), connection.mean_factor, factors.max(1)], 1), atol=1e-6
    )


def test_windows_too_narrow_for_their_classes_show_the_three_most_probable_on_focus(page, root):
    page.set_viewport_size({"width": 390, "height": 900})
    page.evaluate(AT_REST)  # a window that is drawn anew loses the focus
    for number, window in enumerate(TRACE.windows):
        best = np.argsort(-window.probabilities, kind="stable")[:3]
        said = " ".join(f"{TRACE.class_names[each]} {window.probabilities[each]:.2f}" for each in best)
        button = root.locator(".windows button").nth(number)
        frames = f"frames {window.start + 1} to {window.stop}"
        expect(button).to_have_accessible_name(f"window {number + 1} {frames} {said}")
        button.focus()
        expect(root.locator(".card .name")).to_have_text([TRACE.class_names[each] for each in best])


def test_a_question_mark_opens_the_list_of_keys_and_escape_closes_only_the_list(page, root):
    choose(root, f"block {PINNED}")
    root.locator("canvas.screen").focus()
    page.keyboard.press("?")
    keys = root.get_by_role("dialog", name="keys")
    expect(keys).to_be_visible()
    listed = keys.locator("kbd").all_text_contents()
    assert {"Space", "←", "→", "Home", "End", "Page Up", "Page Down", "[", "]", "Esc", "?"} <= set(listed)
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    assert root.evaluate(f"root => ({GET_EXPLORER})(root).pinned.id") == PINNED
    root.get_by_role("button", name="keys").click()
    expect(keys).to_be_visible()


def test_space_plays_after_presenter_mode_was_turned_on_by_its_button(page, root):
    root.evaluate("root => { root.requestFullscreen = undefined; }")
    root.get_by_role("button", name="presenter mode", exact=False).click()
    expect(root).to_have_class(re.compile("presenting"))
    page.keyboard.press("Space")
    expect(root.get_by_role("button", name="pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(root).to_have_class(re.compile("presenting"))
    page.keyboard.press("Escape")
    root.evaluate("root => { delete root.requestFullscreen; }")


def test_escape_first_leaves_presenter_mode_and_then_clears_the_selection(page, root):
    choose(root, f"block {PINNED}")
    root.evaluate("root => { root.requestFullscreen = undefined; }")  # as in browsers without full screen
    root.locator("canvas.screen").focus()
    page.keyboard.press("f")
    expect(root).to_have_class(re.compile("presenting"))
    page.keyboard.press("Escape")
    expect(root).not_to_have_class(re.compile("presenting"))
    assert root.evaluate(f"root => ({GET_EXPLORER})(root).pinned.id") == PINNED
    page.keyboard.press("Escape")
    assert root.evaluate(f"root => ({GET_EXPLORER})(root).pinned") is None
    root.evaluate("root => { delete root.requestFullscreen; }")


def test_the_address_restores_frame_lines_overlay_and_loop(page, root):
    root.locator(".slider").fill("20")
    root.get_by_role("combobox", name="lines").select_option("share")
    show_overlay(root, "flow")
    root.get_by_role("button", name="loop from here").click()
    page.wait_for_url(re.compile("frame=21"))
    other = open_explorer_page(page.context.new_page(), page.url)
    assert frame(other) == 20
    expect(other.get_by_role("combobox", name="lines")).to_have_value("share")
    expect(other.get_by_role("radio", name="flow")).to_be_checked()
    expect(other.get_by_text("loops 21 to 64")).to_be_visible()
    other.page.close()


def test_a_recording_of_64_frames_takes_at_most_two_megabytes_and_a_rerun_50_kilobytes(page, url):
    received: list[int] = []
    page.on("websocket", lambda opened: opened.on("framereceived", lambda data: received.append(len(data))))
    root = open_explorer_page(page, url)
    expect(page.get_by_text("runs: 1", exact=True)).to_be_visible()
    script = root.evaluate("() => performance.getEntriesByType('resource').length")
    assert script and len(TRACE.connections) == 45
    assert root.evaluate("root => peerattnRecordings.get(peerattnExplorer.of(root).name).length") <= 2_000_000
    received.clear()
    choose(root, "block 9")
    expect(page.get_by_text("selected: block 9", exact=True)).to_be_visible()
    assert 0 < sum(received) <= 50_000
