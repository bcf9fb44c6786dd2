"""What arrives at a block: the share of each connection, frame by frame.

A share is of contributions, ‖σ(w) · (A ⊙ X − A° ⊙ X°)‖₁ with ° for an empty clip, or, in traces recorded
before contributions were, of what is delivered, ‖σ(w) · A ⊙ X‖₁. T frames, J connections into a block.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.traces.trace import ROUNDING_TOLERANCE, ConnectionTrace, Trace

Shares = NDArray[np.float64]


def has_contributions(trace: Trace) -> bool:
    """Whether the trace contains contributions; older traces contain only what connections deliver."""
    return all(
        size is not None
        for each in trace.connections
        for size in (each.magnitude, each.contribution, each.source_contribution)
    )


def arriving_shares(trace: Trace, arriving: Sequence[ConnectionTrace]) -> Shares:
    """Return the share (T, J) of each of the connections into a block; 0 in frames in which nothing arrives.

    Raises PeerattnError for a trace without magnitudes.
    """
    if not arriving:
        return np.zeros((0, 0))
    delivered = np.stack([_delivered(each) for each in arriving], axis=1)
    sizes = delivered
    if has_contributions(trace):
        sizes = np.stack([np.asarray(each.contribution, np.float64) for each in arriving], axis=1)
    total = sizes.sum(axis=1, keepdims=True)
    nothing = total <= ROUNDING_TOLERANCE * delivered.sum(axis=1, keepdims=True)
    return np.where(nothing, 0.0, sizes / np.where(nothing, 1, total))


def _delivered(connection: ConnectionTrace) -> Shares:
    if connection.magnitude is None:
        raise PeerattnError(
            "this trace does not contain the magnitudes of connections: record the clip again"
        )
    return connection.magnitude.astype(np.float64)
