"""Trace files of a user: reading and checking them, and placeholder frames to show them with."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.traces.trace import Trace
from peerattn.video.frames import Limits

SIDE = 256  # px
GREY, WHITE = (118, 118, 118), (255, 255, 255)
MOST_FRAMES = Limits().kept_frames  # no recorded clip has more
MOST_SECONDS = 1e6
NO_FRAMES = ("no frames", "in a trace file")


def read_trace(text: str) -> Trace:
    """Read a trace; raises PeerattnError if it is not one that can be shown."""
    trace = Trace.from_json(text)
    for fault in _faults(trace):
        raise PeerattnError(f"this trace file {fault}: record the clip again")
    return trace


def _faults(trace: Trace) -> Iterator[str]:
    """Yield what is wrong with a trace, as the end of a sentence."""
    structure = trace.structure
    if not len(trace.times) or trace.times.ndim != 1 or np.any(np.diff(trace.times) <= 0):
        yield "has no frames, or their times do not increase"
    if len(trace.times) > MOST_FRAMES or np.abs(trace.times).max() > MOST_SECONDS:
        yield f"has more than {MOST_FRAMES:,} frames, or impossible times"
    if [block.block for block in trace.blocks] != [block.id for block in structure.blocks]:
        yield "does not contain each block of its structure once"
    if [each.key for each in trace.connections] != [spec.key for spec in structure.connections]:
        yield "does not contain each connection of its structure once"
    if not trace.connections or not trace.class_names:
        yield "has no connections, or no classes"
    for connection in trace.connections:
        if connection.attention_factors.shape[1] != structure.block(connection.source).width:
            yield f"does not have one factor per channel of {connection.source}"
    if not all(np.isfinite(values).all() for values in _numbers(trace)):
        yield "contains values that are not finite numbers"


def _numbers(trace: Trace) -> Iterator[NDArray[np.floating]]:
    yield from (trace.times, trace.probabilities)
    yield from (window.probabilities for window in trace.windows)
    for block in trace.blocks:
        yield from (block.activity, block.heatmap)
    for connection in trace.connections:
        yield from (connection.attention_weights, connection.attention_factors)
        yield np.array(connection.connection_weight or 0.0)


def placeholder_frames(trace: Trace) -> NDArray[np.uint8]:
    """Return grey pictures (T, 256, 256, 3) that say there are no frames, one for each frame of the trace."""
    picture: NDArray[np.uint8] = np.full((SIDE, SIDE, 3), GREY, np.uint8)
    face = cv2.FontFace("sans")
    for row, text in enumerate(NO_FRAMES):
        _, _, width, _ = cv2.getTextSize((SIDE, SIDE), text, (0, 0), face, 20, 400)
        cv2.putText(picture, text, ((SIDE - width) // 2, 124 + 28 * row), WHITE, face, 20, 400)
    return np.broadcast_to(picture, (len(trace.times), *picture.shape))
