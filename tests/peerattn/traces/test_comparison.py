"""Comparing two traces: one layout for both, and missing values are never zero."""

import dataclasses
import json

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.figures.recording import pack_recording
from peerattn.graph.structure import Structure
from peerattn.traces.comparison import (
    align_to_layout,
    comparison_table,
    merge_structures,
    missing_parts,
    predictions_comparison,
)
from tests.traces import images, part, structure, trace

FIRST, SECOND = trace(seed=0), trace(seed=1)


def pruned():
    """The first trace as after pruning: fewer connections and blocks."""
    return part(FIRST, 0.5)


def test_merging_a_structure_with_itself_or_with_a_part_of_it_gives_it_back():
    whole, left = FIRST.structure, pruned().structure
    assert merge_structures(whole, whole) == whole == merge_structures(whole, left)
    other = merge_structures(left, whole)
    assert {block.id for block in other.blocks} == {block.id for block in whole.blocks}
    assert {spec.key for spec in other.connections} == {spec.key for spec in whole.connections}


def test_merging_takes_the_parts_of_both():
    other = structure(hostile=True)  # one block has another name
    both = merge_structures(FIRST.structure, other)
    assert len(both.blocks) == len(FIRST.structure.blocks) + 1
    keys = {spec.key for spec in (*FIRST.structure.connections, *other.connections)}
    assert {spec.key for spec in both.connections} == keys


def test_blocks_that_share_an_id_only_are_refused_in_one_line():
    blocks = tuple(
        dataclasses.replace(block, level=block.level + (block.id == "top"))
        for block in FIRST.structure.blocks
    )
    with pytest.raises(
        PeerattnError, match=r"no common layout, since block top differs .*level 4"
    ) as refused:
        merge_structures(FIRST.structure, Structure.complete(blocks, modalities=FIRST.structure.modalities))
    assert "\n" not in str(refused.value)


def test_differences_are_second_minus_first():
    table = comparison_table(FIRST, SECOND)
    assert (table["counterpart"] == "both").all() and len(table) == len(FIRST.connections)
    for row, ours, theirs in zip(table.itertuples(), FIRST.connections, SECOND.connections, strict=True):
        assert row.connection == ours.key
        assert row.weight_difference == theirs.connection_weight - ours.connection_weight
        means = [one.attention_factors.astype(float).mean() for one in (ours, theirs)]
        assert row.factor_difference == pytest.approx(means[1] - means[0], abs=1e-12)
    swapped = comparison_table(SECOND, FIRST)
    np.testing.assert_array_equal(swapped["factor_difference"], -table["factor_difference"])


def test_connections_of_only_one_trace_have_missing_values_rather_than_zeros():
    table = comparison_table(FIRST, pruned()).set_index("connection")
    gone = {one.key for one in FIRST.connections} - {one.key for one in pruned().connections}
    assert gone
    assert {key for key in table.index if table["counterpart"][key] == "first only"} == gone
    alone = table.loc[sorted(gone)]
    assert (
        alone[["weight_second", "weight_difference", "factor_second", "factor_difference"]].isna().all().all()
    )
    assert alone[["weight_first", "factor_first"]].notna().all().all()


def test_the_comparison_of_predictions_is_sorted_by_the_greater_probability():
    table = predictions_comparison(FIRST, SECOND)
    shares = dict(zip(SECOND.class_names, SECOND.probabilities.tolist(), strict=True))
    assert table["probability_second"].tolist() == [shares[name] for name in table["class"]]
    greatest = table[["probability_first", "probability_second"]].max(axis=1)
    assert greatest.is_monotonic_decreasing


def test_a_class_that_one_does_not_know_is_empty():
    other = dataclasses.replace(SECOND, class_names=("dance", *SECOND.class_names[1:]))
    table = predictions_comparison(FIRST, other).set_index("class")
    assert np.isnan(table["probability_first"]["dance"]) and np.isnan(table["difference"]["dance"])
    assert np.isnan(table["probability_second"][FIRST.class_names[0]])


def test_a_trace_aligned_to_a_larger_layout_is_nan_for_missing_connections():
    left, whole = pruned(), FIRST.structure
    laid = align_to_layout(left, whole)
    assert [one.key for one in laid.connections] == [spec.key for spec in whole.connections]
    assert [one.block for one in laid.blocks] == [block.id for block in whole.blocks]
    missing = set(missing_parts(left, whole))
    assert missing >= {one.key for one in FIRST.connections} - {one.key for one in left.connections}
    for one in laid.connections:
        assert np.isnan(one.mean_factor).all() == (one.key in missing)
        if one.key not in missing:
            np.testing.assert_array_equal(one.attention_factors, left.connection(one.key).attention_factors)
    assert missing_parts(FIRST, whole) == () and align_to_layout(FIRST, whole) == FIRST


def test_a_recording_packed_for_a_larger_layout_has_rows_for_all_its_connections():
    whole = FIRST.structure
    packed = pack_recording(pruned(), images(), layout=whole)
    header = json.loads(packed[4 : 4 + int.from_bytes(packed[:4], "little")])
    assert [each["id"] for each in header["connections"]] == [spec.key for spec in whole.connections]
    assert header["arrays"]["shade"]["shape"] == [len(whole.connections), len(FIRST.times)]
    assert header["absent"] == list(missing_parts(pruned(), whole))
    own = pack_recording(FIRST, images())
    own = json.loads(own[4 : 4 + int.from_bytes(own[:4], "little")])
    places = [[(node["id"], node["x"], node["y"]) for node in one["graph"]["nodes"]] for one in (header, own)]
    assert places[0] == places[1]


def test_a_packed_recording_contains_the_attention_and_widths_of_its_own_network():
    other = trace(attention="self")
    blocks = [dataclasses.replace(block, temporal_dilation=3) for block in other.structure.blocks]
    other = dataclasses.replace(other, structure=dataclasses.replace(other.structure, blocks=tuple(blocks)))
    packed = pack_recording(other, images(), layout=merge_structures(FIRST.structure, other.structure))
    header = json.loads(packed[4 : 4 + int.from_bytes(packed[:4], "little")])
    assert {each["attention"] for each in header["connections"]} == {"self"}
    assert {each["dilation"] for each in header["blocks"]} == {3}
