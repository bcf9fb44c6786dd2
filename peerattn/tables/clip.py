"""Tables of a clip's windows and predictions, and of the activity of the blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peerattn.graph.answers import ANSWERS, Answer
from peerattn.graph.connectivity import source_modality
from peerattn.traces.trace import ConnectionTrace, Trace


def window_of_frame(trace: Trace) -> NDArray[np.int64]:
    """Return the window of each frame (T,), counted from 1."""
    windows = np.zeros(len(trace.times), np.int64)
    for number, window in enumerate(trace.windows, start=1):
        windows[window.start : window.stop] = number
    return windows


def frame_ends(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return when each frame ends (T,), in s; the last frame lasts as long as the median frame."""
    steps = np.diff(times)
    last = float(np.median(steps)) if len(steps) else 1.0
    return np.append(times[1:], times[-1] + last)


def reached_frames(connections: Iterable[ConnectionTrace]) -> tuple[int, int] | None:
    """Return how many frames at the start and at the end of a clip are influenced by that end.

    This is the maximum over the connections, or None if it was not recorded.
    """
    counts = [each.reached for each in connections if each.reached is not None]
    return (max(start for start, _ in counts), max(end for _, end in counts)) if counts else None


def blocks_table(trace: Trace) -> pd.DataFrame:
    """Return one row per block, in the order of the structure; activity is the mean |output|."""
    activity = {block.block: float(block.activity.mean()) for block in trace.blocks}
    rows = [
        {
            "block": block.id,
            "level": block.level,
            "modality": source_modality(trace.structure, block.id),
            "kind": block.kind,
            "width": block.width,
            "temporal_dilation": block.temporal_dilation,
            "time_padding": block.time_padding,
            "mean_activity": activity.get(block.id),
        }
        for block in trace.structure.blocks
    ]
    return pd.DataFrame(rows)


def predictions_table(trace: Trace) -> pd.DataFrame:
    """Return one row per class or label, for the clip (`of`: clip) and each window (`of`: window 1, …).

    The most probable comes first. A label's row has the threshold at and above which it is predicted.
    """
    ends = frame_ends(trace.times)
    spans = [("clip", 0, len(trace.times), trace.probabilities)]
    spans += [
        (f"window {number}", window.start, window.stop, window.probabilities)
        for number, window in enumerate(trace.windows, start=1)
    ]
    answer = trace.structure.answer
    rows = []
    for name, start, stop, probabilities in spans:
        for rank, index in enumerate(np.argsort(-probabilities, kind="stable").tolist(), start=1):
            rows.append(
                {
                    "of": name,
                    "start_s": trace.times[start],
                    "stop_s": ends[stop - 1],
                    "rank": rank,
                    ANSWERS[answer.kind].noun: trace.class_names[index],
                    "probability": probabilities[index],
                    **OPTIONS[answer.kind](answer, index),
                }
            )
    return pd.DataFrame(rows)


def _no_options(answer: Answer, number: int) -> dict[str, float]:
    return {}


def _threshold(answer: Answer, number: int) -> dict[str, float]:
    return {"threshold": answer.threshold(number)}


OPTIONS: Mapping[str, Callable[[Answer, int], dict[str, float]]] = {
    "classes": _no_options,
    "labels": _threshold,
}
"""Kind of answer → the additional columns for the class or label with this index."""
