"""A range of a trace's frames, with the values that these frames have in the whole clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from peerattn.errors import PeerattnError
from peerattn.traces.trace import SERIES, ConnectionTrace, Moment, Trace


def slice_frames(trace: Trace, start: int, stop: int) -> Trace:
    """Return the trace of frames start ≤ t < stop only; windows that overlap them are cut to this range.

    Probabilities remain those of the whole clip and of its whole windows. Raises PeerattnError if the trace
    does not have these frames.
    """
    if not 0 <= start < stop <= len(trace.times):
        raise PeerattnError(
            f"frames {start} to {stop} are not among the {len(trace.times)} of the clip: choose others"
        )
    windows = (
        replace(one, start=max(one.start, start) - start, stop=min(one.stop, stop) - start)
        for one in trace.windows
        if one.start < stop and start < one.stop
    )
    blocks = (
        replace(
            one,
            activity=one.activity[start:stop],
            heatmap=one.heatmap[start:stop],
            added=None if one.added is None else one.added[start:stop],
        )
        for one in trace.blocks
    )
    return replace(
        trace,
        times=trace.times[start:stop],
        windows=tuple(windows),
        blocks=tuple(blocks),
        connections=tuple(_slice_connection(one, start, stop) for one in trace.connections),
        moments=None if trace.moments is None else tuple(_slice_moments(trace.moments, start, stop)),
    )


def _slice_moments(moments: Iterable[Moment], start: int, stop: int) -> Iterator[Moment]:
    for moment in moments:
        if start <= moment.frame < stop:
            yield replace(moment, frame=moment.frame - start)


def _slice_connection(whole: ConnectionTrace, start: int, stop: int) -> ConnectionTrace:
    frames, count = len(whole.attention_factors), stop - start
    reached = None
    if whole.reached is not None:
        first, last = whole.reached
        reached = min(max(first - start, 0), count), min(max(last - (frames - stop), 0), count)
    series = {name: each[start:stop] for name in SERIES if (each := getattr(whole, name)) is not None}
    return replace(whole, attention_factors=whole.attention_factors[start:stop], reached=reached, **series)
