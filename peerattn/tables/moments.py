"""Moments, as a table and in words, and where the shift of attention comes from, frame by frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from peerattn.tables.attention import attention_groups
from peerattn.traces.moments import END_IN_REACH, find_moments, remark_on_ends, strength_parts
from peerattn.traces.trace import Moment, ShiftedConnection, Trace

SMALL_RISE = 0.02
"""A connection neither opens nor closes if the attention that it passes changes by less."""
NO_MAGNITUDES = "This trace was recorded before moments could be found: record the clip again."
NONE_STANDS_OUT = "Attention shifts nowhere much more than it usually does in this clip."

COLUMNS = (
    "moment",
    "time_s",
    "frame",
    "connection",
    "source",
    "target",
    "shift",
    "usual_shift",
    "passed_change",
)


def moments_of(trace: Trace) -> tuple[Moment, ...]:
    """Return the moments in the trace, or those that are found in one recorded without them."""
    if trace.moments is not None:
        return trace.moments
    return find_moments(trace).found if _has_magnitudes(trace) else ()


def moments_remark(trace: Trace) -> str:
    """Return why a trace has no moments, or what those of a short clip also show; empty if nothing is due."""
    if not _has_magnitudes(trace):
        return NO_MAGNITUDES
    remark = remark_on_ends(trace)
    if moments_of(trace) or remark not in ("", END_IN_REACH):
        return remark
    return NONE_STANDS_OUT


def moments_table(trace: Trace) -> pd.DataFrame:
    """Return one row per moment and connection that shifts in it; moments and frames count from 1.

    `passed_change` is the attention passed minus its usual value in the clip.
    """
    rows = [
        {
            "moment": number,
            "time_s": moment.time,
            "frame": moment.frame + 1,
            "connection": f"{each.source}_to_{each.target}",
            "source": each.source,
            "target": each.target,
            "shift": each.shift,
            "usual_shift": each.usual,
            "passed_change": each.rise,
        }
        for number, moment in enumerate(moments_of(trace), start=1)
        for each in moment.connections
    ]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def moment_in_words(trace: Trace, moment: Moment) -> str:
    """Say which connections open, close or shift at a moment, and what the most attended peer then does."""
    return "; ".join(_in_words(trace, moment, each) for each in moment.connections)


def _in_words(trace: Trace, moment: Moment, each: ShiftedConnection) -> str:
    does = "shifts" if abs(each.rise) < SMALL_RISE else "opens" if each.rise > 0 else "closes"
    text = f"{each.source} → {each.target} {does}, shift {each.shift:.2f} (usually {each.usual:.2f})"
    connection = trace.connection(f"{each.source}_to_{each.target}")
    if each is not moment.connections[0] or not connection.peers:
        return text
    peer = connection.peers[int(connection.attention_weights.argmax())]
    activity = trace.block(peer).activity
    usual = float(np.median(activity))
    if usual <= 0:
        return text
    times = f"{activity[moment.frame] / usual:.1f} × its usual activity"
    return f"{text}, while its most attended peer {peer} is at {times}"


def strength_by_modality(trace: Trace) -> pd.DataFrame:
    """Return the strength of each frame (index `time_s`), split by the modality of the sources.

    A column is the sum over the connections that leave the input blocks of a modality; `mixed`: inner blocks.
    Raises PeerattnError for a trace without magnitudes.
    """
    parts = strength_parts(trace)
    columns = {
        name: np.sum([parts[key] for key in keys], axis=0) for name, keys in attention_groups(trace).items()
    }
    return pd.DataFrame(columns, index=pd.Index(trace.times, name="time_s"))


def _has_magnitudes(trace: Trace) -> bool:
    return all(each.magnitude is not None for each in trace.connections)
