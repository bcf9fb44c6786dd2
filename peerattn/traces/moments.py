"""Moments: the frames of a clip at which the attention of a network shifts most.

The strength of a frame is the sum, over all connections, of how far the shift of a connection is above its
usual value, times its share of what arrives at its target. Its peaks are the moments. A connection counts
only in frames that no end of the clip reaches for it, since the padding beyond the ends moves factors too.
T frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from peerattn.traces.arriving import arriving_shares
from peerattn.traces.shift import DEFAULT_SCALE, attention_passed, shift, usual
from peerattn.traces.trace import MIN_INNER_FRAMES, ConnectionTrace, Moment, ShiftedConnection, Trace

Series = NDArray[np.float64]
APART = 0.75
"""Two moments are at least this many seconds apart."""
ABOVE_USUAL = 3.0
"""A moment's strength is at least this many times the median strength of the clip."""
LEAST_SHIFT = 0.25
"""In a moment, a connection shifts by at least this part of the network's scale, beyond its usual value."""
MOST_MOMENTS, MOST_CONNECTIONS = 5, 3

END_IN_REACH = (
    "This clip is so short that an end of it is in reach in every frame; beyond its ends, the network reads "
    "the edge frames again."
)
TOO_SHORT = (
    "This clip is too short for moments: in every frame, attention also depends on the zeros beyond its ends."
)


@dataclass(frozen=True)
class Moments:
    """The moments of a clip, the strongest first, and the strength of each frame (T,), 0 if not known.

    `remark` says why a short clip has none, or what they also show.
    """

    found: tuple[Moment, ...]
    strength: Series
    remark: str = ""


def with_moments(trace: Trace, *, scale: float = DEFAULT_SCALE) -> Trace:
    """Return the trace with its moments; `scale` is the greatest usual shift of the network."""
    return replace(trace, moments=find_moments(trace, scale=scale).found)


def find_moments(trace: Trace, *, scale: float = DEFAULT_SCALE) -> Moments:
    """Find the moments of a clip; `scale` is the greatest usual shift of the network.

    Raises PeerattnError for a trace without magnitudes.
    """
    parts = strength_parts(trace)
    strength = total_strength(trace, parts)
    peaks = sorted(_peaks(trace, strength), key=lambda frame: -strength[frame])
    candidates = (_moment(trace, frame, strength, parts) for frame in peaks)
    found = [one for one in candidates if _is_seen_to_turn(trace, one) and _stands_out(one, scale)]
    return Moments(tuple(found[:MOST_MOMENTS]), strength, remark_on_ends(trace))


def strength_parts(trace: Trace) -> dict[str, Series]:
    """Return connection → its part (T,) of the strength of each frame; 0 where it does not count.

    Raises PeerattnError for a trace without magnitudes.
    """
    return {key: part for block in trace.structure.blocks for key, part in _parts(trace, block.id)}


def total_strength(trace: Trace, parts: Mapping[str, Series]) -> Series:
    """Return the strength (T,) of each frame."""
    total: Series = np.sum([*parts.values(), np.zeros(len(trace.times))], axis=0)
    return total


def remark_on_ends(trace: Trace) -> str:
    """Return what limits the moments of a clip that is too short for the reach of its ends, or nothing."""
    if any(map(_has_inner_frames, trace.connections)):
        return ""
    repeats = all(block.time_padding == "repeat" or block.modality for block in trace.structure.blocks)
    return END_IN_REACH if repeats else TOO_SHORT


def frames_that_show_the_clip(trace: Trace, connection: ConnectionTrace) -> slice:
    """Return the frames in which the shift of a connection comes from the clip, not from beyond its ends.

    In a short clip these are none if the network reads zeros beyond its ends, and all if it reads the edge
    frames again.
    """
    if _has_inner_frames(connection) or remark_on_ends(trace) == END_IN_REACH:
        return connection.inner
    return slice(0, 0)


def _has_inner_frames(connection: ConnectionTrace) -> bool:
    reached = sum(connection.reached or (0, 0))
    return reached + MIN_INNER_FRAMES <= len(connection.attention_factors)


def _parts(trace: Trace, block: str) -> Iterator[tuple[str, Series]]:
    """Yield key and part of the strength of each connection into a block."""
    arriving = [each for each in trace.connections if each.target == block]
    for each, share in zip(arriving, arriving_shares(trace, arriving).T, strict=True):
        shifts, counts = shift(each), np.zeros(len(trace.times))
        counts[frames_that_show_the_clip(trace, each)] = 1
        yield each.key, np.nan_to_num(np.maximum(shifts - usual(each, shifts), 0)) * share * counts


def _peaks(trace: Trace, strength: Series) -> Iterator[int]:
    """Yield the frames whose strength is the greatest within `APART`, and well above the usual one."""
    least = ABOVE_USUAL * float(np.median(strength[strength > 0])) if strength.any() else np.inf
    for frame, value in enumerate(strength):
        near = strength[np.abs(trace.times - trace.times[frame]) < APART]
        first = not (strength[:frame][-len(near) :] == value).any()  # of several equal ones
        if value == near.max() and value >= least and first:
            yield frame


def _moment(trace: Trace, frame: int, strength: Series, parts: Mapping[str, Series]) -> Moment:
    order = sorted(parts, key=lambda key: -parts[key][frame])[:MOST_CONNECTIONS]
    shifted = tuple(_shifted(trace.connection(key), frame) for key in order if parts[key][frame] > 0)
    return Moment(frame, float(trace.times[frame]), float(strength[frame]), shifted)


def _shifted(connection: ConnectionTrace, frame: int) -> ShiftedConnection:
    shifts, passed = shift(connection), attention_passed(connection)
    rise = float(passed[frame]) - usual(connection, passed)
    return ShiftedConnection(
        connection.source, connection.target, float(shifts[frame]), usual(connection, shifts), rise
    )


def _stands_out(moment: Moment, scale: float) -> bool:
    return any(each.shift - each.usual >= LEAST_SHIFT * scale for each in moment.connections)


def _is_seen_to_turn(trace: Trace, moment: Moment) -> bool:
    """Whether the connection that shifts most is also known just before and after: a slope is no peak."""
    most = moment.connections[0]
    shown = frames_that_show_the_clip(trace, trace.connection(f"{most.source}_to_{most.target}"))
    return bool(shown.start < moment.frame < shown.stop - 1)
