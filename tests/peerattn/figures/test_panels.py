"""Panels show the numbers of the trace, follow the explorer's cursor, and their charts can be clicked."""

import base64
import dataclasses
import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.figures import factor_steps as chains
from peerattn.figures.panels import Panel, block_panels, clip_panels, connection_panels
from peerattn.figures.scripts import PANEL_PARTS, PANEL_STYLE, panels_script, read_part
from peerattn.recording.inside import inside
from peerattn.tables.attention import attention_by
from peerattn.tables.share import BASELINE_NOTE, OLD_SHARES_NOTE, modality_share
from peerattn.traces.factor_steps import Affine, FactorSteps
from tests import axe
from tests.panels import FRAMES, NETWORK, TRACE, VECTORS
from tests.serving import served, start_again
from tests.traces import HOSTILE, older, trace

KEY = "inner1_to_top"
INSIDE = inside(NETWORK, VECTORS, KEY)


def named(panels: list[Panel], name: str) -> Panel:
    return next(panel for panel in panels if panel["id"] == name)


def array(coded: dict | list) -> np.ndarray:
    """The numbers of a figure, which are one of Plotly's typed arrays or a plain list."""
    if isinstance(coded, list):
        return np.array(coded)
    values = np.frombuffer(base64.b64decode(coded["bdata"]), coded["dtype"])
    return values.reshape([int(side) for side in str(coded.get("shape", len(values))).split(",")])


def packed(chain: dict, name: str) -> np.ndarray:
    coded = chain["arrays"][name]
    return np.frombuffer(base64.b64decode(coded["data"]), "<f4").reshape(coded["shape"])


def every_panel() -> list[Panel]:
    return [
        *clip_panels(TRACE),
        *connection_panels(TRACE, KEY, INSIDE),
        *block_panels(TRACE, "top"),
        *block_panels(TRACE, HOSTILE),
        *block_panels(TRACE, "rgb1"),
    ]


def test_every_panel_is_json_with_a_definition_and_either_a_figure_or_steps() -> None:
    for panel in json.loads(json.dumps(every_panel(), allow_nan=False)):
        assert panel["title"] and len(panel["about"]) > 30, panel["id"]
        assert bool(panel.get("chain")) != bool(panel["figure"]), panel["id"]
        assert "template" not in (panel["figure"] or {"layout": {}})["layout"]
        for row in (panel["table"] or {"rows": []})["rows"] or []:
            assert len(row) == len(panel["table"]["columns"])
        if panel["axis"] == "time":
            np.testing.assert_array_equal(array(panel["figure"]["data"][0]["x"]), TRACE.times)
    for panels in (clip_panels(TRACE), connection_panels(TRACE, KEY, INSIDE), block_panels(TRACE, "top")):
        assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_heat_map_contains_all_factors_exactly_and_each_order_contains_all_channels() -> None:
    panel, factors = named(connection_panels(TRACE, KEY), "channels"), TRACE.connection(KEY).attention_factors
    np.testing.assert_array_equal(array(panel["figure"]["data"][0]["z"]), factors.T)
    for order in panel["orders"].values():
        assert sorted(order) == list(range(factors.shape[1]))
    assert np.all(np.diff(factors.mean(axis=0)[panel["orders"]["mean"]]) <= 0)
    assert np.all(np.diff(factors.var(axis=0)[panel["orders"]["variance"]]) <= 0)


def test_ordering_by_similarity_groups_channels_and_puts_opposite_groups_at_the_ends() -> None:
    """Three channels follow a wave, three follow its opposite, and one is constant."""
    wave = 0.4 * np.sin(np.arange(FRAMES)) + 0.5
    courses = [wave, 1 - wave, wave * 0.9, 0 * wave + 0.3, 1 - wave * 0.8, wave * 0.7, 1 - wave * 0.7]
    factors = np.stack(courses, axis=1).astype(np.float32)
    connection = dataclasses.replace(TRACE.connections[0], attention_factors=factors)
    changed = dataclasses.replace(TRACE, connections=(connection, *TRACE.connections[1:]))
    order = named(connection_panels(changed, connection.key), "channels")["orders"]["similarity"]
    assert order[3] == 3
    assert {frozenset(order[:3]), frozenset(order[4:])} == {frozenset({0, 2, 5}), frozenset({1, 4, 6})}


@pytest.mark.parametrize("name", ["share", "modality", "level"])
def test_the_tables_of_panels_over_time_equal_those_of_the_package(name: str) -> None:
    table = named(clip_panels(TRACE), name)["table"]
    expected = modality_share(TRACE) if name == "share" else attention_by(TRACE, name)
    assert table["columns"] == ["frame", "time_s", *expected.columns]
    rows = np.array(table["rows"])
    np.testing.assert_array_equal(rows[:, 0], np.arange(1, FRAMES + 1))
    np.testing.assert_array_equal(rows[:, 2:].astype(expected.dtypes.iloc[0]), expected)


def test_pins_name_the_connection_or_block_of_each_row() -> None:
    matrix = named(clip_panels(TRACE), "peers")
    assert matrix["pins"][0]["ids"] == [row[0] for row in matrix["table"]["rows"]]
    assert len(matrix["pins"][0]["ids"]) == len(array(matrix["figure"]["data"][0]["z"]))
    weights = named(connection_panels(TRACE, KEY), "weights")
    own = dict(zip(TRACE.connection(KEY).peers, TRACE.connection(KEY).attention_weights, strict=True))
    drawn = array(weights["figure"]["data"][0]["x"]).astype(np.float32)
    assert [own[peer] for peer in weights["pins"][0]["ids"]] == drawn.tolist()
    joined = named(block_panels(TRACE, "inner1"), "joined")
    assert all("inner1" in key for key in joined["pins"][0]["ids"])


def test_an_old_trace_without_magnitudes_asks_to_record_the_clip_again() -> None:
    bare = tuple(dataclasses.replace(each, magnitude=None) for each in TRACE.connections)
    old = dataclasses.replace(TRACE, connections=bare)
    for panel in (named(clip_panels(old), "share"), named(connection_panels(old, KEY), "delivers")):
        assert "record the clip again" in panel["missing"] and panel["figure"] is None


def test_an_old_trace_without_contributions_says_what_its_shares_are_shares_of() -> None:
    recorded = trace()
    for old in (False, True):
        shown = older(recorded) if old else recorded
        panels = [*clip_panels(shown), *connection_panels(shown, KEY), *block_panels(shown, "top")]
        for name in ("share", "delivers", "arrives", "origins"):
            panel = named(panels, name)
            assert panel.get("remark") == (OLD_SHARES_NOTE if old else None)
            assert (OLD_SHARES_NOTE if old else BASELINE_NOTE) in panel["about"]
            assert ("adds" in panel["about"]) is not old
        assert "remark" not in named(panels, "activity")


def test_panels_over_time_say_which_frames_depend_on_padding_beyond_the_ends() -> None:
    recorded = trace()
    own = dataclasses.replace(recorded.connection(KEY), reached=(7, 0))
    connections = tuple(own if each.key == KEY else each for each in recorded.connections)
    shown = dataclasses.replace(recorded, connections=connections)
    expected = {"channels": (7, 0), "delivers": (7, 3), "share": (7, 3), "modality": (7, 3), "level": (7, 3)}
    panels = [*connection_panels(shown, KEY), *clip_panels(shown)]
    assert {panel["id"]: panel["reached"] for panel in panels if "reached" in panel} == expected
    for block, reach in {
        "rgb1": 1,
        "inner1": 2,
        "top": 4,
    }.items():  # each level adds one convolution over time
        assert named(block_panels(shown, block), "activity")["reached"] == (reach, reach)
    assert named(block_panels(shown, "top"), "arrives")["reached"] == (7, 3)
    assert named(block_panels(shown, "upper1"), "origins")["reached"] == (2, 3)
    old = older(recorded)
    panels = (*clip_panels(old), *connection_panels(old, KEY), *block_panels(old, "top"))
    assert not any("reached" in panel for panel in panels)


def test_connections_without_several_peers_have_panels_too() -> None:
    for attention in ("none", "static", "self"):
        other = trace(attention=attention)
        panels = [*clip_panels(other), *connection_panels(other, KEY), *block_panels(other, "inner1")]
        json.dumps(panels, allow_nan=False)


def test_packed_steps_are_exact_and_reproduce_the_logit() -> None:
    chain = chains.pack_factor_steps(TRACE, INSIDE)
    assert chain["left_out"] == "" and chain["frames"] == list(range(FRAMES))
    np.testing.assert_array_equal(packed(chain, "factors"), INSIDE.factors)
    for peer in range(len(INSIDE.peers)):
        np.testing.assert_array_equal(packed(chain, f"pooled {peer}"), INSIDE.pooled[peer])
        np.testing.assert_array_equal(packed(chain, f"projection {peer}"), INSIDE.projections[peer].matrix)
    logits = packed(chain, "combined") @ packed(chain, "dense").T + packed(chain, "dense bias")
    np.testing.assert_allclose(logits, packed(chain, "logits"), rtol=1e-4, atol=1e-5)


def large_steps() -> FactorSteps:
    """Steps of the size of the widest published connection: 1024 channels, 14 peers, 48 frames."""
    rng = np.random.default_rng(0)

    def some(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    factors = rng.random((48, 1024)).astype(np.float32)
    return dataclasses.replace(
        INSIDE,
        peers=INSIDE.peers[:1] * 14,
        pooled=tuple(some(48, 256) for _ in range(14)),
        projections=tuple(Affine(some(1024, 256), some(1024)) for _ in range(14)),
        projected=tuple(some(48, 1024) for _ in range(14)),
        attention_weights=np.full(14, 1 / 14, np.float32),
        combined=some(48, 1024),
        dense=Affine(some(1024, 1024), some(1024)),
        logits=some(48, 1024),
        factors=factors,
        source=some(48, 1024),
        scaled=some(48, 1024),
    )


def test_large_steps_are_cut_to_the_size_budget_and_say_what_is_left_out() -> None:
    wide = large_steps()
    chain = chains.pack_factor_steps(TRACE, wide)
    assert sum(packed(chain, name).nbytes for name in chain["arrays"]) <= chains.STEPS_BUDGET
    assert f"{len(chain['channels'])} of 1024 channels" in chain["left_out"]
    assert f"{len(chain['frames'])} of 48 frames" in chain["left_out"]
    assert "projections are too large" in chain["left_out"]
    assert chain["start"] in chain["channels"] and len(chain["frames"]) > 3
    rows = np.ix_(chain["frames"], chain["channels"])
    np.testing.assert_array_equal(packed(chain, "factors"), wide.factors[rows])
    np.testing.assert_array_equal(packed(chain, "dense"), wide.dense.matrix[chain["channels"]])


def test_steps_start_at_the_named_channel_that_varies_most() -> None:
    order = np.argsort(-INSIDE.factors.var(axis=0), kind="stable")
    assert chains.pack_factor_steps(TRACE, INSIDE)["start"] == order[0]
    names: list[str | None] = ["a class"] * len(order)
    names[order[0]] = None
    assert chains.pack_factor_steps(TRACE, INSIDE, names)["start"] == order[1]
    assert chains.pack_factor_steps(TRACE, INSIDE, [None] * len(order))["start"] == order[0]


def test_tables_have_a_readable_title_for_each_column() -> None:
    key = TRACE.connections[0].key
    tables = {panel["id"]: panel["table"] for panel in connection_panels(TRACE, key) if panel["table"]}
    assert all(len(table["titles"]) == len(table["columns"]) for table in tables.values())
    assert tables["weights"]["titles"][:3] == ["Connection", "Peer", "Attention weight"]
    assert tables["channels"]["titles"][:3] == ["Frame", "Time (s)", "Channel 0"]


def test_the_script_contains_no_web_address_and_never_parses_text_as_html() -> None:
    own = "".join(read_part(name) for name in (*PANEL_PARTS, PANEL_STYLE)).replace(
        "http://www.w3.org/2000/svg", ""
    )
    assert "http" not in own
    assert not any(word in own for word in ("innerHTML", "insertAdjacentHTML", "document.write", "import "))
    assert "Plotly" in panels_script() and "peerattnPanels" in panels_script()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("tests/pages/panels.py", tmp_path_factory.mktemp("panels")) as address:
        yield address


@pytest.fixture
def page(kept_page: Page) -> Page:
    """One window for all tests of this file."""
    return kept_page


START_PANELS_AGAIN = """(root) => {
    peerattnPanels.remove(root);
    root.shown = undefined;
    root.show();
}"""


@pytest.fixture
def panels(page: Page, url: str) -> Locator:
    """The panels of a newly opened page: a connection's heat map is drawn, and the cursor is at frame 0."""
    start_again(page, url, {"kind": "connection", "id": KEY})
    panels = page.locator(".details")
    expect(panels.locator(".group .of").first).to_have_text(KEY)
    panels.evaluate(START_PANELS_AGAIN)
    panels.locator("[data-drawn=channels]").wait_for()
    return panels


def explorer(panels: Locator, expression: str) -> object:
    """Evaluate JavaScript in which `explorer` is the explorer that the panels follow."""
    return panels.evaluate(
        f"root => {{ const {{ explorer }} = peerattnPanels.of(root); return {expression}; }}"
    )


def open_panel(panels: Locator, name: str) -> None:
    panels.locator(f"#tab-{name}").click()
    expect(panels.locator(f"[data-drawn={name}]")).to_have_count(1)


def run_count(page: Page) -> str:
    """The line of the page that counts the runs of its Python script."""
    return page.get_by_text("runs: ").inner_text()


CURSOR = """root => {
  const { chart } = peerattnPanels.of(root);
  const { xaxis, _size: size } = chart.plot._fullLayout;
  const frame = peerattnPanels.of(root).frame;
  const drawn = chart.cursor.getBoundingClientRect();
  return [chart.cursor.hidden ? null : drawn.x + drawn.width / 2 - chart.plot.getBoundingClientRect().x,
          size.l + xaxis.d2p(chart.times[frame])];
}"""
"""JavaScript for the position of a chart's cursor (null if hidden) and the correct one, in px."""
SEEK_AND_READ = f"""(root, frames) => frames.map((frame) => {{
  peerattnPanels.of(root).explorer.seek(frame);
  const values = [...root.querySelectorAll(".values b")].map(({{ dataset }}) => Number(dataset.value));
  return [values, ({CURSOR})(root)];
}})"""
"""JavaScript for the values and the cursor after moving the explorer to each of the frames."""


@pytest.mark.browser
def test_cursor_and_values_follow_the_explorer_without_running_python(page: Page, panels: Locator) -> None:
    before = run_count(page)
    open_panel(panels, "share")
    shares = modality_share(TRACE)
    frames = random.Random(0).sample(range(FRAMES), 12)
    for frame, (shown, cursor) in zip(frames, panels.evaluate(SEEK_AND_READ, frames), strict=True):
        np.testing.assert_allclose(shown, shares.iloc[frame], rtol=0, atol=1e-6)
        drawn, expected = cursor
        assert drawn == pytest.approx(expected, abs=1)
    assert run_count(page) == before


@pytest.mark.browser
def test_the_cursor_is_at_the_right_place_after_a_zoom_and_in_a_narrow_window(
    page: Page, panels: Locator
) -> None:
    explorer(panels, "explorer.seek(10)")
    panels.evaluate("root => Plotly.relayout(peerattnPanels.of(root).chart.plot, { 'xaxis.range': [1, 2] })")
    drawn, expected = panels.evaluate(CURSOR)
    assert drawn == pytest.approx(expected, abs=1)
    explorer(panels, "explorer.seek(2)")
    assert panels.evaluate(CURSOR)[0] is None
    panels.evaluate(
        "root => Plotly.relayout(peerattnPanels.of(root).chart.plot, { 'xaxis.autorange': true })"
    )
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(
        "root => { const { chart } = peerattnPanels.of(root);"
        " return chart.plot._fullLayout.width === chart.plot.clientWidth && chart.plot.clientWidth < 400; }",
        arg=panels.element_handle(),
    )
    drawn, expected = panels.evaluate(CURSOR)
    assert drawn == pytest.approx(expected, abs=1)


@pytest.mark.browser
def test_tabs_can_be_chosen_by_keyboard_and_are_kept_in_the_address(page: Page, panels: Locator) -> None:
    panels.get_by_role("tab", name="Channels").focus()
    page.keyboard.press("ArrowRight")
    chosen = panels.get_by_role("tab", selected=True)
    expect(chosen).to_have_text("Attention weights")
    expect(chosen).to_be_focused()
    expect(panels.get_by_role("tabpanel", name="Attention weights")).to_be_visible()
    page.keyboard.press("End")
    expect(chosen).to_have_text("Predictions by window")
    assert "panel=windows" in page.url
    page.reload()
    panels.locator("[data-drawn=windows]").wait_for()
    expect(chosen).to_have_text("Predictions by window")


@pytest.mark.browser
def test_a_click_on_a_time_axis_moves_the_frame_and_a_click_on_the_matrix_pins_the_connection(
    page: Page, panels: Locator
) -> None:
    plot = panels.locator(".nsewdrag").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 12.5 / FRAMES, "y": box["height"] / 2})
    assert explorer(panels, "explorer.frame") == 12
    open_panel(panels, "peers")
    plot = panels.locator(".nsewdrag").first
    box = plot.bounding_box()
    plot.click(position={"x": 10, "y": box["height"] * 2.5 / len(TRACE.connections)})
    expect(panels.locator(".group .of").first).to_have_text(TRACE.connections[2].key)
    expect(panels.get_by_role("tab", selected=True)).to_have_text("Peers of every connection")
    assert explorer(panels, "explorer.pinned.id") == TRACE.connections[2].key


CUT = """root => {
    const drawn = root.querySelector(".main-svg").getBoundingClientRect();
    return [...root.querySelectorAll(".main-svg text")].filter((text) => {
        const place = text.getBoundingClientRect();
        const across = place.left >= drawn.left - 1 && place.right <= drawn.right + 1;
        return place.width && !(across && place.top >= drawn.top - 1 && place.bottom <= drawn.bottom + 1);
    }).map((text) => text.textContent);
}"""
"""JavaScript for the texts of a chart that extend beyond its edge."""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1400, 390])
def test_no_text_of_a_chart_is_cut_off(page: Page, panels: Locator, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for panel in (*clip_panels(TRACE), *connection_panels(TRACE, KEY)):
        open_panel(panels, panel["id"])
        assert panels.evaluate(CUT) == [], panel["title"]


@pytest.mark.browser
def test_the_panels_change_with_the_selection(panels: Locator) -> None:
    explorer(panels, f"explorer.pin({{ kind: 'block', id: {json.dumps(HOSTILE)} }})")
    expect(panels.locator(".group .of").first).to_have_text(HOSTILE)
    expect(panels.get_by_role("tab", selected=True)).to_have_text("Incoming and outgoing connections")
    explorer(panels, "explorer.pin(null)")
    expect(panels.get_by_role("tab")).to_have_count(len(clip_panels(TRACE)))
    assert panels.locator("img").count() == 0


@pytest.mark.browser
def test_sorting_the_heat_map_moves_rows_and_their_names_together(panels: Locator) -> None:
    panels.get_by_label("sort by").select_option("variance")
    order = named(connection_panels(TRACE, KEY), "channels")["orders"]["variance"]
    rows = panels.evaluate("root => peerattnPanels.of(root).chart.plot.data[0].y")
    assert [int(row) for row in rows] == order
    drawn = panels.evaluate("root => peerattnPanels.of(root).chart.plot.data[0].z.map(row => [...row])")
    np.testing.assert_array_equal(np.float32(drawn), TRACE.connection(KEY).attention_factors.T[order])


@pytest.mark.browser
def test_the_steps_show_and_export_the_numbers_of_the_chosen_channel_and_frame(
    page: Page, panels: Locator
) -> None:
    open_panel(panels, "inside")
    panels.get_by_label("channel").select_option("2")
    for frame in (0, 7, FRAMES - 1):
        explorer(panels, f"explorer.seek({frame})")
        factor = panels.locator(".result b[data-value]").nth(1)
        assert float(factor.get_attribute("data-value")) == pytest.approx(INSIDE.factors[frame, 2], abs=1e-6)
        assert float(panels.locator(".result b").last.get_attribute("data-value")) == pytest.approx(
            INSIDE.scaled[frame, 2], abs=1e-6
        )
    with page.expect_download() as download:
        panels.get_by_role("button", name="Numbers (JSON)").click()
    given = json.loads(Path(download.value.path()).read_text())
    assert (given["frame"], given["channel"], given["connection"]) == (FRAMES, 2, KEY)
    total = np.zeros(len(given["sum"]))
    for peer in given["peers"]:
        matrix, bias = np.array(peer["projection"]["matrix"]), np.array(peer["projection"]["bias"])
        np.testing.assert_allclose(peer["projected"], matrix @ peer["pooled"] + bias, rtol=1e-4, atol=1e-5)
        total += peer["attention_weight"] * np.array(peer["projected"])
    np.testing.assert_allclose(given["sum"], total, rtol=1e-4, atol=1e-5)
    logit = np.dot(given["dense"]["row"], given["sum"]) + given["dense"]["bias"]
    assert given["logit"] == pytest.approx(logit, abs=1e-4)
    assert given["attention_factor"] == pytest.approx(1 / (1 + np.exp(-given["logit"])), abs=1e-6)
    assert "channel=2" in page.url


@pytest.mark.browser
def test_every_chart_has_a_table_a_csv_and_pictures(page: Page, panels: Locator, tmp_path: Path) -> None:
    open_panel(panels, "modality")
    starts = {"SVG": b"<svg", "PNG": b"\x89PNG"}
    for kind, start in starts.items():
        with page.expect_download() as download:
            panels.get_by_role("button", name=f"as {kind}").click()
        assert Path(download.value.path()).read_bytes().startswith(start)
    panels.get_by_role("button", name="Table").click()
    values = panels.locator("td.number:nth-child(3)").evaluate_all(
        "cells => cells.map(c => +c.dataset.value)"
    )
    expected = attention_by(TRACE, "modality").iloc[:, 0]
    np.testing.assert_array_equal(np.float32(values), expected)
    with page.expect_download() as download:
        panels.get_by_role("button", name="as CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "frame,time_s,rgb,flow,object,mixed" and len(lines) == FRAMES + 1
    panels.get_by_role("button", name="5", exact=True).click()
    assert explorer(panels, "explorer.frame") == 4


@pytest.mark.browser
@pytest.mark.parametrize("outcome", ["return 'data:,';", "throw new Error('too large');"])
def test_a_picture_that_the_browser_cannot_make_is_reported(
    page: Page, panels: Locator, outcome: str
) -> None:
    open_panel(panels, "modality")
    page.evaluate(f"() => {{ window.kept = Plotly.toImage; Plotly.toImage = async () => {{ {outcome} }}; }}")
    for _ in range(2):
        panels.get_by_role("button", name="as PNG").click()
        expect(panels.get_by_role("alert")).to_contain_text("choose the other format")
    page.evaluate("() => { Plotly.toImage = window.kept; }")


@pytest.mark.browser
def test_without_a_clipboard_the_numbers_are_offered_as_a_file(page: Page, panels: Locator) -> None:
    """Browsers give no clipboard to a page that another machine serves without https."""
    open_panel(panels, "inside")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    panels.get_by_role("button", name="Copy numbers").click()
    expect(panels.get_by_role("button", name="Not allowed: use Numbers (JSON)")).to_be_visible()
    page.evaluate("() => { delete navigator.clipboard; }")


@pytest.mark.browser
@pytest.mark.skipif(not axe.SCRIPT.exists(), reason=axe.INSTALL_HINT)
def test_an_accessibility_audit_finds_nothing_serious_in_any_panel(page: Page, panels: Locator) -> None:
    for tab in panels.get_by_role("tab").all():
        tab.click()
        panels.locator(f"[data-drawn={tab.get_attribute('id').removeprefix('tab-')}]").wait_for()
        assert axe.findings(page) == []


@pytest.mark.browser
def test_an_unrelated_rerun_sends_less_than_50_kilobytes(page: Page, url: str) -> None:
    received: list[int] = []
    page.on("websocket", lambda opened: opened.on("framereceived", lambda data: received.append(len(data))))
    page.goto(url)
    panels = page.locator(".details")
    panels.locator("[data-drawn=channels]").wait_for()
    assert sum(received) > 4_000_000
    for _ in range(3):
        received.clear()
        before = run_count(page)
        page.get_by_role("button", name="unrelated").click()
        expect(page.get_by_text(before)).to_have_count(0)
        assert sum(received) < 50_000
    received.clear()
    explorer(panels, "explorer.pin({ kind: 'block', id: 'top' })")
    panels.locator("[data-drawn=joined]").wait_for()
    assert sum(received) < 200_000
