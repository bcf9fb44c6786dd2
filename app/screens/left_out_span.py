"""The span of time in which a part is left out, from a slider or dragged on the explorer's timeline."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
import streamlit as st

from app import keys
from app.state.left_out import parse_span
from app.state.opened import OpenedClip
from peerattn.recording.altering import Alteration
from peerattn.traces.trace import Trace

HELP = "Or drag over frames of the timeline with Shift, and leave the part out only in that loop."


def choose(opened: OpenedClip) -> tuple[int, int] | None:
    """Draw the choice of a span, and return its frames; None for the whole clip."""
    times = opened.trace.times - opened.trace.times[0]
    if len(times) < 2:
        return None
    ends = _ends(opened)
    _fit_to(ends)
    start, stop = st.slider(
        "From, to (s)",
        *ends,
        ends,
        key=keys.LEFT_OUT_TIMES,
        help=HELP,
        bind="query-params",
        persist_state="session",
    )
    if (start, stop) == ends:
        return None
    first, last = np.searchsorted(times, [start - 1e-6, stop + 1e-6])
    return int(first), max(int(last), int(first) + 1)


def choose_frames(opened: OpenedClip, frames: tuple[int, int] | None) -> None:
    """Set the span to that of frames (first, after the last) chosen on the timeline; None: the whole clip."""
    times = opened.trace.times - opened.trace.times[0]
    if frames is None:
        keys.LEFT_OUT_TIMES.value = _ends(opened)
    else:
        start, stop = float(times[frames[0]]), float(times[frames[1] - 1])
        keys.LEFT_OUT_TIMES.value = floor(100 * start) / 100, ceil(100 * stop) / 100


def in_words(trace: Trace, alteration: Alteration) -> str:
    """Say from when to when the part is left out; empty for the whole clip."""
    if alteration.frames is None:
        return ""
    start, stop = alteration.frames
    return f"from {trace.times[start] - trace.times[0]:.2f} to {trace.times[stop - 1] - trace.times[0]:.2f} s"


def _ends(opened: OpenedClip) -> tuple[float, float]:
    """Return the ends of the slider in seconds, from the first frame to the last."""
    times = opened.trace.times
    return 0.0, ceil(100 * float(times[-1] - times[0])) / 100


def _fit_to(ends: tuple[float, float]) -> None:
    """Keep a span that a clip with these ends has; say so if the address names one that it does not have."""
    key, before = keys.LEFT_OUT_TIMES, keys.LEFT_OUT_ENDS.get()
    if key.is_set:
        whole = key.value == before
        if whole or key.value[1] > ends[1]:
            key.value = ends
    elif named := st.query_params.get_all(key):
        span = parse_span(named)
        if span is None or span[1] > ends[1]:
            st.warning(f"The address names the span {' to '.join(named)} s, which this clip does not have.")
    keys.LEFT_OUT_ENDS.value = ends
