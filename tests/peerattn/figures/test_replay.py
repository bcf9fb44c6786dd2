"""The replay of a training history: what the browser gets, and the tables of the screen."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.figures.packing import unpack
from peerattn.figures.pyvis_graph import positions
from peerattn.figures.replay import history_charts, pack_replay
from peerattn.graph.connectivity import survey
from peerattn.tables.history import (
    attention_history,
    connection_history,
    entropies,
    entropies_by_level,
    learned_by_modality,
    scores_history,
)
from peerattn.traces.history import History, attention_weight_count
from peerattn.training.history_log import HistoryLog
from tests.histories import EVERY, history
from tests.strategies import lively, structures


def array(packed: bytes, name: str) -> np.ndarray:
    header, body = unpack(packed)
    place = header["arrays"][name]
    count = int(np.prod(place["shape"]))
    return np.frombuffer(body, "<f4", count, place["offset"]).reshape(place["shape"])


def test_a_replay_contains_every_logged_number() -> None:
    shown = history()
    packed = pack_replay(shown)
    assert np.array_equal(array(packed, "shade"), shown.connection_weights.T, equal_nan=True)
    attention = array(packed, "attention")
    for connection in unpack(packed)[0]["connections"]:
        rows = attention[connection["first"] :][: len(connection["peers"])]
        assert np.array_equal(rows.T, shown.attention_weights[connection["id"]], equal_nan=True)
    assert unpack(packed)[0]["steps"] == [EVERY * row for row in range(len(shown))]


def test_no_block_moves_between_a_clip_and_the_replay_of_its_network() -> None:
    shown = history()
    nodes = unpack(pack_replay(shown))[0]["graph"]["nodes"]
    assert {node["id"]: (node["x"], node["y"]) for node in nodes} == positions(shown.structure)


def test_a_pruned_connection_is_marked_removed_from_its_step_on() -> None:
    shown = history(pruned=16)
    first, second = unpack(pack_replay(shown))[0]["prunings"]
    gone = {key for key, lost in zip(shown.keys, np.isnan(shown.connection_weights[16]), strict=True) if lost}
    assert (first["from"], first["removed"]) == (0, [])
    assert second["from"] == 16 and set(second["removed"]) == gone
    kept = {key: float(key not in gone) for key in shown.keys}
    assert tuple(second["dead"]) == survey(shown.structure, kept, 0.5).dead_blocks


def test_stretches_between_prunings_contain_every_step_once() -> None:
    stretches = unpack(pack_replay(history(pruned=16)))[0]["windows"]
    assert [(each["start"], each["stop"]) for each in stretches] == [(0, 16), (16, 24)]
    assert stretches[0]["name"] == "50 connections, nothing pruned"
    assert stretches[1]["span"] == "steps 160–230" and stretches[1]["name"].endswith(" pruned")


@given(structures(), st.integers(1, 3))
def test_any_structure_can_be_replayed(structure, logged: int) -> None:
    log = HistoryLog(lively(structure))
    for step in range(logged):
        log.log(step, loss=1.0)
    shown = log.history()
    header, _ = unpack(pack_replay(shown))
    unweighted = {spec.key for spec in structure.connections if spec.weight is None}
    assert {each["id"] for each in header["connections"] if each["weight"] is None} == unweighted
    assert header["prunings"][0]["removed"] == []
    assert sum(len(each["peers"]) for each in header["connections"]) == sum(
        map(attention_weight_count, structure.connections)
    )


def test_a_history_without_a_step_is_refused() -> None:
    whole = history()
    empty = History(
        whole.structure,
        whole.steps[:0],
        whole.epochs[:0],
        whole.connection_weights[:0],
        {key: shares[:0] for key, shares in whole.attention_weights.items()},
        {},
    )
    with pytest.raises(PeerattnError, match="no logged step"):
        pack_replay(empty)


def test_entropies_are_computed_from_the_attention_weights() -> None:
    shown = history()
    found = entropies(shown)
    for column, key in zip(found.T, shown.keys, strict=True):
        shares = shown.attention_weights[key]
        expected = -(shares * np.log(shares)).sum(axis=1) / np.log(shares.shape[1])
        np.testing.assert_allclose(column, expected, rtol=1e-5, atol=1e-6)
    assert np.allclose(found[0], 1)  # at first all peers count alike


def test_lines_are_means_over_the_remaining_connections() -> None:
    shown = history(pruned=16)
    sources = {spec.key: shown.structure.block(spec.source).modality for spec in shown.structure.connections}
    own = [place for place, key in enumerate(shown.keys) if sources[key] == "rgb"]
    for row in (3, 20):
        weights = shown.connection_weights[row, own]
        assert learned_by_modality(shown)["rgb"].iloc[row] == pytest.approx(
            weights[~np.isnan(weights)].mean()
        )
    assert list(entropies_by_level(shown)) == ["level 2", "level 3", "level 4"]


def test_scores_are_drawn_as_steps_until_the_next_measurement() -> None:
    drawn = history_charts(history())
    assert list(drawn) == ["weights", "entropies", "accuracy", "loss"]
    assert drawn["accuracy"].table["top1"].iloc[5] == drawn["accuracy"].table["top1"].iloc[0]
    assert drawn["loss"].maximum == pytest.approx(2.5)
    json.dumps(drawn["loss"].header)


def test_tables_have_a_row_for_each_logged_number() -> None:
    shown = history()
    weights = connection_history(shown)
    assert len(weights) == len(shown) * len(shown.keys)
    row = weights[(weights.step == 30) & (weights.connection == shown.keys[7])]
    assert row.connection_weight.item() == shown.connection_weights[3, 7]
    attention = attention_history(shown)
    assert len(attention) == len(shown) * sum(map(attention_weight_count, shown.structure.connections))
    last = attention[attention.connection == shown.keys[0]].groupby("step").attention_weight.sum()
    assert np.allclose(last[last > 0], 1)
    assert list(scores_history(shown)) == ["step", "epoch", "loss", "top1"]
