"""Modality share: how much of what arrives at a block comes from each modality, frame by frame.

Of each block's input, a connection's share is its part of the magnitude ‖σ(w) · A ⊙ X‖₁ that arrives. An
input block is wholly its own modality; a block above takes over the shares of its sources, each counted with
the share of its connection. Where nothing arrives in a frame, its connections count alike. A block that no
recorded connection joins to an input block is starved: it has no modality, and what it delivers is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.trace import ConnectionTrace, Trace

Shares = NDArray[np.float64]


def modality_share(trace: Trace, block: str | None = None) -> pd.DataFrame:
    """One row a frame (index `time_s`), a column a modality of the structure; each row sums to 1.

    Of a block's input, or without one, of the outputs: the mean over the output blocks, starved ones left
    out. Where there is nothing but starved blocks, all is 0. Raises PeerattnError for a trace without
    magnitudes.
    """
    mixes = _mixes(trace)
    outputs = [output.block for output in trace.structure.outputs] if block is None else [block]
    fed = [mixes[name] for name in outputs if name in mixes]
    names = [modality.name for modality in trace.structure.modalities]
    mean = np.mean(fed, axis=0) if fed else np.zeros((len(trace.times), len(names)))
    return pd.DataFrame(mean, index=_frames(trace), columns=pd.Index(names))


def block_shares(trace: Trace, block: str) -> pd.DataFrame:
    """One row a frame (index `time_s`), a column for each connection into the block, by key.

    Each row sums to 1. A connection that is removed or comes from a starved block has 0; a starved block's
    rows are all 0. Raises PeerattnError for a trace without magnitudes.
    """
    arriving = _arriving(trace, _mixes(trace), block)
    shares = dict(zip((each.key for each in arriving), _shares(arriving).T, strict=True))
    columns = {spec.key: shares.get(spec.key, 0.0) for spec in trace.structure.into(block)}
    return pd.DataFrame(columns, index=_frames(trace))


def _frames(trace: Trace) -> pd.Index[float]:
    return pd.Index(trace.times, name="time_s")


def _mixes(trace: Trace) -> dict[str, Shares]:
    """Block → its modality shares (T, M), from the inputs upward; starved blocks are left out."""
    names = [modality.name for modality in trace.structure.modalities]
    mixes: dict[str, Shares] = {}
    for block in trace.structure.in_order:
        if block.modality:
            mixes[block.id] = np.tile(np.array(names) == block.modality, (len(trace.times), 1)).astype(float)
        elif arriving := _arriving(trace, mixes, block.id):
            mixes[block.id] = np.einsum(
                "tj,jtm->tm", _shares(arriving), np.stack([mixes[each.source] for each in arriving])
            )
    return mixes


def _arriving(trace: Trace, fed: Mapping[str, Shares], block: str) -> list[ConnectionTrace]:
    """The recorded connections into a block from blocks that are not starved."""
    return [each for each in trace.connections if each.target == block and each.source in fed]


def _shares(arriving: Sequence[ConnectionTrace]) -> Shares:
    """(T, connections): the part of the magnitude that each delivers, at every frame."""
    magnitudes = [_magnitude(connection) for connection in arriving]
    if not magnitudes:
        return np.zeros((0, 0))
    delivered = np.stack(magnitudes, axis=1)
    total = delivered.sum(axis=1, keepdims=True)
    nothing = total == 0
    return np.where(nothing, 1 / len(arriving), delivered / np.where(nothing, 1, total))


def _magnitude(connection: ConnectionTrace) -> Shares:
    if connection.magnitude is None:
        raise PeerattnError("this trace holds no magnitudes of its connections: record the clip again")
    return connection.magnitude.astype(np.float64)
