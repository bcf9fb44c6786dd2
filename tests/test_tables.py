"""Tables hold the trace's numbers, in the trace's own precision."""

from types import SimpleNamespace

import numpy as np
import pytest

from peerattn import published, tables
from tests.traces import trace

TRACE = trace(frames=20, window=8)


def test_connections_table_has_one_row_per_connection_and_the_weights_of_the_trace():
    table = tables.connections_table(TRACE)
    assert list(table["connection"]) == [connection.key for connection in TRACE.connections]
    assert list(table["connection_weight"]) == [each.connection_weight for each in TRACE.connections]
    for row, connection in zip(table.itertuples(), TRACE.connections, strict=True):
        factors = connection.attention_factors
        assert (row.mean_factor, row.min_factor, row.max_factor) == (
            factors.mean(),
            factors.min(),
            factors.max(),
        )
        assert row.change_over_frames == connection.shade.std()


def test_factors_table_gives_the_shade_of_each_frame_back():
    table = tables.factors_table(TRACE)
    assert len(table) == len(TRACE.connections) * 20
    for connection in TRACE.connections:
        rows = table[table["connection"] == connection.key]
        np.testing.assert_array_equal(rows["mean_factor"], connection.shade)
        np.testing.assert_array_equal(rows["time_s"], TRACE.times)
    assert table["mean_factor"].dtype == np.float32


def test_every_frame_is_in_the_window_that_holds_it():
    numbers = tables.window_of_frame(TRACE)
    assert [list(numbers).count(number) for number in (1, 2, 3)] == [8, 8, 4]
    assert list(np.sort(numbers)) == list(numbers)


def test_channels_table_is_the_connections_factors():
    connection = TRACE.connections[7]
    table = tables.channels_table(connection, TRACE.times)
    np.testing.assert_array_equal(table.filter(like="channel_").to_numpy(), connection.attention_factors)
    assert list(table["frame"]) == list(range(1, 21))


def test_attention_weights_of_each_connection_sum_to_one_and_average_uniform():
    table = tables.attention_weights_table(TRACE)
    by_connection = table.groupby("connection")
    np.testing.assert_allclose(by_connection["attention_weight"].sum(), 1, atol=1e-6)
    np.testing.assert_allclose(by_connection["times_uniform"].mean(), 1, atol=1e-6)


def test_attention_without_peers_gives_an_empty_table_with_its_columns():
    table = tables.attention_weights_table(trace(attention="static"))
    assert table.empty
    assert list(table) == ["connection", "peer", "attention_weight", "times_uniform"]


def test_blocks_table_follows_the_structure():
    table = tables.blocks_table(TRACE)
    assert list(table["block"]) == [block.id for block in TRACE.structure.blocks]
    assert table["modality"].value_counts()["mixed"] == 7
    np.testing.assert_allclose(table["mean_activity"], [block.activity.mean() for block in TRACE.blocks])


def test_predictions_table_ranks_the_clip_and_every_window():
    table = tables.predictions_table(TRACE)
    assert list(dict.fromkeys(table["of"])) == ["clip", "window 1", "window 2", "window 3"]
    clip = table[table["of"] == "clip"]
    assert clip["probability"].is_monotonic_decreasing
    assert clip.iloc[0]["class"] == TRACE.class_names[int(TRACE.probabilities.argmax())]
    assert (clip.iloc[0]["start_s"], clip.iloc[0]["stop_s"]) == (0, 20 / 8)
    np.testing.assert_array_equal(table.groupby("of")["rank"].max(), len(TRACE.class_names))


def test_modality_lines_are_means_over_what_leaves_the_input_blocks_and_mixed_over_the_rest():
    lines = tables.attention_by(TRACE, "modality")
    assert list(lines) == ["rgb", "flow", "object", "mixed"]
    sources = {"rgb": ("rgb1", "rgb2"), "flow": ("flow1", "flow2"), "object": ("object1",)}
    for name, blocks in sources.items():
        shades = [each.shade for each in TRACE.connections if each.source in blocks]
        np.testing.assert_allclose(lines[name], np.mean(shades, axis=0), rtol=1e-6)
    inputs = sum(sources.values(), ())
    rest = [each.shade for each in TRACE.connections if each.source not in inputs]
    np.testing.assert_allclose(lines["mixed"], np.mean(rest, axis=0), rtol=1e-6)


@pytest.mark.parametrize("by", ["modality", "level"])
def test_groups_share_out_every_connection_once(by):
    groups = tables.attention_groups(TRACE, by)
    assert sorted(sum(groups.values(), ())) == sorted(each.key for each in TRACE.connections)


def test_level_lines_are_means_over_what_arrives():
    lines = tables.attention_by(TRACE, "level")
    assert list(lines) == ["level 2", "level 3", "level 4"]
    arriving = [each.shade for each in TRACE.connections if each.target == "top"]
    np.testing.assert_allclose(lines["level 4"], np.mean(arriving, axis=0), rtol=1e-6)


def test_last_frame_lasts_as_long_as_the_median_and_a_single_frame_one_second():
    np.testing.assert_allclose(tables.frame_ends(np.array([0, 0.1, 0.2, 0.5])), [0.1, 0.2, 0.5, 0.6])
    assert tables.frame_ends(np.array([2.0])) == [3.0]


def test_accuracy_table_sorts_the_curve_by_threshold():
    found = SimpleNamespace(n=80, top1=0.75, top1_interval=(0.65, 0.83))
    pruned = SimpleNamespace(kept=("a_to_b",), removed=("a_to_c", "b_to_c"))
    table = tables.accuracy_table([(0.6, found, pruned), (0.2, found, pruned)])
    assert list(table["threshold"]) == [0.2, 0.6]
    assert table.iloc[0].to_dict() == {
        "threshold": 0.2,
        "top1": 0.75,
        "low": 0.65,
        "high": 0.83,
        "n": 80,
        "kept": 1,
        "removed": 2,
    }
    assert list(tables.accuracy_table([])) == list(table)


def test_channels_of_an_object_input_are_classes_of_which_undeclared_ones_are_empty() -> None:
    structure = published.structure("full_asnp26", object_classes=3)
    assert tables.object_channels(structure, "4", {2: "cup"}) == (None, "cup", None)
    assert tables.object_channels(structure, "4", {}) == ()
    assert tables.object_channels(structure, "0", {2: "cup"}) == ()
