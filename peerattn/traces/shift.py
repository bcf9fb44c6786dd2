"""Measures of how the attention of a connection moves during a clip.

A plain mean over channels hardly moves, since many channels of a source are the same on any clip. Here a
channel counts by its share w_c of what the clip adds to the source, Σ‖X_c − X°_c‖₁ over the clip, where °
marks the same network on an empty clip. In traces without these shares, all channels count alike. What is
usual is the median over the frames beyond the reach of the clip's ends (`ConnectionTrace.inner`).

A frame in which the source has nearly no output is a gap: attention has nothing to scale there, so the
measures are NaN. T frames, C channels of a connection's source, A its attention factors, X its source's
output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peerattn.traces.trace import Array, ConnectionTrace

Series = NDArray[np.float64]
DEFAULT_SCALE = 0.2
"""The greatest usual shift of a network for which it was not measured."""
GAP = 0.01
"""A frame is a gap if the source carries less than this fraction of its median over the clip."""


def channel_shares(connection: ConnectionTrace) -> Series:
    """Return w (C,), which sums to 1, or is 0 everywhere if the clip adds nothing to the source."""
    channels = connection.attention_factors.shape[1]
    if connection.channel_shares is None:
        return np.full(channels, 1 / channels)
    return connection.channel_shares.astype(np.float64)


def gaps(connection: ConnectionTrace) -> NDArray[np.bool_]:
    """Return which frames (T,) are gaps: all if the clip adds nothing to the source, none if not known."""
    frames = len(connection.attention_factors)
    if not channel_shares(connection).any():
        return np.ones(frames, bool)
    if connection.carried is None:
        return np.zeros(frames, bool)
    carried = connection.carried.astype(np.float64)
    quiet: NDArray[np.bool_] = (carried < GAP * np.median(carried)) | (carried == 0)
    return quiet


def attention_passed(connection: ConnectionTrace) -> Series:
    """Return Σ w_c · A_c(t) (T,): how much attention lets through of what the clip adds to the source."""
    return _without_gaps(connection, connection.attention_factors @ channel_shares(connection))


def shift(connection: ConnectionTrace) -> Series:
    """Return √(Σ w_c · (A_c(t) − usual A_c)²) (T,): how far the factors are from their usual values."""
    change = connection.attention_factors - usual_factors(connection.attention_factors, connection.inner)
    return _without_gaps(connection, np.sqrt(change**2 @ channel_shares(connection)))


def signal_passed(connection: ConnectionTrace) -> Series:
    """Return Σ A_c(t)·‖X_c(t)‖₁ / Σ‖X_c(t)‖₁ (T,): the share of the source's output that is let through.

    It moves with the factors, and also as the output moves between channels; `split_change` tells the two
    apart. NaN everywhere in traces without `carried`.
    """
    if connection.magnitude is None or connection.carried is None:
        return np.full(len(connection.attention_factors), np.nan)
    weight = 1.0 if connection.connection_weight is None else connection.connection_weight
    with np.errstate(divide="ignore", invalid="ignore"):
        passed = connection.magnitude / (weight * connection.carried.astype(np.float64))
    return _without_gaps(connection, passed)


def usual(connection: ConnectionTrace, measure: Series) -> float:
    """Return the median of a measure of the connection over its inner frames; NaN if all are gaps."""
    values = measure[connection.inner]
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else float("nan")


def usual_factors(factors: Array, inner: slice) -> Series:
    """Return the median over the inner frames of each channel's factor, (T, C) → (C,)."""
    median: Series = np.median(factors[inner], axis=0).astype(np.float64)
    return median


class Change(NamedTuple):
    """Parts (T,) of a change in the signal passed: by the attention factors, and by the source's output."""

    attention: Array
    source: Array


def split_change(factors: Array, sizes: Array, inner: slice) -> Change:
    """Split the change of the signal passed from its usual value, exactly, into two parts.

    `factors` are A (T, C), and `sizes` ‖X_c(t)‖₁ (T, C). With x_c(t) the share of a channel in all sizes of a
    frame, and A_c, x_c what is usual for them, Σ A_c(t)·x_c(t) − Σ A_c·x_c is the sum of Σ (A_c(t) − A_c) ·
    (x_c(t) + x_c)/2, by attention, and Σ (x_c(t) − x_c) · (A_c(t) + A_c)/2, by the source. In frames without
    output both are 0.
    """
    factors, sizes = factors.astype(np.float64), sizes.astype(np.float64)
    total, usual_sizes = sizes.sum(axis=1, keepdims=True), sizes[inner].sum(axis=0)
    usual_shares = usual_sizes / max(float(usual_sizes.sum()), np.finfo(np.float64).tiny)
    shares = np.divide(sizes, total, out=np.tile(usual_shares, (len(sizes), 1)), where=total > 0)
    usual_factor = usual_factors(factors, inner)
    attention = ((factors - usual_factor) * (shares + usual_shares) / 2).sum(axis=1)
    source = ((shares - usual_shares) * (factors + usual_factor) / 2).sum(axis=1)
    empty = total[:, 0] == 0
    attention[empty] = source[empty] = 0.0
    return Change(attention.astype(np.float32), source.astype(np.float32))


def _without_gaps(connection: ConnectionTrace, values: Series) -> Series:
    return np.where(gaps(connection), np.nan, values)


MEASURES: dict[str, Callable[[ConnectionTrace], Series]] = {
    "shift": shift,
    "attention_passed": attention_passed,
    "signal_passed": signal_passed,
}
"""Name → the measure of a connection over the frames (T,)."""
