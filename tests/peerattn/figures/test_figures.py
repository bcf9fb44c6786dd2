"""Figures show the numbers of the trace in float32; names are text; only the structure decides positions."""

import dataclasses
import json
from itertools import pairwise
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from peerattn.errors import PeerattnError
from peerattn.figures import palette
from peerattn.figures.attention import attention_lines, factor_heatmap, factors_by_level
from peerattn.figures.blocks import activity_line, adjacent_connections
from peerattn.figures.overlays import unusual_levels
from peerattn.figures.peers import attention_weights_bar, peer_matrix
from peerattn.figures.predictions import (
    accuracy_curve,
    prediction_bars,
    prediction_pair_bars,
    prediction_pair_words,
    window_strip,
)
from peerattn.figures.pyvis_graph import COLUMN, edge_width, lane, lanes, level_graph, positions
from peerattn.figures.recording import BYTES_PER_FRAME, digest, pack_recording
from peerattn.figures.scripts import EXPLORER_PARTS, EXPLORER_STYLES, explorer_script, read_part
from peerattn.figures.shares import MAX_NAMED_AREAS, arriving_areas, share_areas
from peerattn.figures.timeline import trace_charts
from peerattn.figures.weights import weights_by_source
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.tables.accuracy import accuracy_table
from peerattn.tables.attention import (
    attention_by,
    attention_groups,
    connections_table,
    entropies_table,
    level_distribution,
)
from peerattn.tables.share import (
    BASELINE_NOTE,
    CHANGED_BY_PEERS,
    OLD_SHARES_NOTE,
    block_shares,
    modality_share,
)
from peerattn.traces.usual import summarise
from tests.traces import HOSTILE, images, moving_joints, object_ids, older, shown_frame, structure, trace

TRACE = trace(hostile=True)


def every_figure():
    connection = next(each for each in TRACE.connections if each.source == HOSTILE)
    return {
        "modality lines": attention_lines(TRACE),
        "level lines": attention_lines(TRACE, "level"),
        "heat map": factor_heatmap(connection, TRACE.times),
        "peers": attention_weights_bar(connection, TRACE.structure),
        "matrix": peer_matrix(TRACE),
        "share": share_areas(TRACE),
        "arriving": arriving_areas(TRACE, "top", marked=f"{HOSTILE}_to_top"),
        "spread": factors_by_level(TRACE),
        "activity": activity_line(TRACE, HOSTILE),
        "joined": adjacent_connections(TRACE, HOSTILE),
        "bars": prediction_bars(TRACE),
        "pair": prediction_pair_bars(TRACE, TRACE),
        "strip": window_strip(TRACE),
        "accuracy": accuracy_curve(CURVE, threshold=0.3),
        "weights": weights_by_source(TRACE.structure, WEIGHTS, threshold=0.3),
    }


WEIGHTS = {connection.key: connection.connection_weight for connection in TRACE.connections}
CURVE = pd.DataFrame(
    {
        "threshold": [0.1, 0.3, 0.5],
        "top1": [0.9, 0.8, 0.4],
        "low": [0.85, 0.7, 0.3],
        "high": [0.95, 0.9, 0.5],
        "remark": ["", "", ""],
        "n": [600, 600, 600],
        "kept": [50, 40, 20],
        "removed": [0, 10, 30],
    }
)


@pytest.mark.parametrize("by", ["modality", "level"])
def test_attention_lines_show_the_columns_of_the_table(by):
    table = attention_by(TRACE, by)
    drawn = attention_lines(TRACE, by).data
    assert len(drawn) == len(table.columns)
    for line, name in zip(drawn, table.columns, strict=True):
        np.testing.assert_array_equal(np.asarray(line.y, np.float32), table[name])
        np.testing.assert_array_equal(line.x, TRACE.times)
        assert line.name == f"{name} (n = {len(attention_groups(TRACE, by)[name])})"


def test_modality_lines_have_the_colour_and_dash_of_the_palette():
    looks = palette.looks(["rgb", "flow", "object"])
    for line, look in zip(attention_lines(TRACE).data, looks.values(), strict=True):
        assert (line.line.color, line.line.dash) == (look.color, look.dash)


def test_the_heat_map_shows_all_factors_on_a_scale_from_0_to_1():
    for connection in TRACE.connections[::7]:
        drawn = factor_heatmap(connection, TRACE.times).data[0]
        np.testing.assert_array_equal(np.asarray(drawn.z, np.float32), connection.attention_factors.T)
        assert (drawn.zmin, drawn.zmax) == (0, 1)


def test_peer_bars_show_all_attention_weights_in_order():
    connection = TRACE.connections[-1]
    bars = attention_weights_bar(connection, TRACE.structure).data[0]
    np.testing.assert_array_equal(np.asarray(bars.x, np.float32), np.sort(connection.attention_weights))
    shown = dict(zip(bars.customdata, bars.x, strict=True))
    expected = zip(map(palette.escape_label, connection.peers), connection.attention_weights, strict=True)
    assert shown == dict(expected)


def test_for_a_connection_without_peers_a_note_replaces_the_bars():
    figure = attention_weights_bar(trace(attention="static").connections[0])
    assert "no peers" in figure.layout.annotations[0].text


def test_the_peer_matrix_shows_all_attention_weights_and_is_empty_for_other_blocks():
    weights, entropies = peer_matrix(TRACE).data
    assert len(weights.z) == len(TRACE.connections)
    peers = [
        palette.escape_label(peer) for peer in dict.fromkeys(p for c in TRACE.connections for p in c.peers)
    ]
    for row, connection in zip(np.asarray(weights.z, np.float32), TRACE.connections, strict=True):
        shown = {peers[index]: row[index] for index in np.flatnonzero(~np.isnan(row))}
        expected = zip(map(palette.escape_label, connection.peers), connection.attention_weights, strict=True)
        assert shown == dict(expected)
    table = entropies_table(TRACE)
    np.testing.assert_array_equal(entropies.x, table["normalised_entropy"])


def test_without_connections_with_several_peers_a_note_replaces_the_peer_matrix():
    figure = peer_matrix(trace(attention="static"))
    assert "no connection has more than one peer" in [note.text for note in figure.layout.annotations]


def test_share_areas_show_the_shares_of_the_table_and_sum_to_1():
    areas = share_areas(TRACE).data
    table = modality_share(TRACE)
    assert [area.name for area in areas] == list(table)
    for area, name in zip(areas, table, strict=True):
        np.testing.assert_array_equal(area.y, table[name])
    np.testing.assert_allclose(np.sum([area.y for area in areas], axis=0), 1)
    assert len({area.fillpattern.shape for area in areas}) == len(areas)


def without_contributions(shown, frames):
    """The trace without contributions in some frames."""
    connections = []
    for each in shown.connections:
        contribution = each.contribution.copy()
        contribution[frames] = 0
        connections.append(dataclasses.replace(each, contribution=contribution))
    return dataclasses.replace(shown, connections=tuple(connections))


def test_the_area_for_changes_by_peers_has_a_colour_and_hatch_of_its_own():
    *modalities, changed = share_areas(TRACE).data
    assert changed.name == CHANGED_BY_PEERS
    greys = {look.color for look in palette.looks(["rgb", "flow", "object", "audio", "depth"]).values()}
    assert changed.line.color not in greys
    assert changed.fillpattern.shape not in {area.fillpattern.shape for area in modalities}
    red, green, blue = bytes.fromhex(changed.line.color[1:])
    assert max(red, green, blue) - min(red, green, blue) < 24  # a grey


def test_frames_without_contributions_have_an_area_named_so():
    shown = without_contributions(TRACE, [4, 5])
    for figure in (share_areas(shown), arriving_areas(shown, "top")):
        assert figure.data[-1].name == palette.NOTHING_ARRIVES
        assert np.flatnonzero(figure.data[-1].y).tolist() == [4, 5]
        np.testing.assert_allclose(np.sum([area.y for area in figure.data], axis=0), 1)
    line = trace_charts(shown)["share"].lines[-1]
    assert line.name == palette.NOTHING_ARRIVES
    assert palette.NOTHING_ARRIVES not in trace_charts(TRACE)["share"].table


def test_titles_and_notes_say_what_shares_are_shares_of():
    new, old = (trace_charts(shown)["share"] for shown in (TRACE, older(TRACE)))
    assert new.title.endswith("of what this clip adds") and BASELINE_NOTE in new.note
    assert (new.remark, old.remark) == (BASELINE_NOTE, OLD_SHARES_NOTE)
    assert old.title.endswith("of what is delivered") and "this clip" not in old.note
    assert [line.name for line in new.lines] == [*(line.name for line in old.lines), CHANGED_BY_PEERS]
    for make in (share_areas, lambda shown: arriving_areas(shown, "top")):
        assert "what this clip adds" in make(TRACE).layout.yaxis.title.text
        assert "what is delivered" in make(older(TRACE)).layout.yaxis.title.text


def test_arriving_areas_show_the_largest_shares_the_marked_one_and_the_sum_of_the_others():
    shares = block_shares(TRACE, "top")
    least = shares.mean().idxmin()
    areas = arriving_areas(TRACE, "top", marked=least).data
    assert len(areas) == MAX_NAMED_AREAS + 1
    np.testing.assert_allclose(np.sum([area.y for area in areas], axis=0), 1)
    np.testing.assert_array_equal(areas[MAX_NAMED_AREAS - 1].y, shares[least])
    greatest = shares.mean().idxmax()
    np.testing.assert_array_equal(areas[0].y, shares[greatest])


def test_boxes_show_the_quantiles_of_the_table_and_the_number_of_factors():
    table = level_distribution(TRACE)
    for box, row in zip(factors_by_level(TRACE).data, table.itertuples(), strict=True):
        assert (box.q1[0], box.median[0], box.q3[0], box.mean[0]) == (row.q1, row.median, row.q3, row.mean)
        assert (box.lowerfence[0], box.upperfence[0]) == (row.p5, row.p95)
        assert f"n = {row.n:,}" in box.x[0]


def test_adjacent_connections_are_those_into_and_out_of_the_block():
    bars, diamonds = adjacent_connections(TRACE, "inner1").data
    table = connections_table(TRACE)
    own = table[(table["target"] == "inner1") | (table["source"] == "inner1")]
    assert sorted(bars.x) == sorted(own["connection_weight"])
    assert sorted(diamonds.x) == sorted(own["mean_factor"])


def test_bars_of_two_networks_show_the_same_classes_and_their_differences():
    """The top classes of A and, even if A does not have it among them, the best of B."""
    count = len(TRACE.class_names)
    shares = np.sort(np.random.default_rng(3).dirichlet(np.ones(count)).astype(np.float32))[::-1]
    first, second = (
        dataclasses.replace(TRACE, probabilities=shares),
        dataclasses.replace(TRACE, probabilities=shares[::-1].copy()),
    )
    figure = prediction_pair_bars(first, second, top=2)
    before, after = figure.data
    names = [palette.escape_label(name) for name in TRACE.class_names]
    assert list(figure.layout.yaxis.ticktext) == [names[count - 1], names[1], names[0]]
    np.testing.assert_array_equal(np.asarray(before.x, np.float32), shares[[count - 1, 1, 0]])
    np.testing.assert_array_equal(np.asarray(after.x, np.float32), shares[::-1][[count - 1, 1, 0]])
    points = f"{100 * (float(shares[-1]) - float(shares[0])):+.1f}".replace("-", "−")
    assert before.text[2] == f"A {shares[0]:.1%}" and after.text[2] == f"B {shares[-1]:.1%}, {points} points"
    assert before.offset > 0 > after.offset  # A above B
    words = prediction_pair_words(first, second, top=2)
    assert words.startswith(f"{TRACE.class_names[0]}: A {shares[0]:.1%}, B {shares[-1]:.1%}; ")
    assert window_strip(first, name="A").layout.title.text.startswith("A: Probability in each of the ")


def test_prediction_bars_show_the_most_probable_classes():
    bars = prediction_bars(TRACE, top=3).data[0]
    np.testing.assert_array_equal(np.asarray(bars.x, np.float32), np.sort(TRACE.probabilities)[-3:])
    best = TRACE.class_names[int(TRACE.probabilities.argmax())]
    assert bars.customdata[-1] == palette.escape_label(best)


def test_the_window_strip_shows_the_probabilities_of_each_window_at_its_time():
    strip = window_strip(TRACE).data[0]
    names = [row[0] for row in strip.customdata]
    for column, window in enumerate(TRACE.windows):
        for row, name in enumerate(names):
            index = [palette.escape_label(each) for each in TRACE.class_names].index(name)
            assert np.float32(strip.z[row][column]) == window.probabilities[index]
        assert strip.x[column] == TRACE.times[window.start]
        assert palette.escape_label(TRACE.class_names[int(window.probabilities.argmax())]) in names
    assert strip.x[-1] == 20 / 8


def test_the_accuracy_curve_shows_interval_sample_size_and_current_threshold():
    high, low, top1 = (figure := accuracy_curve(CURVE, threshold=0.3)).data
    np.testing.assert_array_equal(top1.y, CURVE["top1"])
    np.testing.assert_array_equal(low.y, CURVE["low"])
    np.testing.assert_array_equal(high.y, CURVE["high"])
    assert top1.line.shape == low.line.shape == high.line.shape == "vh"
    assert "n = 600" in figure.layout.yaxis.title.text
    assert figure.layout.shapes[0].x0 == 0.3
    assert list(top1.customdata[0]) == ["95 %: 85.0% to 95.0%", 50, 0]


def test_with_too_few_clips_the_accuracy_curve_says_so_instead_of_an_interval():
    few = CURVE.assign(low=np.nan, high=np.nan, remark="too few clips (12)")
    assert accuracy_curve(few).data[-1].customdata[0][0] == "too few clips (12)"


def test_connection_weights_are_grouped_by_source_with_their_mean():
    figure = weights_by_source(TRACE.structure, WEIGHTS, threshold=0.3)
    drawn = [value for scatter in figure.data for value in scatter.x]
    assert sorted(drawn) == sorted(WEIGHTS.values())
    *means, threshold = figure.layout.shapes
    for scatter, line in zip(figure.data, means, strict=True):
        assert line.x0 == pytest.approx(np.mean(scatter.x)) and scatter.y[0] == (line.y0 + line.y1) / 2
    assert threshold.x0 == 0.3


def test_names_are_escaped_in_all_figures():
    for name, figure in every_figure().items():
        text = json.dumps(json.loads(figure.to_json()))
        assert "<img" not in text, name
        assert HOSTILE not in text, name


def test_hover_templates_contain_no_names():
    """A template would replace `%{x}` in a name with a number."""
    for name, figure in every_figure().items():
        for drawn in figure.data:
            template = drawn.hovertemplate or ""
            assert "onerror" not in template and "&amp;" not in template, name


def test_axes_have_titles_and_figures_have_no_fixed_width():
    for name, figure in every_figure().items():
        assert figure.layout.xaxis.title.text, name
        assert figure.layout.width is None, name


def test_a_single_frame_is_drawn_as_a_point():
    assert attention_lines(trace(frames=1)).data[0].mode == "markers"


def test_the_graph_has_each_block_and_each_connection_once():
    graph = level_graph(TRACE.structure, {each.key: each.connection_weight for each in TRACE.connections})
    assert [node["id"] for node in graph.nodes] == [block.id for block in TRACE.structure.blocks]
    assert [edge["id"] for edge in graph.edges] == [each.key for each in TRACE.connections]
    for edge, connection in zip(graph.edges, TRACE.connections, strict=True):
        assert edge["width"] == edge_width(connection.connection_weight)
        assert edge["title"].startswith(f"{connection.source} → {connection.target}: connection weight ")
        assert edge["color"] and not edge.get("hidden")
    assert json.loads(graph.get_network_data()[-1])["physics"] == {"enabled": False}


def test_a_recording_contains_heat_maps_compared_with_what_is_usual():
    usual = summarise([TRACE, trace(seed=5)], of="two clips")
    header, body = unpack(pack_recording(TRACE, images(), usual=usual))
    assert header["usualClips"] == 2
    for block in TRACE.blocks:
        offset = header["heat"][block.block]["unusual"]
        levels = np.frombuffer(body, np.uint8, block.added.size, offset).reshape(block.added.shape)
        expected = unusual_levels(usual.heatmaps[block.block].share_below(block.added))
        assert np.array_equal(levels, expected) and expected.any()
    header, _ = unpack(pack_recording(TRACE, images()))
    assert not any("unusual" in each for each in header["heat"].values())
    header, _ = unpack(pack_recording(older(TRACE), images(), usual=usual))
    assert not any("unusual" in each for each in header["heat"].values())


@pytest.mark.parametrize(("look", "page"), [("light", "#ffffff"), ("dark", "#0e1117")])
def test_the_colours_of_a_shift_stand_out_more_and_more_from_the_page(look, page):
    contrasts = [contrast(color, page) for color in palette.SHIFT[look]]
    assert all(after > 1.15 * before for before, after in pairwise(contrasts))
    assert contrasts[0] >= 1.5


def contrast(color: str, page: str) -> float:
    """The contrast ratio of WCAG 2."""
    high, low = sorted((luminance(color), luminance(page)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    parts = np.array(list(bytes.fromhex(color[1:]))) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.browser
def test_pyvis_itself_shows_the_graph_with_visible_connections(page, page_log, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph = level_graph(TRACE.structure, {each.key: each.connection_weight for each in TRACE.connections})
    graph.cdn_resources = "in_line"
    graph.write_html("graph.html", notebook=False)
    page.goto((tmp_path / "graph.html").as_uri())
    page.wait_for_function("globalThis.network?.body?.edgeIndices?.length > 0")
    drawn = page.evaluate(
        "Object.values(network.body.edges).map(({ id, options }) => [id, options.width, options.hidden])"
    )
    widths = {each.key: edge_width(each.connection_weight) for each in TRACE.connections}
    assert {key: width for key, width, _ in drawn} == pytest.approx(widths)
    assert not any(hidden for *_, hidden in drawn)
    page_log.outside.clear()  # pyvis' own page, which the app does not use, asks the internet for Bootstrap


def test_positions_do_not_depend_on_the_clip_or_the_weights():
    first, second = trace(seed=1), trace(seed=2, frames=5)
    weights = [{each.key: each.connection_weight for each in one.connections} for one in (first, second)]
    graphs = [level_graph(first.structure, each) for each in weights]
    places = [[(node["x"], node["y"]) for node in graph.nodes] for graph in graphs]
    assert weights[0] != weights[1]
    assert places[0] == places[1]


def test_each_level_is_a_row_and_each_lane_a_column():
    layout = structure()
    place = positions(layout)
    assert len({place[block.id] for block in layout.blocks}) == len(layout.blocks)
    for level, blocks in layout.levels.items():
        assert {place[block.id][1] for block in blocks} == {-140.0 * (level - 1)}
        xs = sorted(place[block.id][0] for block in blocks)
        assert all(right - left >= COLUMN for left, right in pairwise(xs))
    for block in layout.blocks:
        left, right = lanes(layout)[lane(layout, block.id)]
        assert left < place[block.id][0] < right


def test_an_inner_block_reached_by_one_modality_only_is_in_the_lane_of_that_modality():
    blocks = (
        BlockSpec("r", 1, "video_input", 4, modality="rgb"),
        BlockSpec("f", 1, "video_input", 4, modality="flow"),
        BlockSpec("only", 2, "bottleneck", 4, input_width=4),
        BlockSpec("top", 3, "bottleneck", 4, input_width=4),
    )
    connections = (
        ConnectionSpec("r", "only"),
        ConnectionSpec("only", "top"),
        ConnectionSpec("f", "top"),
    )
    modalities = (Modality("rgb", 3), Modality("flow", 2))
    layout = Structure(blocks, connections, (OutputSpec("top"),), modalities)
    assert [lane(layout, block.id) for block in blocks] == ["rgb", "flow", "rgb", "mixed"]
    assert list(lanes(layout)) == ["rgb", "mixed", "flow"]


def test_unknown_modalities_get_distinct_colours_dashes_and_shapes():
    looks = palette.looks(["rgb", "audio", "depth"])
    assert len({look.color for look in looks.values()}) == 4
    assert len({look.dash for look in looks.values()}) == 4
    assert len({look.shape for look in looks.values()}) == 4


def test_40_object_classes_have_40_colours():
    assert len(set(palette.object_colors(40))) == 40


def unpack(payload: bytes) -> tuple[dict, bytes]:
    size = int.from_bytes(payload[:4], "little")
    assert size % 4 == 0
    return json.loads(payload[4 : 4 + size]), payload[4 + size :]


def array(header: dict, body: bytes, name: str) -> np.ndarray:
    place = header["arrays"][name]
    assert place["offset"] % 4 == 0
    count = int(np.prod(place["shape"]))
    return np.frombuffer(body, "<f4", count, place["offset"]).reshape(place["shape"])


def test_a_packed_recording_contains_the_numbers_of_the_trace():
    header, body = unpack(pack_recording(TRACE, images()))
    shades = [each.mean_factor for each in TRACE.connections]
    np.testing.assert_array_equal(array(header, body, "shade"), shades)
    factors = [each.attention_factors for each in TRACE.connections]
    np.testing.assert_array_equal(array(header, body, "least"), [each.min(axis=1) for each in factors])
    np.testing.assert_array_equal(array(header, body, "greatest"), [each.max(axis=1) for each in factors])
    np.testing.assert_array_equal(
        array(header, body, "activity"), [TRACE.block(block.id).activity for block in TRACE.structure.blocks]
    )
    np.testing.assert_array_equal(array(header, body, "modality").T, attention_by(TRACE))
    np.testing.assert_array_equal(array(header, body, "level").T, attention_by(TRACE, "level"))
    np.testing.assert_allclose(array(header, body, "share").T, modality_share(TRACE), atol=1e-7)
    for read, connection in zip(header["connections"], TRACE.connections, strict=True):
        assert np.float32(read["weight"]) == np.float32(connection.connection_weight)
        np.testing.assert_array_equal(np.float32(read["attentionWeights"]), connection.attention_weights)
        assert (read["id"], tuple(read["peers"])) == (connection.key, connection.peers)
    assert header["times"] == TRACE.times.tolist()


def test_a_packed_recording_says_how_far_padding_reaches_if_the_trace_knows_it():
    for shown, reached in ((TRACE, [2, 3]), (older(TRACE), None)):
        header, _ = unpack(pack_recording(shown, images()))
        assert [each["reached"] for each in header["connections"]] == [reached] * len(shown.connections)
        assert bool(header["charts"]["share"]["remark"])
        assert not header["charts"]["modality"]["remark"]


def test_a_packed_recording_contains_the_frames_in_order_and_the_object_maps():
    header, body = unpack(pack_recording(TRACE, images(), object_ids=object_ids(), object_names={2: HOSTILE}))
    for frame, (offset, length) in enumerate(header["frames"]):
        picture = cv2.imdecode(np.frombuffer(body, np.uint8, length, offset), cv2.IMREAD_COLOR)
        assert shown_frame(int(picture[20, 20, 0])) == frame
    offset, length = header["overlays"][0]
    overlay = cv2.imdecode(np.frombuffer(body, np.uint8, length, offset), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(overlay, object_ids()[0])
    assert header["objects"] == [[2, HOSTILE, palette.object_colors(1)[0]]]


def test_a_packed_recording_contains_the_joints_as_shares_of_the_frame():
    joints = moving_joints(20, side=64)
    header, body = unpack(pack_recording(TRACE, images(), joints=joints))
    rows = array(header, body, "joints").reshape(17, 3, 20)
    np.testing.assert_allclose(rows[:, 0] * 64, joints[..., 0].T, rtol=1e-6)
    np.testing.assert_allclose(rows[:, 1] * 64, joints[..., 1].T, rtol=1e-6)
    np.testing.assert_array_equal(rows[:, 2], joints[..., 2].T)
    assert [7, 9] in header["skeleton"]["limbs"]
    assert "skeleton" not in unpack(pack_recording(TRACE, images()))[0]
    with pytest.raises(PeerattnError, match="19 sets of joints for 20 frames"):
        pack_recording(TRACE, images(), joints=joints[:19])


def test_64_frames_of_noise_stay_within_two_megabytes():
    noise = np.random.default_rng(0).integers(0, 256, (64, 200, 200, 3), np.uint8)
    header, body = unpack(pack_recording(trace(frames=64), noise))
    assert len(header["frames"]) == 64
    assert len(body) <= 64 * BYTES_PER_FRAME <= 2_000_000


def test_recordings_have_equal_digests_only_if_they_are_equal():
    first, again = pack_recording(trace(seed=1), images()), pack_recording(trace(seed=1), images())
    assert first == again
    assert digest(first) == digest(again) != digest(pack_recording(trace(seed=2), images()))


@pytest.mark.parametrize("given", [{"images": images(19)}, {"images": images(), "object_ids": object_ids(7)}])
def test_packing_another_number_of_frames_is_refused(given):
    with pytest.raises(PeerattnError, match=r"for 20 frames of the trace: give one per frame"):
        pack_recording(TRACE, **given)


def test_the_explorer_script_loads_nothing():
    """Our own part contains no address except the SVG namespace, and never parses text as HTML."""
    own = "".join(read_part(name) for name in (*EXPLORER_PARTS, *EXPLORER_STYLES))
    assert own.replace("http://www.w3.org/2000/svg", "").count("http") == 0
    assert not any(word in own for word in ("innerHTML", "insertAdjacentHTML", "document.write", "import "))
    assert "vis-network" in explorer_script() and "peerattnExplorer" in explorer_script()


def test_the_accuracy_table_has_the_columns_of_the_curve():
    found = SimpleNamespace(kind="classes", n=600, top1=0.9, top1_interval=(0.87, 0.92), remark="")
    pruned = SimpleNamespace(kept=("a",), removed=())
    table = accuracy_table([(0.1, found, pruned)])
    assert list(table.columns) == list(CURVE.columns)
    assert accuracy_curve(table).data[-1].y[0] == 0.9


def test_the_heat_map_veils_channels_without_an_object_class_and_names_the_others():
    connection = TRACE.connections[0]
    names = ["cup", *[None] * (connection.attention_factors.shape[1] - 1)]
    factors, veil = factor_heatmap(connection, TRACE.times, names).data
    np.testing.assert_array_equal(np.asarray(factors.z, np.float32), connection.attention_factors.T)
    assert list(factors.y)[:2] == list(veil.y)[:2] == ["0: cup", "1"]
    covered = ~np.isnan(np.asarray(veil.z, float)).any(axis=1)
    assert covered.tolist() == [name is None for name in names]
