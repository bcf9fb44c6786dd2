"""Trace files: documented keys, exact numbers, and damaged files refused in plain words."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.traces.trace import FORMAT, SERIES, Trace
from tests.traces import trace

SMALL = trace(frames=3, window=2)
DOCUMENT = json.loads(SMALL.to_json())
WINDOW = DOCUMENT["windows"][0]
LATER = (
    *("magnitude", "contribution", "source_contribution", "reached"),
    *("channel_shares", "carried", "passed_by_attention", "passed_by_source"),
)
"""Fields of a connection that were added to the file, in this order."""


@pytest.mark.parametrize("attention", ["none", "static", "self", "peer"])
def test_a_file_read_back_gives_the_same_bytes(tmp_path: Path, attention: str) -> None:
    path = tmp_path / "trace.json"
    trace(frames=5, window=2, attention=attention, hostile=True).save(path)
    written = path.read_bytes()
    Trace.load(path).save(path)
    assert path.read_bytes() == written


def test_every_number_is_read_back_to_the_last_bit() -> None:
    back = Trace.from_json(SMALL.to_json())
    assert back.structure == SMALL.structure
    assert np.array_equal(back.times, SMALL.times)
    assert np.array_equal(back.probabilities, SMALL.probabilities)
    for ours, theirs in zip(back.connections, SMALL.connections, strict=True):
        assert ours.connection_weight == theirs.connection_weight
        assert np.array_equal(ours.attention_factors, theirs.attention_factors)
        assert np.array_equal(ours.attention_weights, theirs.attention_weights)
        for name in (*SERIES, "channel_shares"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
        assert ours.reached == theirs.reached == (2, 3)
    for ours, theirs in zip(back.blocks, SMALL.blocks, strict=True):
        assert np.array_equal(ours.activity, theirs.activity)
        assert np.array_equal(ours.heatmap, theirs.heatmap)
        assert np.array_equal(ours.added, theirs.added)


@pytest.mark.parametrize("first", [0, 1, 4])
def test_an_older_file_without_later_fields_is_written_as_it_was_read(first: int) -> None:
    later = LATER[first:]
    for connection in (document := json.loads(SMALL.to_json()))["connections"]:
        for name in later:
            del connection[name]
    for block in document["blocks"]:
        del block["added"]
    text = json.dumps(document, separators=(",", ":"))
    old = Trace.from_json(text)
    assert {getattr(connection, name) for connection in old.connections for name in later} == {None}
    assert old.to_json() == text


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("channel_shares", [0.5, 0.5]),
        ("channel_shares", [0.5, 0.5, 0.5, 0.5]),
        ("channel_shares", [1.5, -0.5, 0, 0]),
        ("carried", [1, -1, 1]),
        ("carried", [1, 1]),
        ("passed_by_attention", [0.1, 0.1]),
    ],
)
def test_wrong_shares_and_series_are_refused(name: str, wrong: list[float]) -> None:
    document = json.loads(SMALL.to_json())
    document["connections"][0][name] = wrong
    with pytest.raises(PeerattnError, match=name):
        Trace.from_json(json.dumps(document))


@pytest.mark.parametrize("reached", [[1], [1, 2, 3], [-1, 0], [0, 4], [1.0, 0], [True, 0], "ab", 3])
def test_a_reach_that_is_not_two_numbers_of_frames_is_refused(reached: object) -> None:
    document = json.loads(SMALL.to_json())
    document["connections"][0]["reached"] = reached
    with pytest.raises(PeerattnError, match="reach"):
        Trace.from_json(json.dumps(document))


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_any_float32_survives(numbers: list[float]) -> None:
    blocks = tuple(
        dataclasses.replace(block, activity=np.array(numbers, np.float32)) for block in SMALL.blocks
    )
    text = dataclasses.replace(SMALL, blocks=blocks).to_json()
    back = Trace.from_json(text)
    assert back.blocks[0].activity.tobytes() == np.array(numbers, np.float32).tobytes()
    assert back.to_json() == text


def test_the_file_has_the_documented_keys() -> None:
    assert DOCUMENT["format"] == FORMAT == "peerattn-trace/1"
    assert DOCUMENT["attention_mode"] == "peer"
    assert DOCUMENT.keys() >= {"structure", "times", "windows", "class_names", "probabilities"}
    assert DOCUMENT["windows"][0].keys() == {"start", "stop", "probabilities"}
    assert DOCUMENT["blocks"][0].keys() == {"block", "activity", "heatmap", "added"}
    connection = DOCUMENT["connections"][0]
    assert connection.keys() == {
        *("source", "target", "peers", "connection_weight", "attention_weights", "attention_factors"),
        *LATER,
    }
    assert np.shape(connection["attention_factors"]) == (3, 4)
    assert DOCUMENT["structure"] == json.loads(json.dumps(SMALL.structure.to_json()))


def test_mean_factor_is_the_mean_factor_over_the_channels() -> None:
    connection = dataclasses.replace(
        SMALL.connections[0], attention_factors=np.array([[0, 1], [0.5, 0.75]], np.float32)
    )
    assert connection.mean_factor.tolist() == [0.5, 0.625]


def test_parts_are_found_by_name() -> None:
    key = SMALL.structure.connections[3].key
    assert SMALL.connection(key).key == key
    assert SMALL.block("top").block == "top"


def changed(**parts: Any) -> dict[str, Any]:
    return {**DOCUMENT, **parts}


def with_connection(**parts: Any) -> dict[str, Any]:
    first, *others = DOCUMENT["connections"]
    return changed(connections=[{**first, **parts}, *others])


DAMAGED = {
    "no object": [],
    "other format": changed(format="peerattn-trace/2"),
    "no windows": {key: value for key, value in DOCUMENT.items() if key != "windows"},
    "a word for a number": changed(probabilities=["much"] * 6),
    "ragged factors": with_connection(attention_factors=[[0.5], [0.5, 0.5], [0.5]]),
    "flat factors": with_connection(attention_factors=[0.5, 0.5, 0.5]),
    "factors of two frames": with_connection(attention_factors=[[0.5] * 4] * 2),
    "a peer without a weight": with_connection(attention_weights=[1.0]),
    "a magnitude of two frames": with_connection(magnitude=[1.0, 2.0]),
    "a magnitude below zero": with_connection(magnitude=[1.0, -2.0, 0.0]),
    "a magnitude that is no number": with_connection(magnitude=[1.0, float("nan"), 0.0]),
    "a connection that is not there": with_connection(source="nobody"),
    "a field too many": with_connection(colour="red"),
    "a number beyond float": with_connection(attention_weights=[10**400]),
    "a block that is not there": changed(blocks=[{"block": "nobody", "activity": [], "heatmap": []}]),
    "a frame in no window": changed(windows=DOCUMENT["windows"][:1]),
    "windows that overlap": changed(windows=[{**w, "start": 0} for w in DOCUMENT["windows"]]),
    "windows that go beyond and back": changed(
        windows=[{**WINDOW, "start": a, "stop": b} for a, b in ((0, 5), (5, 3))]
    ),
    "an empty window": changed(windows=[{**WINDOW, "start": a, "stop": b} for a, b in ((0, 0), (0, 3))]),
    "a window from a truth value": changed(windows=[{**WINDOW, "start": False, "stop": 3}]),
    "a window to a fraction": changed(windows=[{**WINDOW, "start": 0, "stop": 3.0}]),
    "classes by number": changed(class_names=[1, 2, 3, 4, 5, 6]),
    "a remark by number": changed(remarks=[1]),
    "object maps by number": changed(objects=1),
    "a weight in words": with_connection(connection_weight="0.5"),
    "a weight in a list": with_connection(connection_weight=[0.5]),
    "a weight above 1": with_connection(connection_weight=1.5),
    "a weight that is no number": with_connection(connection_weight=float("nan")),
    "a peer that is not there": with_connection(peers=["nobody"] * len(DOCUMENT["connections"][0]["peers"])),
    "a heat map without places": changed(blocks=[{**DOCUMENT["blocks"][0], "heatmap": [[[]]] * 3}]),
    "a class without a name": changed(class_names=DOCUMENT["class_names"][:-1]),
    "a broken structure": changed(structure={"blocks": []}),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_files_are_refused_in_one_plain_line(what: str) -> None:
    with pytest.raises(PeerattnError) as refusal:
        Trace.from_json(json.dumps(DAMAGED[what]))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "no JSON", "[" * 100_000, '{"format": "peerattn-trace/1"}'])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(PeerattnError):
        Trace.from_json(text)


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.sampled_from(list('"[]{},:0x\\')))
def test_a_changed_character_is_read_or_refused_with_a_peerattn_error(place: int, letter: str) -> None:
    text = SMALL.to_json()
    place %= len(text)
    try:
        Trace.from_json(text[:place] + letter + text[place + 1 :])
    except PeerattnError as refusal:
        assert str(refusal)


def test_nan_and_infinity_are_never_written_to_json() -> None:
    broken = dataclasses.replace(SMALL, probabilities=np.full(6, np.nan, np.float32))
    with pytest.raises(ValueError, match="JSON"):
        broken.to_json()


@pytest.mark.parametrize(
    ("reached", "first", "last"), [((2, 3), 2, 16), ((0, 11), 0, 8), ((6, 6), 0, 19), (None, 0, 19)]
)
def test_inner_frames_are_those_that_do_not_depend_on_padding(
    reached: tuple[int, int] | None, first: int, last: int
) -> None:
    """For 19 frames; if fewer than eight inner frames are left, all frames count."""
    connection = dataclasses.replace(trace(frames=19).connections[0], reached=reached)
    assert [*range(19)][connection.inner] == [*range(first, last)]
