"""Tables hold the trace's numbers, in the trace's own precision."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip
from peerattn.recording.recorder import record
from peerattn.tables.accuracy import accuracy_table
from peerattn.tables.attention import (
    attention_by,
    attention_groups,
    attention_weights_table,
    channels_table,
    connections_table,
    entropies_table,
    factors_table,
    level_distribution,
    object_channels,
)
from peerattn.tables.clip import blocks_table, frame_ends, predictions_table, reached_frames, window_of_frame
from peerattn.tables.share import (
    CHANGED_BY_PEERS,
    block_shares,
    contribution_shares,
    has_contributions,
    modality_share,
)
from peerattn.traces.trace import ConnectionTrace, Trace
from tests.strategies import lively, structures, tensors
from tests.traces import trace

TRACE = trace(frames=20, window=8)


def test_connections_table_has_one_row_per_connection_and_the_weights_of_the_trace():
    table = connections_table(TRACE)
    assert list(table["connection"]) == [connection.key for connection in TRACE.connections]
    assert list(table["connection_weight"]) == [each.connection_weight for each in TRACE.connections]
    for row, connection in zip(table.itertuples(), TRACE.connections, strict=True):
        factors = connection.attention_factors
        assert (row.mean_factor, row.min_factor, row.max_factor) == (
            factors.mean(),
            factors.min(),
            factors.max(),
        )
        assert row.change_over_frames == connection.mean_factor[2:-3].std()  # as `reached` says


def test_factors_table_gives_the_shade_of_each_frame_back():
    table = factors_table(TRACE)
    assert len(table) == len(TRACE.connections) * 20
    for connection in TRACE.connections:
        rows = table[table["connection"] == connection.key]
        np.testing.assert_array_equal(rows["mean_factor"], connection.mean_factor)
        np.testing.assert_array_equal(rows["time_s"], TRACE.times)
    assert table["mean_factor"].dtype == np.float32


def test_every_frame_is_in_the_window_that_holds_it():
    numbers = window_of_frame(TRACE)
    assert [list(numbers).count(number) for number in (1, 2, 3)] == [8, 8, 4]
    assert list(np.sort(numbers)) == list(numbers)


def test_reach_is_the_most_frames_that_an_end_reaches_of_any_connection():
    first, second, *others = TRACE.connections
    changed = (dataclasses.replace(first, reached=(7, 0)), dataclasses.replace(second, reached=None))
    assert reached_frames((*changed, *others)) == (7, 3)
    assert reached_frames(changed) == (7, 0)
    assert reached_frames(changed[1:]) is None


def test_channels_table_is_the_connections_factors():
    connection = TRACE.connections[7]
    table = channels_table(connection, TRACE.times)
    np.testing.assert_array_equal(table.filter(like="channel_").to_numpy(), connection.attention_factors)
    assert list(table["frame"]) == list(range(1, 21))


def test_attention_weights_of_each_connection_sum_to_one_and_average_uniform():
    table = attention_weights_table(TRACE)
    by_connection = table.groupby("connection")
    np.testing.assert_allclose(by_connection["attention_weight"].sum(), 1, atol=1e-6)
    np.testing.assert_allclose(by_connection["times_uniform"].mean(), 1, atol=1e-6)


def test_attention_without_peers_gives_an_empty_table_with_its_columns():
    table = attention_weights_table(trace(attention="static"))
    assert table.empty
    assert list(table) == ["connection", "peer", "attention_weight", "times_uniform"]


def test_blocks_table_follows_the_structure():
    table = blocks_table(TRACE)
    assert list(table["block"]) == [block.id for block in TRACE.structure.blocks]
    assert table["modality"].value_counts()["mixed"] == 7
    np.testing.assert_allclose(table["mean_activity"], [block.activity.mean() for block in TRACE.blocks])


def test_predictions_table_ranks_the_clip_and_every_window():
    table = predictions_table(TRACE)
    assert list(dict.fromkeys(table["of"])) == ["clip", "window 1", "window 2", "window 3"]
    clip = table[table["of"] == "clip"]
    assert clip["probability"].is_monotonic_decreasing
    assert clip.iloc[0]["class"] == TRACE.class_names[int(TRACE.probabilities.argmax())]
    assert (clip.iloc[0]["start_s"], clip.iloc[0]["stop_s"]) == (0, 20 / 8)
    np.testing.assert_array_equal(table.groupby("of")["rank"].max(), len(TRACE.class_names))


def test_modality_lines_are_means_over_what_leaves_the_input_blocks_and_mixed_over_the_rest():
    lines = attention_by(TRACE, "modality")
    assert list(lines) == ["rgb", "flow", "object", "mixed"]
    sources = {"rgb": ("rgb1", "rgb2"), "flow": ("flow1", "flow2"), "object": ("object1",)}
    for name, blocks in sources.items():
        shades = [each.mean_factor for each in TRACE.connections if each.source in blocks]
        np.testing.assert_allclose(lines[name], np.mean(shades, axis=0), rtol=1e-6)
    inputs = sum(sources.values(), ())
    rest = [each.mean_factor for each in TRACE.connections if each.source not in inputs]
    np.testing.assert_allclose(lines["mixed"], np.mean(rest, axis=0), rtol=1e-6)


@pytest.mark.parametrize("by", ["modality", "level"])
def test_groups_share_out_every_connection_once(by):
    groups = attention_groups(TRACE, by)
    assert sorted(sum(groups.values(), ())) == sorted(each.key for each in TRACE.connections)


def test_level_lines_are_means_over_what_arrives():
    lines = attention_by(TRACE, "level")
    assert list(lines) == ["level 2", "level 3", "level 4"]
    arriving = [each.mean_factor for each in TRACE.connections if each.target == "top"]
    np.testing.assert_allclose(lines["level 4"], np.mean(arriving, axis=0), rtol=1e-6)


def test_last_frame_lasts_as_long_as_the_median_and_a_single_frame_one_second():
    np.testing.assert_allclose(frame_ends(np.array([0, 0.1, 0.2, 0.5])), [0.1, 0.2, 0.5, 0.6])
    assert frame_ends(np.array([2.0])) == [3.0]


def test_accuracy_table_sorts_the_curve_by_threshold():
    found = SimpleNamespace(kind="classes", n=80, top1=0.75, top1_interval=(0.65, 0.83), remark="")
    pruned = SimpleNamespace(kept=("a_to_b",), removed=("a_to_c", "b_to_c"))
    table = accuracy_table([(0.6, found, pruned), (0.2, found, pruned)])
    assert list(table["threshold"]) == [0.2, 0.6]
    assert table.iloc[0].to_dict() == {
        "threshold": 0.2,
        "top1": 0.75,
        "low": 0.65,
        "high": 0.83,
        "remark": "",
        "n": 80,
        "kept": 1,
        "removed": 2,
    }
    assert list(accuracy_table([])) == list(table)


def test_channels_of_an_object_input_are_classes_of_which_undeclared_ones_are_empty() -> None:
    structure = published.structure("full_asnp26", object_classes=3)
    assert object_channels(structure, "4", {2: "cup"}) == (None, "cup", None)
    assert object_channels(structure, "4", {}) == ()
    assert object_channels(structure, "0", {2: "cup"}) == ()


def by_hand(
    magnitudes: dict[str, list[float]],
    contributions: dict[str, list[float]] | None = None,
    added: dict[str, list[float]] | None = None,
) -> Trace:
    """rgb and flow into `middle`, `middle` and flow into `top`, and `loose`, which nothing reaches, too.

    Without contributions it is a trace from before them; a source of which `added` says nothing adds 1.
    """
    blocks = [BlockSpec(f"{name}1", 1, "video_input", 1, modality=name) for name in ("rgb", "flow")]
    blocks += [BlockSpec("middle", 2, "bottleneck", 1, input_width=1)]
    blocks += [BlockSpec("loose", 2, "bottleneck", 1, input_width=1)]
    blocks += [BlockSpec("top", 3, "bottleneck", 1, input_width=1)]
    ends = [("rgb1", "middle"), ("flow1", "middle"), ("middle", "top"), ("flow1", "top"), ("loose", "top")]
    connections = tuple(ConnectionSpec(source, target) for source, target in ends)
    modalities = (Modality("rgb", 3), Modality("flow", 2))
    layout = Structure(tuple(blocks), connections, (OutputSpec("top"),), modalities)
    frames = len(next(iter(magnitudes.values())))
    ones, none = np.ones((frames, 1), np.float32), np.zeros(0, np.float32)
    recorded = [
        ConnectionTrace(*end, (), None, none, ones, np.array(magnitudes[key], np.float32))
        for end in ends
        if (key := f"{end[0]}_to_{end[1]}") in magnitudes
    ]
    if contributions is not None:
        recorded = [
            dataclasses.replace(
                each,
                contribution=np.array(contributions[each.key], np.float32),
                source_contribution=np.array((added or {}).get(each.key, [1.0] * frames), np.float32),
            )
            for each in recorded
        ]
    return dataclasses.replace(
        TRACE,
        structure=layout,
        times=np.arange(frames) / 2,
        windows=(),
        blocks=(),
        connections=tuple(recorded),
    )


HAND = {
    "rgb1_to_middle": [3.0, 0.0],
    "flow1_to_middle": [1.0, 0.0],
    "middle_to_top": [2.0, 1.0],
    "flow1_to_top": [2.0, 3.0],
    "loose_to_top": [5.0, 5.0],
}
ALIKE = {key: [9.0, 9.0] for key in HAND}
"""What is delivered whatever the clip shows."""


def test_modality_share_worked_by_hand():
    """On paper. First frame: middle is 3/4 rgb; top is half middle, half flow: rgb 3/8, flow 5/8.

    Second: nothing arrives at middle, and what it adds comes of the frame before: top is a quarter middle,
    rgb 3/16, flow 13/16.
    """
    shown = by_hand(ALIKE, HAND)
    shares = modality_share(shown)
    assert list(shares) == ["rgb", "flow", CHANGED_BY_PEERS]
    assert (shares.index.name, list(shares.index)) == ("time_s", [0.0, 0.5])
    assert shares.to_numpy().tolist() == [[0.375, 0.625, 0.0], [0.1875, 0.8125, 0.0]]
    assert modality_share(shown, "middle").to_numpy().tolist() == [[0.75, 0.25, 0.0], [0.0, 0.0, 0.0]]
    assert modality_share(shown, "flow1")["flow"].tolist() == [1.0, 1.0]
    assert modality_share(shown, "loose").to_numpy().tolist() == [[0.0, 0.0, 0.0]] * 2


def test_what_a_source_that_adds_nothing_delivers_anew_was_changed_by_peers_all_the_way_up():
    """On paper. First frame: flow adds nothing at middle, of which it has a quarter; top is half middle.

    Second: middle itself adds nothing at top, where it has a quarter.
    """
    sizes = HAND | {"rgb1_to_middle": [3.0, 1.0], "flow1_to_middle": [1.0, 1.0]}
    added = {"flow1_to_middle": [0.0, 1.0], "middle_to_top": [1.0, 0.0]}
    shown = by_hand(ALIKE, sizes, added)
    middle = modality_share(shown, "middle")
    assert middle.to_numpy().tolist() == [[0.75, 0.0, 0.25], [0.5, 0.5, 0.0]]
    assert modality_share(shown).to_numpy().tolist() == [[0.375, 0.5, 0.125], [0.0, 0.75, 0.25]]
    assert block_shares(shown, "top")["middle_to_top"].tolist() == [0.5, 0.25]


def test_a_source_without_arrivals_has_the_shares_of_the_nearest_frame_that_has_some():
    """Something arrives at middle in the frames 2 and 5 of 6: rgb alone, then flow alone; top is middle."""
    sizes = {
        "rgb1_to_middle": [0.0, 2.0, 0.0, 0.0, 0.0, 0.0],
        "flow1_to_middle": [0.0, 0.0, 0.0, 0.0, 4.0, 0.0],
        "middle_to_top": [1.0] * 6,
        "flow1_to_top": [0.0] * 6,
    }
    alike = dict.fromkeys(sizes, [9.0] * 6)
    rgb = modality_share(by_hand(alike, sizes))["rgb"]
    assert rgb.tolist() == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    never = sizes | dict.fromkeys(("rgb1_to_middle", "flow1_to_middle"), [0.0] * 6)
    shares = modality_share(by_hand(alike, never))
    assert shares.to_numpy().tolist() == [[0.0, 0.0, 1.0]] * 6


def test_contributions_that_are_a_hundred_thousandth_of_what_is_delivered_are_nothing():
    """18 are delivered at middle in each frame, 18e-5 of them are nothing."""
    sizes = HAND | {"rgb1_to_middle": [1.0e-4, 1.0e-4], "flow1_to_middle": [0.7e-4, 0.9e-4]}
    middle = block_shares(by_hand(ALIKE, sizes), "middle")
    assert middle.iloc[0].tolist() == [0.0, 0.0]
    assert middle.iloc[1].tolist() == pytest.approx([10 / 19, 9 / 19])


def test_outputs_at_which_nothing_arrives_do_not_count_in_the_mean_over_outputs():
    shown = by_hand(ALIKE, HAND)
    two = dataclasses.replace(shown.structure, outputs=(OutputSpec("top"), OutputSpec("middle")))
    shares = modality_share(dataclasses.replace(shown, structure=two))
    assert shares.to_numpy().tolist() == [[0.5625, 0.4375, 0.0], [0.1875, 0.8125, 0.0]]


def test_shares_of_a_block_leave_out_what_is_starved_or_removed():
    shares = block_shares(by_hand(ALIKE, HAND), "top")
    assert shares["middle_to_top"].tolist() == [0.5, 0.25]
    assert shares["loose_to_top"].tolist() == [0.0, 0.0]
    kept = {key: sizes for key, sizes in ALIKE.items() if key != "flow1_to_top"}
    after = block_shares(by_hand(kept, HAND), "top")
    assert list(after) == list(shares)
    assert after["flow1_to_top"].tolist() == [0.0, 0.0]
    assert after["middle_to_top"].tolist() == [1.0, 1.0]
    assert modality_share(by_hand(kept, HAND))["rgb"].tolist() == [0.75, 0.75]
    assert block_shares(by_hand(ALIKE, HAND), "loose").shape == (2, 0)


def test_mean_shares_of_contributions_stand_beside_the_connections():
    shown = by_hand(ALIKE, HAND)
    expected = {
        "rgb1_to_middle": 0.375,
        "flow1_to_middle": 0.125,
        "middle_to_top": 0.375,
        "flow1_to_top": 0.625,
        "loose_to_top": 0.0,
    }
    assert contribution_shares(shown) == expected
    table = connections_table(shown)
    assert dict(zip(table["connection"], table["contribution_share"], strict=True)) == expected
    assert connections_table(by_hand(HAND))["contribution_share"].isna().all()


def test_a_trace_from_before_contributions_has_the_shares_of_what_is_delivered():
    """On paper, as before: 3/8 rgb; in the second frame nothing is delivered at middle."""
    old = by_hand(HAND)
    assert not has_contributions(old) and has_contributions(by_hand(HAND, HAND))
    shares = modality_share(old)
    assert list(shares) == ["rgb", "flow"]
    assert shares.to_numpy().tolist() == [[0.375, 0.625], [0.1875, 0.8125]]
    assert modality_share(old, "middle").to_numpy().tolist() == [[0.75, 0.25], [0.0, 0.0]]
    silent = HAND | {key: [0.0, 0.0] for key in ("rgb1_to_middle", "flow1_to_middle")}
    assert modality_share(by_hand(silent)).to_numpy().tolist() == [[0.0, 1.0]] * 2


def test_a_trace_without_magnitudes_has_no_shares_and_says_so():
    old = tuple(dataclasses.replace(each, magnitude=None) for each in TRACE.connections)
    with pytest.raises(PeerattnError, match="record the clip again"):
        modality_share(dataclasses.replace(TRACE, connections=old))


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_shares_sum_to_one_or_to_nothing(seed):
    """With sources that add nothing, and frames in which nothing arrives, anywhere."""
    rng = np.random.default_rng(seed)

    def some(sizes: np.ndarray) -> np.ndarray:
        return sizes * rng.integers(0, 2, sizes.shape)

    shown = dataclasses.replace(
        TRACE,
        connections=tuple(
            dataclasses.replace(
                each, contribution=some(each.contribution), source_contribution=some(each.source_contribution)
            )
            for each in TRACE.connections
        ),
    )
    for block in (None, *shown.structure.by_id):
        shares = modality_share(shown, block)
        total = shares.sum(axis=1).to_numpy()
        assert shares.to_numpy().min() >= 0
        np.testing.assert_allclose(total, np.where(total < 0.5, 0, 1), rtol=1e-12)
    assert modality_share(shown)[CHANGED_BY_PEERS].any()


@settings(max_examples=20)
@given(structures(), st.data())
def test_modality_shares_of_a_recording_sum_to_one_wherever_something_arrives(structure, data):
    network = lively(structure)
    clip = Clip(
        tensors(structure, frames=3), np.arange(3) / 8, np.zeros((3, 16, 16, 3), np.uint8), None, None
    )
    shown = record(network, clip, window=2)
    shares = modality_share(shown)
    names = [modality.name for modality in structure.modalities]
    assert list(shares)[: len(names)] == names
    assert shares.to_numpy().min() >= 0
    for block in structure.blocks:
        total = modality_share(shown, block.id).sum(axis=1).to_numpy()
        np.testing.assert_allclose(total, np.round(total), rtol=1e-12)
        if block.is_input:
            assert total.all()
        elif structure.reaching_modalities[block.id]:
            arriving = block_shares(shown, block.id).sum(axis=1)
            np.testing.assert_allclose(arriving, total, rtol=1e-12)
        else:
            assert not total.any() and not block_shares(shown, block.id).to_numpy().any()
    gone = data.draw(st.sampled_from(shown.connections))
    rest = dataclasses.replace(
        shown, connections=tuple(each for each in shown.connections if each is not gone)
    )
    assert not block_shares(rest, gone.target)[gone.key].any()


def test_entropies_are_one_where_peers_count_alike_and_zero_where_one_counts_alone():
    weights = [[0.25] * 4, [0.0, 1.0], [1.0], []]
    changed = [
        dataclasses.replace(each, peers=tuple("abcd"[: len(w)]), attention_weights=np.array(w, np.float32))
        for each, w in zip(TRACE.connections, weights, strict=False)
    ]
    table = entropies_table(dataclasses.replace(TRACE, connections=tuple(changed)))
    assert list(table["connection"]) == [each.key for each in changed[:3]]
    assert table["entropy"].tolist() == pytest.approx([np.log(4), 0, 0])
    assert not np.signbit(table["entropy"]).any()  # a minus before nothing would be shown
    assert table["normalised_entropy"].tolist() == pytest.approx([1, 0, np.nan], nan_ok=True)


def test_distribution_by_level_counts_every_factor_once():
    table = level_distribution(TRACE)
    assert table["n"].sum() == sum(each.attention_factors.size for each in TRACE.connections)
    top = np.concatenate([e.attention_factors.ravel() for e in TRACE.connections if e.target == "top"])
    row = table.set_index("level").loc["level 4"]
    assert row["median"] == pytest.approx(np.median(top))
    assert row["p95"] == pytest.approx(np.sort(top)[int(0.95 * len(top))], abs=0.01)
    assert (row["least"], row["greatest"]) == (top.min(), top.max())
