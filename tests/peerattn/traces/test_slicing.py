"""Slices of a trace contain the numbers of their frames, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.traces.slicing import slice_frames
from peerattn.traces.trace import SERIES, Trace
from tests.traces import trace

WHOLE = trace(frames=20, window=8)


@given(st.integers(0, 19), st.integers(1, 20))
def test_a_slice_keeps_the_numbers_of_its_frames(start: int, count: int) -> None:
    stop = min(start + count, 20)
    some = slice_frames(WHOLE, start, stop)
    assert Trace.from_json(some.to_json()).to_json() == some.to_json()
    np.testing.assert_array_equal(some.times, WHOLE.times[start:stop])
    assert some.windows[0].start == 0
    assert sum(one.stop - one.start for one in some.windows) == stop - start
    for ours, whole in zip(some.connections, WHOLE.connections, strict=True):
        np.testing.assert_array_equal(ours.attention_factors, whole.attention_factors[start:stop])
        for name in SERIES:
            np.testing.assert_array_equal(getattr(ours, name), getattr(whole, name)[start:stop])
        touched = np.zeros(20, bool)
        touched[: whole.reached[0]] = touched[20 - whole.reached[1] :] = True
        first, last = ours.reached
        ends = np.zeros(stop - start, bool)
        ends[:first] = ends[stop - start - last :] = True
        np.testing.assert_array_equal(ends, touched[start:stop])
    for ours, whole in zip(some.blocks, WHOLE.blocks, strict=True):
        np.testing.assert_array_equal(ours.heatmap, whole.heatmap[start:stop])


def test_slicing_all_frames_gives_the_whole_trace() -> None:
    assert slice_frames(WHOLE, 0, 20).to_json() == WHOLE.to_json()


@pytest.mark.parametrize(("start", "stop"), [(-1, 4), (4, 4), (0, 21)])
def test_other_frames_are_refused(start: int, stop: int) -> None:
    with pytest.raises(PeerattnError, match="are not among the 20 of the clip"):
        slice_frames(WHOLE, start, stop)
