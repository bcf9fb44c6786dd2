"""A trace, and what an evaluation found, as pandas tables: the numbers behind every figure and export.

Column names are the words of the field with their unit (`_s`: seconds); factors, weights and
probabilities have none. Frames and windows count from 1, as pages show them; T frames, C channels, P peers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peerattn.connectivity import MIXED, source_modality
from peerattn.structure import Structure
from peerattn.trace import Array, ConnectionTrace, Trace

Grouping = Literal["modality", "level"]


def window_of_frame(trace: Trace) -> NDArray[np.int64]:
    """The window of each frame, (T,), from 1."""
    windows = np.zeros(len(trace.times), np.int64)
    for number, window in enumerate(trace.windows, start=1):
        windows[window.start : window.stop] = number
    return windows


def frame_ends(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """When each frame gives way to the next, (T,) s; the last lasts as long as the median frame."""
    steps = np.diff(times)
    last = float(np.median(steps)) if len(steps) else 1.0
    return np.append(times[1:], times[-1] + last)


def connections_table(trace: Trace) -> pd.DataFrame:
    """One row a connection: its weight, and its attention factors over all channels and frames."""
    specs = {spec.key: spec for spec in trace.structure.connections}
    rows = [
        {
            "connection": connection.key,
            "source": connection.source,
            "target": connection.target,
            "modality": source_modality(trace.structure, connection.source),
            "level": trace.structure.block(connection.target).level,
            "attention": specs[connection.key].attention,
            "peers": len(connection.peers),
            "connection_weight": connection.connection_weight,
            "mean_factor": connection.attention_factors.mean(),
            "min_factor": connection.attention_factors.min(),
            "max_factor": connection.attention_factors.max(),
            "change_over_frames": connection.shade.std(),
        }
        for connection in trace.connections
    ]
    return pd.DataFrame(rows)


def factors_table(trace: Trace) -> pd.DataFrame:
    """One row a connection and frame: mean, least and greatest attention factor over the channels."""
    windows = window_of_frame(trace)
    parts = [
        pd.DataFrame(
            {
                "connection": connection.key,
                "source": connection.source,
                "target": connection.target,
                "modality": source_modality(trace.structure, connection.source),
                "frame": np.arange(1, len(trace.times) + 1),
                "time_s": trace.times,
                "window": windows,
                "mean_factor": connection.shade,
                "min_factor": connection.attention_factors.min(axis=1),
                "max_factor": connection.attention_factors.max(axis=1),
            }
        )
        for connection in trace.connections
    ]
    return pd.concat(parts, ignore_index=True)


def channels_table(connection: ConnectionTrace, times: NDArray[np.float64]) -> pd.DataFrame:
    """Every attention factor of one connection: one row a frame, one column a channel of its source."""
    channels = [f"channel_{index}" for index in range(connection.attention_factors.shape[1])]
    table = pd.DataFrame(connection.attention_factors, columns=pd.Index(channels))
    table.insert(0, "time_s", times)
    table.insert(0, "frame", np.arange(1, len(times) + 1))
    return table


def object_channels(structure: Structure, block_id: str, names: Mapping[int, str]) -> tuple[str | None, ...]:
    """What each channel of a block shows, where each is one object class; else nothing.

    `names` are those of the object maps in use, by class id; a channel of a class that they do not declare
    is empty: None.
    """
    block = structure.block(block_id)
    if block.kind != "object_input" or not names:
        return ()
    return tuple(names.get(class_id) for class_id in structure.modality(str(block.modality)).class_ids)


def attention_weights_table(trace: Trace) -> pd.DataFrame:
    """One row a connection and peer; `times_uniform` is weight × number of peers (1: no preference)."""
    rows = [
        {
            "connection": connection.key,
            "peer": peer,
            "attention_weight": weight,
            "times_uniform": weight * len(connection.peers),
        }
        for connection in trace.connections
        for peer, weight in zip(connection.peers, connection.attention_weights, strict=True)
    ]
    return pd.DataFrame(
        rows,
        columns=pd.Index(["connection", "peer", "attention_weight", "times_uniform"]),
    )


def blocks_table(trace: Trace) -> pd.DataFrame:
    """One row a block, in the order of the structure; activity is the mean |output| over the clip."""
    activity = {block.block: float(block.activity.mean()) for block in trace.blocks}
    rows = [
        {
            "block": block.id,
            "level": block.level,
            "modality": source_modality(trace.structure, block.id),
            "kind": block.kind,
            "width": block.width,
            "temporal_dilation": block.temporal_dilation,
            "mean_activity": activity.get(block.id),
        }
        for block in trace.structure.blocks
    ]
    return pd.DataFrame(rows)


def predictions_table(trace: Trace) -> pd.DataFrame:
    """One row a class, for the clip (`of`: clip) and each window (`of`: window 1, …), likeliest first."""
    ends = frame_ends(trace.times)
    spans = [("clip", 0, len(trace.times), trace.probabilities)]
    spans += [
        (f"window {number}", window.start, window.stop, window.probabilities)
        for number, window in enumerate(trace.windows, start=1)
    ]
    rows = []
    for name, start, stop, probabilities in spans:
        for rank, index in enumerate(np.argsort(-probabilities, kind="stable"), start=1):
            rows.append(
                {
                    "of": name,
                    "start_s": trace.times[start],
                    "stop_s": ends[stop - 1],
                    "rank": rank,
                    "class": trace.class_names[index],
                    "probability": probabilities[index],
                }
            )
    return pd.DataFrame(rows)


def attention_groups(trace: Trace, by: Grouping = "modality") -> dict[str, tuple[str, ...]]:
    """Line → the connections it is the mean of.

    By modality: those that leave the modality's input blocks, and as `mixed` those that leave inner blocks.
    By level: those that arrive at the level. Lines without a connection are left out.
    """
    structure = trace.structure
    key: Callable[[ConnectionTrace], str]
    if by == "modality":
        names = [*(modality.name for modality in structure.modalities), MIXED]
        key = lambda connection: source_modality(structure, connection.source)  # noqa: E731
    else:
        names = [f"level {level}" for level in structure.levels]
        key = lambda connection: f"level {structure.block(connection.target).level}"  # noqa: E731
    groups: dict[str, list[str]] = {name: [] for name in names}
    for connection in trace.connections:
        groups[key(connection)].append(connection.key)
    return {name: tuple(keys) for name, keys in groups.items() if keys}


def attention_by(trace: Trace, by: Grouping = "modality") -> pd.DataFrame:
    """Mean attention factor of each of `attention_groups`, one row a frame (index `time_s`), float32."""
    shades = {connection.key: connection.shade for connection in trace.connections}
    columns: dict[str, Array] = {
        name: np.mean([shades[key] for key in keys], axis=0, dtype=np.float32)
        for name, keys in attention_groups(trace, by).items()
    }
    return pd.DataFrame(columns, index=pd.Index(trace.times, name="time_s"))


class Accuracy(Protocol):
    """What the tables read of an evaluation: examples, top-1 and its 95 % interval."""

    @property
    def n(self) -> int: ...
    @property
    def top1(self) -> float: ...
    @property
    def top1_interval(self) -> tuple[float, float]: ...


class Remaining(Protocol):
    """What the tables read of a pruning: the connections it keeps and removes."""

    @property
    def kept(self) -> Sequence[str]: ...
    @property
    def removed(self) -> Sequence[str]: ...


def accuracy_table(curve: Iterable[tuple[float, Accuracy, Remaining]]) -> pd.DataFrame:
    """One row a threshold, ascending: top-1 accuracy, its 95 % interval, n, connections kept, removed."""
    rows: list[dict[str, Any]] = [
        {
            "threshold": threshold,
            "top1": evaluation.top1,
            "low": evaluation.top1_interval[0],
            "high": evaluation.top1_interval[1],
            "n": evaluation.n,
            "kept": len(pruning.kept),
            "removed": len(pruning.removed),
        }
        for threshold, evaluation, pruning in curve
    ]
    columns = pd.Index(["threshold", "top1", "low", "high", "n", "kept", "removed"])
    return pd.DataFrame(rows, columns=columns).sort_values("threshold", ignore_index=True)
