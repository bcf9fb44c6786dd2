"""Tables of connection weights, attention weights and attention factors; T frames, C channels, P peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peerattn.graph.connectivity import MIXED, source_modality
from peerattn.graph.structure import Structure
from peerattn.tables.clip import window_of_frame
from peerattn.tables.share import contribution_shares
from peerattn.traces.shift import MEASURES, shift, usual
from peerattn.traces.trace import Array, ConnectionTrace, Trace

Grouping = Literal["modality", "level"]


def connections_table(trace: Trace) -> pd.DataFrame:
    """Return one row per connection: its weight, and its attention factors over all channels and frames.

    `contribution_share` is its mean share of what the clip adds at its target, NaN in traces recorded before
    contributions were. `change_over_frames` is the standard deviation, `usual_shift` the median and
    `greatest_shift` the maximum of the shift, over the frames beyond the reach of the clip's ends, if these
    are eight or more, else over all frames.
    """
    specs = {spec.key: spec for spec in trace.structure.connections}
    shares = contribution_shares(trace)
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
            "change_over_frames": connection.mean_factor[connection.inner].std(),
            "usual_shift": usual(connection, shifts := shift(connection)),
            "greatest_shift": np.fmax.reduce(shifts[connection.inner]),
            "contribution_share": shares.get(connection.key, np.nan),
        }
        for connection in trace.connections
    ]
    return pd.DataFrame(rows)


def factors_table(trace: Trace) -> pd.DataFrame:
    """Return one row per connection and frame: mean, least and greatest factor, and how attention moves.

    The last five columns are those of `peerattn.traces.shift`, NaN where a frame is a gap. `by_attention` and
    `by_source` are the two parts of the change in the signal passed, NaN in older traces.
    """
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
                "mean_factor": connection.mean_factor,
                "min_factor": connection.attention_factors.min(axis=1),
                "max_factor": connection.attention_factors.max(axis=1),
                **{name: measure(connection) for name, measure in MEASURES.items()},
                "by_attention": _or_nan(connection.passed_by_attention),
                "by_source": _or_nan(connection.passed_by_source),
            }
        )
        for connection in trace.connections
    ]
    return pd.concat(parts, ignore_index=True)


def _or_nan(series: Array | None) -> Array | float:
    return np.nan if series is None else series


def channels_table(connection: ConnectionTrace, times: NDArray[np.float64]) -> pd.DataFrame:
    """Return all attention factors of one connection: one row per frame, one column per channel of its
    source.
    """
    channels = [f"channel_{index}" for index in range(connection.attention_factors.shape[1])]
    table = pd.DataFrame(connection.attention_factors, columns=pd.Index(channels))
    table.insert(0, "time_s", times)
    table.insert(0, "frame", np.arange(1, len(times) + 1))
    return table


def object_channels(structure: Structure, block_id: str, names: Mapping[int, str]) -> tuple[str | None, ...]:
    """Return the object class that each channel of a block shows; empty unless it is an object input block.

    `names` are those of the object maps in use, by class id; a channel whose class they do not declare is
    None.
    """
    block = structure.block(block_id)
    if block.kind != "object_input" or not names:
        return ()
    return tuple(names.get(class_id) for class_id in structure.modality(str(block.modality)).class_ids)


def attention_weights_table(trace: Trace) -> pd.DataFrame:
    """Return one row per connection and peer; `times_uniform` is weight × number of peers (1: uniform)."""
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


def entropies_table(trace: Trace) -> pd.DataFrame:
    """Return one row per connection that has peers: how evenly its attention weights are distributed.

    The entropy −Σ p ln p is in nats. Normalised by ln P, it is 1 if all P peers have the same weight and 0 if
    one peer has all of it; it is NaN for a single peer.
    """
    rows = []
    for connection in trace.connections:
        weights = connection.attention_weights.astype(np.float64)
        if len(weights):
            entropy = 0.0 - float((weights * np.log(np.where(weights > 0, weights, 1))).sum())  # never -0
            maximum = np.log(len(weights))
            rows.append(
                {
                    "connection": connection.key,
                    "peers": len(weights),
                    "entropy": entropy,
                    "normalised_entropy": entropy / maximum if maximum else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=pd.Index(["connection", "peers", "entropy", "normalised_entropy"]))


def level_distribution(trace: Trace) -> pd.DataFrame:
    """Return one row per level: the distribution of the attention factors of its incoming connections.

    It covers all channels and frames of these connections, `n` factors in total.
    """
    rows = []
    for level, keys in attention_groups(trace, "level").items():
        arriving = [trace.connection(key).attention_factors.ravel() for key in keys]
        factors = np.concatenate(arriving).astype(np.float64)
        spread = dict(zip(_QUANTILES, np.quantile(factors, list(_QUANTILES.values())), strict=True))
        rows.append({"level": level, "connections": len(keys), "n": len(factors), **spread})
        rows[-1]["mean"] = factors.mean()
    return pd.DataFrame(rows, columns=pd.Index(["level", "connections", "n", *_QUANTILES, "mean"]))


_QUANTILES = {"least": 0, "p5": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95, "greatest": 1}


def attention_groups(trace: Trace, by: Grouping = "modality") -> dict[str, tuple[str, ...]]:
    """Return line → the keys of the connections over which it is the mean.

    By modality: the connections from the modality's input blocks, and as `mixed` those from all other blocks.
    By level: the connections into the level. Lines without a connection are left out.
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
    """Return the mean attention factor of each of `attention_groups`, one row per frame (index `time_s`)."""
    factors = {connection.key: connection.mean_factor for connection in trace.connections}
    columns: dict[str, Array] = {
        name: np.mean([factors[key] for key in keys], axis=0, dtype=np.float32)
        for name, keys in attention_groups(trace, by).items()
    }
    return pd.DataFrame(columns, index=pd.Index(trace.times, name="time_s"))
