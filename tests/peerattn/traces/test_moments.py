"""Moments: planted shifts are found where they are, and controls without one list none."""

import dataclasses
import json

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.traces.moments import END_IN_REACH, TOO_SHORT, find_moments, with_moments
from peerattn.traces.slicing import slice_frames
from peerattn.traces.trace import ConnectionTrace, Trace
from tests.planted_shifts import FRAMES, MOVED, RATE, planted, still
from tests.traces import structure, trace_of

SCALE = 0.2


def frames_of(whole: Trace) -> list[int]:
    return [moment.frame for moment in find_moments(whole, scale=SCALE).found]


@pytest.mark.parametrize("frame", [8, 20, 33, 50])
def test_a_planted_shift_is_the_only_moment_and_names_its_connections(frame: int) -> None:
    found = find_moments(planted(still(), frame), scale=SCALE)
    [moment] = found.found
    assert (moment.frame, moment.time) == (frame, frame / RATE)
    assert found.strength.argmax() == frame
    named = {f"{each.source}_to_{each.target}" for each in moment.connections}
    assert len(named) == 3 and named < set(MOVED)
    for each in moment.connections:
        assert each.shift == pytest.approx(0.2, abs=0.02) and each.usual < 0.01
        assert each.rise == pytest.approx(0.2, abs=0.02)


def test_the_strongest_moment_is_first_and_near_ones_are_one() -> None:
    both = planted(planted(still(), 14, by=0.1), 40)
    assert frames_of(both) == [40, 14]
    assert frames_of(planted(still(), 20, 24)) == [20]


@pytest.mark.parametrize("by", [0.0, 0.02])
def test_a_clip_without_a_shift_worth_naming_has_no_moment(by: float) -> None:
    assert frames_of(planted(still(), 30, by=by)) == []


def test_what_arrives_may_change_without_a_moment_if_factors_stay() -> None:
    frozen = still(noise=0.0)
    random = np.random.default_rng(0)
    sizes = [
        dataclasses.replace(each, contribution=random.exponential(size=FRAMES).astype(np.float32))
        for each in frozen.connections
    ]
    found = find_moments(dataclasses.replace(frozen, connections=tuple(sizes)), scale=SCALE)
    assert found.found == () and not found.strength.any()


@pytest.mark.parametrize("frame", [0, 1, 62, 63])
def test_a_shift_within_reach_of_an_end_is_no_moment(frame: int) -> None:
    shown = planted(still(), frame)
    assert {each.reached for each in shown.connections} == {(2, 3)}
    assert frames_of(shown) == []


def test_a_gap_is_no_moment() -> None:
    def silent(each: ConnectionTrace) -> ConnectionTrace:
        carried = np.ones(FRAMES, np.float32)
        carried[29:32] = 0.001
        return dataclasses.replace(each, carried=carried)

    shown = planted(still(), 30)
    assert frames_of(shown) == [30]
    assert frames_of(dataclasses.replace(shown, connections=tuple(map(silent, shown.connections)))) == []


@pytest.mark.parametrize(
    ("padding", "remark", "found"), [("zeros", TOO_SHORT, []), ("repeat", END_IN_REACH, [6])]
)
def test_a_clip_too_short_for_the_reach_of_its_ends_says_so(
    padding: str, remark: str, found: list[int]
) -> None:
    layout = structure()
    blocks = tuple(
        block if block.modality else dataclasses.replace(block, time_padding=padding)
        for block in layout.blocks
    )
    short = still(trace_of(dataclasses.replace(layout, blocks=blocks), frames=12, rate=RATE))
    moments = find_moments(planted(short, 6), scale=SCALE)
    assert (moments.remark, [one.frame for one in moments.found]) == (remark, found)


def test_moments_are_read_back_and_follow_a_slice() -> None:
    whole = with_moments(planted(still(), 20))
    [moment] = whole.moments or ()
    assert Trace.from_json(whole.to_json()).moments == whole.moments
    [later] = slice_frames(whole, 10, 40).moments or ()
    assert (later.frame, later.time) == (10, moment.time)
    assert slice_frames(whole, 30, 40).moments == ()


@pytest.mark.parametrize(("field", "value"), [("frame", 64), ("frame", -1), ("source", "nobody")])
def test_a_moment_of_another_clip_is_refused(field: str, value: object) -> None:
    document = json.loads(with_moments(planted(still(), 20)).to_json())
    [moment] = document["moments"]
    (moment["connections"][0] if field == "source" else moment)[field] = value
    with pytest.raises(PeerattnError, match="moment"):
        Trace.from_json(json.dumps(document))
