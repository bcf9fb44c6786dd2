"""Moments as a table and in words, and the strength of each frame by modality."""

import dataclasses

import numpy as np
import pytest

from peerattn.graph.connectivity import source_modality
from peerattn.tables.moments import (
    NO_MAGNITUDES,
    NONE_STANDS_OUT,
    moment_in_words,
    moments_of,
    moments_remark,
    moments_table,
    strength_by_modality,
)
from peerattn.traces.moments import find_moments, strength_parts, with_moments
from tests.planted_shifts import planted, still

TWO = with_moments(planted(planted(still(), 14, by=0.1), 40))


def test_the_table_has_a_row_for_each_connection_of_each_moment() -> None:
    table = moments_table(TWO)
    assert table["moment"].tolist() == [1, 1, 1, 2, 2, 2]
    assert set(zip(table["moment"], table["frame"], table["time_s"], strict=True)) == {
        (1, 41, 5.0),
        (2, 15, 1.75),
    }
    first = (TWO.moments or ())[0].connections[0]
    assert table.loc[0, ["source", "target", "shift", "usual_shift", "passed_change"]].tolist() == list(
        dataclasses.astuple(first)
    )
    assert table.loc[0, "connection"] == f"{first.source}_to_{first.target}"


@pytest.mark.parametrize(("by", "word"), [(0.1, "opens"), (-0.1, "closes")])
def test_words_say_which_way_attention_goes_and_what_the_most_attended_peer_does(
    by: float, word: str
) -> None:
    shown = with_moments(planted(still(), 30, by=by))
    [moment] = shown.moments or ()
    first = moment.connections[0]
    said = moment_in_words(shown, moment)
    start = (
        f"{first.source} → {first.target} {word}, shift {first.shift:.2f} (usually {first.usual:.2f}), while"
    )
    assert said.startswith(start)
    connection = shown.connection(f"{first.source}_to_{first.target}")
    peer = connection.peers[int(connection.attention_weights.argmax())]
    activity = shown.block(peer).activity
    times = activity[30] / np.median(activity)
    assert f"its most attended peer {peer} is at {times:.1f} × its usual activity; " in said


def test_a_trace_recorded_without_moments_has_those_that_are_found_in_it() -> None:
    old = dataclasses.replace(TWO, moments=None)
    assert moments_of(old) == TWO.moments
    lacking = tuple(dataclasses.replace(each, magnitude=None) for each in old.connections)
    older = dataclasses.replace(old, connections=lacking)
    assert (moments_of(older), moments_remark(older), len(moments_table(older))) == ((), NO_MAGNITUDES, 0)


def test_a_remark_says_why_there_are_no_moments() -> None:
    assert moments_remark(TWO) == ""
    assert moments_remark(with_moments(still())) == NONE_STANDS_OUT


def test_the_strength_of_a_frame_is_split_by_the_modality_of_the_sources() -> None:
    table = strength_by_modality(TWO)
    np.testing.assert_allclose(table.sum(axis=1), find_moments(TWO).strength, rtol=1e-9)
    parts = strength_parts(TWO)
    for name in table:
        keys = [each.key for each in TWO.connections if source_modality(TWO.structure, each.source) == name]
        np.testing.assert_allclose(table[name], sum(parts[key] for key in keys), rtol=1e-9)
    assert list(table.index) == list(TWO.times)
