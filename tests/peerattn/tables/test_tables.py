"""Tables: their numbers are those of the trace, in float32, and shares are as worked out by hand."""

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


def test_the_connections_table_has_a_row_per_connection_with_its_weight_and_factors():
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


def test_the_factors_table_contains_the_mean_factor_of_each_connection_and_frame():
    table = factors_table(TRACE)
    assert len(table) == len(TRACE.connections) * 20
    for connection in TRACE.connections:
        rows = table[table["connection"] == connection.key]
        np.testing.assert_array_equal(rows["mean_factor"], connection.mean_factor)
        np.testing.assert_array_equal(rows["time_s"], TRACE.times)
    assert table["mean_factor"].dtype == np.float32


def test_window_of_frame_numbers_the_windows_in_order():
    numbers = window_of_frame(TRACE)
    assert [list(numbers).count(number) for number in (1, 2, 3)] == [8, 8, 4]
    assert list(np.sort(numbers)) == list(numbers)


def test_reached_frames_is_the_maximum_over_connections_at_each_end():
    first, second, *others = TRACE.connections
    changed = (dataclasses.replace(first, reached=(7, 0)), dataclasses.replace(second, reached=None))
    assert reached_frames((*changed, *others)) == (7, 3)
    assert reached_frames(changed) == (7, 0)
    assert reached_frames(changed[1:]) is None


def test_the_channels_table_contains_the_factors_of_the_connection():
    connection = TRACE.connections[7]
    table = channels_table(connection, TRACE.times)
    np.testing.assert_array_equal(table.filter(like="channel_").to_numpy(), connection.attention_factors)
    assert list(table["frame"]) == list(range(1, 21))


def test_attention_weights_of_each_connection_sum_to_one_and_average_to_uniform():
    table = attention_weights_table(TRACE)
    by_connection = table.groupby("connection")
    np.testing.assert_allclose(by_connection["attention_weight"].sum(), 1, atol=1e-6)
    np.testing.assert_allclose(by_connection["times_uniform"].mean(), 1, atol=1e-6)


def test_attention_without_peers_gives_an_empty_table_with_its_columns():
    table = attention_weights_table(trace(attention="static"))
    assert table.empty
    assert list(table) == ["connection", "peer", "attention_weight", "times_uniform"]


def test_the_blocks_table_is_in_the_order_of_the_structure():
    table = blocks_table(TRACE)
    assert list(table["block"]) == [block.id for block in TRACE.structure.blocks]
    assert table["modality"].value_counts()["mixed"] == 7
    np.testing.assert_allclose(table["mean_activity"], [block.activity.mean() for block in TRACE.blocks])


def test_the_predictions_table_ranks_all_classes_for_the_clip_and_each_window():
    table = predictions_table(TRACE)
    assert list(dict.fromkeys(table["of"])) == ["clip", "window 1", "window 2", "window 3"]
    clip = table[table["of"] == "clip"]
    assert clip["probability"].is_monotonic_decreasing
    assert clip.iloc[0]["class"] == TRACE.class_names[int(TRACE.probabilities.argmax())]
    assert (clip.iloc[0]["start_s"], clip.iloc[0]["stop_s"]) == (0, 20 / 8)
    np.testing.assert_array_equal(table.groupby("of")["rank"].max(), len(TRACE.class_names))


def test_attention_by_modality_is_the_mean_over_connections_from_its_input_blocks():
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
def test_each_connection_is_in_exactly_one_attention_group(by):
    groups = attention_groups(TRACE, by)
    assert sorted(sum(groups.values(), ())) == sorted(each.key for each in TRACE.connections)


def test_attention_by_level_is_the_mean_over_connections_into_the_level():
    lines = attention_by(TRACE, "level")
    assert list(lines) == ["level 2", "level 3", "level 4"]
    arriving = [each.mean_factor for each in TRACE.connections if each.target == "top"]
    np.testing.assert_allclose(lines["level 4"], np.mean(arriving, axis=0), rtol=1e-6)


def test_the_last_frame_lasts_the_median_duration_and_a_single_frame_one_second():
    np.testing.assert_allclose(frame_ends(np.array([0, 0.1, 0.2, 0.5])), [0.1, 0.2, 0.5, 0.6])
    assert frame_ends(np.array([2.0])) == [3.0]


def test_the_accuracy_table_is_sorted_by_threshold():
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


def test_channels_of_an_object_input_have_the_names_of_declared_classes_only() -> None:
    structure = published.structure("full_asnp26", object_classes=3)
    assert object_channels(structure, "4", {2: "cup"}) == (None, "cup", None)
    assert object_channels(structure, "4", {}) == ()
    assert object_channels(structure, "0", {2: "cup"}) == ()


def by_hand(
    magnitudes: dict[str, list[float]],
    contributions: dict[str, list[float]] | None = None,
    added: dict[str, list[float]] | None = None,
) -> Trace:
    """A trace of rgb and flow → `middle`; `middle`, flow and the starved block `loose` → `top`.

    Without `contributions` it is like a trace from before they were recorded. `added` gives the contributions
    of sources; by default they are 1.
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
EQUAL_MAGNITUDES = {key: [9.0, 9.0] for key in HAND}
"""Magnitudes that are the same for all connections."""


def test_modality_share_worked_by_hand():
    """First frame: middle is 3/4 rgb, 1/4 flow; top is 1/2 middle, 1/2 flow: rgb 3/8, flow 5/8.

    Second frame: nothing arrives at middle, so it has the shares of the first frame; top is 1/4 middle, 3/4
    flow: rgb 3/16, flow 13/16.
    """
    shown = by_hand(EQUAL_MAGNITUDES, HAND)
    shares = modality_share(shown)
    assert list(shares) == ["rgb", "flow", CHANGED_BY_PEERS]
    assert (shares.index.name, list(shares.index)) == ("time_s", [0.0, 0.5])
    assert shares.to_numpy().tolist() == [[0.375, 0.625, 0.0], [0.1875, 0.8125, 0.0]]
    assert modality_share(shown, "middle").to_numpy().tolist() == [[0.75, 0.25, 0.0], [0.0, 0.0, 0.0]]
    assert modality_share(shown, "flow1")["flow"].tolist() == [1.0, 1.0]
    assert modality_share(shown, "loose").to_numpy().tolist() == [[0.0, 0.0, 0.0]] * 2


def test_contributions_of_sources_that_add_nothing_count_as_changed_by_peers():
    """First frame: flow itself adds nothing, so its quarter of middle, and an eighth of top, is due to peers.

    Second frame: middle itself adds nothing, so its quarter of top is due to peers.
    """
    sizes = HAND | {"rgb1_to_middle": [3.0, 1.0], "flow1_to_middle": [1.0, 1.0]}
    added = {"flow1_to_middle": [0.0, 1.0], "middle_to_top": [1.0, 0.0]}
    shown = by_hand(EQUAL_MAGNITUDES, sizes, added)
    middle = modality_share(shown, "middle")
    assert middle.to_numpy().tolist() == [[0.75, 0.0, 0.25], [0.5, 0.5, 0.0]]
    assert modality_share(shown).to_numpy().tolist() == [[0.375, 0.5, 0.125], [0.0, 0.75, 0.25]]
    assert block_shares(shown, "top")["middle_to_top"].tolist() == [0.5, 0.25]


def test_a_block_at_which_nothing_arrives_has_the_shares_of_the_nearest_frame():
    """At middle, only rgb arrives in frame 2 and only flow in frame 5 of 6; all of top comes from middle."""
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


def test_contributions_below_a_hundred_thousandth_of_the_magnitudes_count_as_zero():
    """Magnitudes at middle sum to 18 in each frame, so contributions that sum to less than 18e-5 are 0."""
    sizes = HAND | {"rgb1_to_middle": [1.0e-4, 1.0e-4], "flow1_to_middle": [0.7e-4, 0.9e-4]}
    middle = block_shares(by_hand(EQUAL_MAGNITUDES, sizes), "middle")
    assert middle.iloc[0].tolist() == [0.0, 0.0]
    assert middle.iloc[1].tolist() == pytest.approx([10 / 19, 9 / 19])


def test_the_mean_over_outputs_excludes_outputs_at_which_nothing_arrives():
    shown = by_hand(EQUAL_MAGNITUDES, HAND)
    two = dataclasses.replace(shown.structure, outputs=(OutputSpec("top"), OutputSpec("middle")))
    shares = modality_share(dataclasses.replace(shown, structure=two))
    assert shares.to_numpy().tolist() == [[0.5625, 0.4375, 0.0], [0.1875, 0.8125, 0.0]]


def test_connections_that_are_removed_or_come_from_starved_blocks_have_share_zero():
    shares = block_shares(by_hand(EQUAL_MAGNITUDES, HAND), "top")
    assert shares["middle_to_top"].tolist() == [0.5, 0.25]
    assert shares["loose_to_top"].tolist() == [0.0, 0.0]
    kept = {key: sizes for key, sizes in EQUAL_MAGNITUDES.items() if key != "flow1_to_top"}
    after = block_shares(by_hand(kept, HAND), "top")
    assert list(after) == list(shares)
    assert after["flow1_to_top"].tolist() == [0.0, 0.0]
    assert after["middle_to_top"].tolist() == [1.0, 1.0]
    assert modality_share(by_hand(kept, HAND))["rgb"].tolist() == [0.75, 0.75]
    assert block_shares(by_hand(EQUAL_MAGNITUDES, HAND), "loose").shape == (2, 0)


def test_the_connections_table_contains_the_mean_contribution_shares():
    shown = by_hand(EQUAL_MAGNITUDES, HAND)
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


def test_a_trace_without_contributions_has_shares_of_magnitudes():
    """The same numbers as for contributions; in the second frame nothing is delivered at middle."""
    old = by_hand(HAND)
    assert not has_contributions(old) and has_contributions(by_hand(HAND, HAND))
    shares = modality_share(old)
    assert list(shares) == ["rgb", "flow"]
    assert shares.to_numpy().tolist() == [[0.375, 0.625], [0.1875, 0.8125]]
    assert modality_share(old, "middle").to_numpy().tolist() == [[0.75, 0.25], [0.0, 0.0]]
    silent = HAND | {key: [0.0, 0.0] for key in ("rgb1_to_middle", "flow1_to_middle")}
    assert modality_share(by_hand(silent)).to_numpy().tolist() == [[0.0, 1.0]] * 2


def test_a_trace_without_magnitudes_asks_to_record_the_clip_again():
    old = tuple(dataclasses.replace(each, magnitude=None) for each in TRACE.connections)
    with pytest.raises(PeerattnError, match="record the clip again"):
        modality_share(dataclasses.replace(TRACE, connections=old))


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_shares_sum_to_one_or_to_zero(seed):
    """Some sources add nothing, and in some frames nothing arrives."""
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
def test_modality_shares_sum_to_one_at_every_block_that_a_modality_reaches(structure, data):
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


def test_normalised_entropy_is_one_for_equal_weights_and_zero_for_a_single_one():
    weights = [[0.25] * 4, [0.0, 1.0], [1.0], []]
    changed = [
        dataclasses.replace(each, peers=tuple("abcd"[: len(w)]), attention_weights=np.array(w, np.float32))
        for each, w in zip(TRACE.connections, weights, strict=False)
    ]
    table = entropies_table(dataclasses.replace(TRACE, connections=tuple(changed)))
    assert list(table["connection"]) == [each.key for each in changed[:3]]
    assert table["entropy"].tolist() == pytest.approx([np.log(4), 0, 0])
    assert not np.signbit(table["entropy"]).any()  # -0.0 would be shown with its minus sign
    assert table["normalised_entropy"].tolist() == pytest.approx([1, 0, np.nan], nan_ok=True)


def test_the_distribution_by_level_counts_every_factor_once():
    table = level_distribution(TRACE)
    assert table["n"].sum() == sum(each.attention_factors.size for each in TRACE.connections)
    top = np.concatenate([e.attention_factors.ravel() for e in TRACE.connections if e.target == "top"])
    row = table.set_index("level").loc["level 4"]
    assert row["median"] == pytest.approx(np.median(top))
    assert row["p95"] == pytest.approx(np.sort(top)[int(0.95 * len(top))], abs=0.01)
    assert (row["least"], row["greatest"]) == (top.min(), top.max())
