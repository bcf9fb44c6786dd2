"""The Structures screen, by AppTest and in a real Chromium: it needs no clip; its numbers are the paper's."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import streamlit as st
from playwright.sync_api import Locator, Page, expect
from streamlit.testing.v1 import AppTest

from app.opening.structures import StructureChoice, structure_choices
from app.screens.structure_drawing import highlighted_parts
from app.state import networks
from peerattn.graph import published
from tests.conftest import ROOT, KeptWindow
from tests.media import moving_square, write_video
from tests.small import small_structure, write_small_checkpoints

PATIENCE = 300  # s; shared cores
SMALL = "small (checkpoint)"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The screen, opened on a small checkpoint that is quick to count."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["structure"] = SMALL
    app.switch_page("screens/structures.py")
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def choose(app: AppTest, label: str, threshold: float = 0.0) -> AppTest:
    checked(app.selectbox(key="structure").set_value(label).run())
    return checked(app.select_slider(key="below").set_value(threshold).run())


def upload(app: AppTest, *files: tuple[str, object]) -> AppTest:
    written = [(name, json.dumps(data).encode(), "application/json") for name, data in files]
    return checked(app.file_uploader(key="structure-files").set_value(written).run())


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption).replace("\\", "")


def test_opens_without_a_clip_or_the_bar(app):
    assert "opened" not in app.session_state
    assert [box.key for box in app.selectbox] == ["structure", "part"]
    assert metrics(app)["Connections kept"] == "11 of 11"


def test_released_network_shows_the_facts_of_the_paper(app):
    choose(app, "full_asnp50", 0.2)
    assert metrics(app) | {
        "Connections kept": "35 of 45",
        "Dead blocks": "1",
        "Lost modalities": "0",
        "Near initial weight": "10",
        "Unused blocks": "1",
        "Attention weights": "392",
    } == metrics(app)
    said = captions(app)
    assert (
        "no path to the output: block 9" in said
        and "still used as a peer: block 9" in said
        and "no outgoing connections: block" in said
        and "connections, into blocks 9, 12" in said
        and "5 to 14 per connection" in said
    )
    assert "No more is removed between thresholds of 0.193515 and 0.238744" in said
    assert "the next to go is the connection 10 → 13." in said
    assert "% less than the whole structure" in said
    checked(app.select_slider(key="below").set_value(0.59).run())
    assert metrics(app)["Lost modalities"] == "3" and "rgb, flow, object" in captions(app)
    assert "disconnects the output" in app.warning[0].value


def test_the_slider_has_an_option_just_below_each_weight(app):
    offered = app.select_slider(key="below").options
    weights = networks.load_structure(structure_choices(("small",), {})[SMALL]).weights
    for weight in weights.values():
        stop = max(float(stop) for stop in offered if float(stop) <= weight)
        assert weight - stop <= 1e-6
    assert {"0", "0.2", "1"} <= set(offered)


@pytest.mark.parametrize(("asked", "kept"), [("0.585", 13), ("0.238745", 34), ("7", 45), ("word", 45)])
def test_a_threshold_between_options_is_replaced_by_an_equivalent_option(app, asked, kept):
    fresh = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    fresh.query_params["below"] = asked
    fresh.switch_page("screens/structures.py")
    checked(fresh.run())
    assert metrics(fresh)["Connections kept"] == f"{kept} of 45"


@pytest.mark.parametrize("name", ["asn101", "asnp38", "asnp_lite"])
def test_published_structures_open(app, name):
    choose(app, name)
    assert not app.error
    assert metrics(app)["Connections kept"].endswith(f"of {len(published.structure(name).connections)}")


def test_attention_mode_can_be_chosen_where_there_is_attention(app):
    choose(app, "full_asnp50")
    checked(app.segmented_control(key="attention").set_value("none").run())
    assert metrics(app)["Attention weights"] == "0" and "no attention" in captions(app)
    checked(app.selectbox(key="structure").set_value("asn50").run())
    assert "attention" not in [control.key for control in app.segmented_control]


def test_an_uploaded_structure_in_either_format_is_selected_at_once(app):
    upload(app, ("mine.json", small_structure().to_json()))
    assert app.selectbox(key="structure").value == "mine.json (your file)"
    assert "from your file" in captions(app) and metrics(app)["Near initial weight"] == "11"
    nodes, weights = published.asnp_lite.to_published()
    upload(
        app,
        ("mine.json", small_structure().to_json()),
        ("list.json", {"nodes": nodes, "edge_weights": weights}),
    )
    assert app.selectbox(key="structure").value == "list.json (your file)"
    assert metrics(app)["Connections kept"] == "44 of 44"
    checked(app.switch_page("screens/explore.py").run())
    checked(app.switch_page("screens/structures.py").run())
    assert {"mine.json (your file)", "list.json (your file)"} <= set(app.selectbox(key="structure").options)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([[-1, 1], [0, [7], 3, 1, 1, 0]], "node 1: input 7 is not an earlier node"),
        ({"blocks": []}, "this is not a structure"),
        ("<b>", "this is not a structure"),
    ],
)
def test_wrong_file_is_refused_in_one_line_and_the_page_stays(app, data, said):
    before = metrics(app)
    upload(app, ("wrong.json", data))
    [error] = app.error
    assert "wrong.json" in error.value.replace("\\", "") and said in error.value.replace("\\", "")
    assert "\n" not in error.value
    assert metrics(app) == before and app.selectbox(key="structure").value == SMALL


def test_a_clip_size_that_does_not_fit_is_reported(app):
    choose(app, "asnp_lite")
    checked(app.number_input(key="height-asnp_lite").set_value(66).run())
    assert "multiples of 32" in app.error[0].value.replace("\\", "")
    assert metrics(app)["Connections kept"] == "44 of 44" and "Parameters" not in metrics(app)


def test_an_invalid_address_opens_the_default_structure(app):
    fresh = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    fresh.query_params["structure"] = "nonsense"
    fresh.switch_page("screens/structures.py")
    checked(fresh.run())
    assert fresh.selectbox(key="structure").value == "full_asnp50"


def test_structures_whose_costs_take_long_to_count_are_referred_to_the_command(app):
    blocks = [*small_structure().to_json()["blocks"]]
    wide = {**small_structure().to_json(), "blocks": [{**block, "repeats": 64} for block in blocks]}
    upload(app, ("deep.json", wide))
    assert "Parameters" in metrics(app)
    more = [{**blocks[0], "id": f"eye{number}", "repeats": 64} for number in range(40)]
    upload(app, ("deeper.json", {**wide, "blocks": [*more, *blocks]}))
    assert "take too long to count" in app.info[0].value and "Parameters" not in metrics(app)


def test_costs_are_counted_for_the_clip_size_that_was_entered(app):
    whole = metrics(app)
    checked(app.number_input(key=f"frames-{SMALL}").set_value(16).run())
    twice = metrics(app)
    assert twice["Parameters"] == whole["Parameters"]
    assert float(twice["Multiply-adds per clip"].split()[0]) == pytest.approx(
        2 * float(whole["Multiply-adds per clip"].split()[0]), rel=0.05
    )


def test_a_selected_connection_lists_its_candidate_peers_and_a_block_its_connections(app):
    checked(app.selectbox(key="part").set_value("connection rgb1_to_mid1").run())
    assert "rgb1 → mid1: connection weight 0.1" in captions(app) and "among 3 candidate peers" in captions(
        app
    )
    assert app.dataframe[0].value["peer"].tolist() == ["rgb1", "flow1", "object1"]
    checked(app.selectbox(key="part").set_value("block top").run())
    assert "Block top: alive" in captions(app)
    assert len(app.dataframe[0].value) == 5 and "none" in [text.value for text in app.text]
    choose(app, "asn50")
    assert app.selectbox(key="part").value is None


def test_the_parts_related_to_the_selected_one_are_highlighted():
    released = published.full_asnp50
    assert highlighted_parts(released, None) == set()
    assert highlighted_parts(released, "connection 12_to_14") == {
        "connection 12_to_14",
        *(f"block {number}" for number in range(15)),
    }
    assert highlighted_parts(released, "block 8") == {
        "block 8",
        *(f"block {number}" for number in (2, 3, 4, 9, 10, 13)),
        *(f"connection {key}" for key in ("2_to_8", "3_to_8", "4_to_8", "8_to_9", "8_to_10", "8_to_13")),
    }


def test_labels_distinguish_published_structures_checkpoints_and_files():
    offered = structure_choices(("full_asnp50",), {"full_asnp50": "[]"})
    assert [offered[label] for label in ("full_asnp50", "full_asnp50 (checkpoint)")] == [
        StructureChoice("full_asnp50", "published"),
        StructureChoice("full_asnp50", "checkpoint"),
    ]
    assert offered["full_asnp50 (your file)"].has_options
    assert {chosen.name for chosen in offered.values()} == set(published.NAMES)


@pytest.fixture
def screen(kept_page: Page, kept_window: KeptWindow, app_url: str) -> Page:
    """The released network at a threshold of 0.2; the tests share the window."""
    if kept_page.url == "about:blank":
        kept_page.goto(f"{app_url}/structures?below=0.2")
    drawing(kept_page)
    kept_window.log.forget_search_for_server()
    return kept_page


def drawing(page: Page) -> Locator:
    drawn = page.locator(".drawing svg")
    drawn.wait_for()
    return drawn


def metric(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


@pytest.mark.browser
def test_click_shows_the_candidates_and_the_files_are_those_of_the_page(screen):
    expect(metric(screen, "Connections kept")).to_have_text("35 of 45")
    drawing(screen).locator("text[data-connection='4_to_13']").click()
    expect(screen.get_by_text("connection weight 0.973904, kept")).to_be_visible()
    expect(drawing(screen).locator("[data-block].lit")).to_have_count(13)
    with screen.expect_download() as download:
        screen.get_by_role("button", name="Drawing as in the AssembleNet++ paper (SVG)").click()
    root = ElementTree.parse(download.value.path()).getroot()
    drawn = [item for item in root.iter() if "data-connection" in item.attrib]
    assert (download.value.suggested_filename, len(drawn)) == ("full_asnp50-paper.svg", 35)
    assert "var(" not in Path(download.value.path()).read_text()
    with screen.expect_download() as download:
        screen.get_by_role("button", name="Structure summary (JSON)").click()
    assert json.loads(Path(download.value.path()).read_text())["removed"] == 10


@pytest.mark.browser
def test_markup_in_names_is_shown_as_text_in_the_drawing(screen):
    expect(drawing(screen).get_by_text("dead, still a peer")).to_be_visible()
    chosen = drawing(screen).evaluate(
        "svg => { getSelection().selectAllChildren(svg); return getSelection().toString(); }"
    )
    assert re.search(r"0\.97", chosen) and "level 5" in chosen


@pytest.mark.browser
def test_an_uploaded_clip_is_still_open_after_visiting_structures(page, app_url, app_checkpoints, tmp_path):
    write_small_checkpoints(app_checkpoints)
    page.goto(f"{app_url}/?checkpoint=small")
    page.locator("canvas.screen[data-drawn]").wait_for()
    clip = page.get_by_role("combobox", name="Clip")
    page.locator("input[type=file]").first.set_input_files(
        write_video(tmp_path / "mine.mp4", moving_square(16))
    )
    expect(clip).to_have_value("mine.mp4")
    page.get_by_role("link", name="Structures").click()
    drawing(page)
    expect(clip).to_be_hidden()
    page.get_by_role("link", name="Prune").click()
    page.locator("canvas.screen[data-drawn]").wait_for()
    expect(clip).to_have_value("mine.mp4")


@pytest.mark.browser
def test_narrow_page_does_not_scroll_sideways(screen):
    screen.set_viewport_size({"width": 390, "height": 844})
    expect(screen.get_by_text("Cost of each part (CSV)")).to_be_visible()
    width = screen.get_by_test_id("stMain").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert width[0] <= width[1] == 390
