"""Modality share: of what a clip adds at a block, how much comes from each modality, frame by frame.

A connection's contribution is ‖σ(w) · (A ⊙ X − A° ⊙ X°)‖₁, ° the same network on a clip in which there is
nothing; its share is its part of the contributions that arrive at its target. An input block is wholly its
own modality; a block above takes over the shares of its sources, each counted with the share of its
connection. Where a source adds nothing itself, only its peers have changed what it delivers: that belongs to
no modality. A source that adds something in a frame in which nothing arrives at it, because convolutions
reach into other frames, has the shares of the nearest frame in which something does. A block that no recorded
connection joins to an input block is starved: it has no modality, and what it delivers is left out.

Traces from before contributions hold what connections deliver, ‖σ(w) · A ⊙ X‖₁: then shares are of that.
T frames, J connections into a block, M columns of shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.traces.trace import ROUNDING_TOLERANCE, Array, ConnectionTrace, Trace

Shares = NDArray[np.float64]

CHANGED_BY_PEERS = "changed by peers"
"""The column, after the modalities, of what sources contribute in frames in which they add nothing."""
BASELINE = (
    "The baseline is the same network on a still clip of one colour with nothing in it: a share says what "
    "the network does with this clip, not what it needs."
)
OLD_SHARES = (
    "Recorded before contributions: the share of what connections deliver, most of which is the same on any "
    "clip."
)
"""What is said wherever shares of a trace without contributions are shown."""


def contributed(trace: Trace) -> bool:
    """Whether the trace holds what its clip adds; one from before contributions holds what is delivered."""
    return all(
        size is not None
        for each in trace.connections
        for size in (each.magnitude, each.contribution, each.source_contribution)
    )


def modality_share(trace: Trace, block: str | None = None) -> pd.DataFrame:
    """One row a frame (index `time_s`), a column a modality of the structure, then `CHANGED_BY_PEERS`.

    Of a block's input, or without one, of the outputs: the mean over the output blocks at which something
    arrives in that frame, starved ones left out. A row sums to 1, or to 0 where nothing arrives. A trace from
    before contributions has no last column. Raises PeerattnError for a trace without magnitudes.
    """
    mixes = _mixes(trace)
    outputs = [output.block for output in trace.structure.outputs] if block is None else [block]
    columns = _columns(trace)
    fed = [mixes[name] for name in outputs if name in mixes]
    stacked = np.reshape(fed, (-1, len(trace.times), len(columns)))  # a row of it a block
    blocks = stacked.any(axis=2).sum(axis=0)  # (T,), at which something arrives
    mean = stacked.sum(axis=0) / np.maximum(blocks, 1)[:, None]
    return pd.DataFrame(mean, index=_frames(trace), columns=pd.Index(columns))


def block_shares(trace: Trace, block: str) -> pd.DataFrame:
    """One row a frame (index `time_s`), a column for each connection into the block, by key.

    A row sums to 1, or to 0 where nothing arrives. A connection that is removed or comes from a starved block
    has 0; a starved block's rows are all 0. Raises PeerattnError for a trace without magnitudes.
    """
    arriving = _arriving(trace, _mixes(trace), block)
    shares = dict(zip((each.key for each in arriving), _shares(trace, arriving).T, strict=True))
    columns = {spec.key: shares.get(spec.key, 0.0) for spec in trace.structure.into(block)}
    return pd.DataFrame(columns, index=_frames(trace))


def contribution_shares(trace: Trace) -> dict[str, float]:
    """Key → the mean over the frames of the connection's share of what the clip adds at its target.

    Nothing for a trace from before contributions.
    """
    if not contributed(trace):
        return {}
    mixes = _mixes(trace)
    means = dict.fromkeys((each.key for each in trace.connections), 0.0)
    for block in trace.structure.blocks:
        arriving = _arriving(trace, mixes, block.id)
        for each, shares in zip(arriving, _shares(trace, arriving).T, strict=True):
            means[each.key] = float(shares.mean())
    return means


def _frames(trace: Trace) -> pd.Index[float]:
    return pd.Index(trace.times, name="time_s")


def _columns(trace: Trace) -> list[str]:
    names = [modality.name for modality in trace.structure.modalities]
    return [*names, CHANGED_BY_PEERS] if contributed(trace) else names


def _mixes(trace: Trace) -> dict[str, Shares]:
    """Block → its shares (T, M), from the inputs upward; starved blocks are left out.

    So is, in a trace from before contributions, a block at which nothing ever arrives.
    """
    columns, changed = _columns(trace), contributed(trace)
    mixes: dict[str, Shares] = {}
    for block in trace.structure.in_order:
        if block.modality:
            own = [float(name == block.modality) for name in columns]
            mixes[block.id] = np.tile(own, (len(trace.times), 1))
        elif arriving := _arriving(trace, mixes, block.id):
            added = [each.source_contribution if changed else None for each in arriving]
            sources = [mixes[each.source] for each in arriving]
            carried = np.stack([*map(_carried, sources, added)])  # (J, T, M)
            mix = np.einsum("tj,jtm->tm", _shares(trace, arriving), carried)
            if changed or mix.any():
                mixes[block.id] = mix
    return mixes


def _carried(mix: Shares, added: Array | None) -> Shares:
    """(T, M): what a connection carries up, by the shares of its source and what that adds itself (T,)."""
    arrives = np.flatnonzero(mix.any(axis=1))
    by_peers = np.eye(mix.shape[1])[-1]
    if not len(arrives):
        return np.tile(by_peers, (len(mix), 1))
    nearest = np.abs(np.arange(len(mix))[:, None] - arrives).argmin(axis=1)  # of two, the earlier
    carried: Shares = mix[arrives[nearest]]
    if added is not None:
        carried[added == 0] = by_peers
    return carried


def _arriving(trace: Trace, fed: Mapping[str, Shares], block: str) -> list[ConnectionTrace]:
    """The recorded connections into a block from blocks that are not starved."""
    return [each for each in trace.connections if each.target == block and each.source in fed]


def _shares(trace: Trace, arriving: Sequence[ConnectionTrace]) -> Shares:
    """(T, J): the part of the contributions, or of what is delivered, that each has; 0 where nothing is."""
    if not arriving:
        return np.zeros((0, 0))
    delivered = np.stack([_delivered(each) for each in arriving], axis=1)
    sizes = delivered
    if contributed(trace):
        sizes = np.stack([np.asarray(each.contribution, np.float64) for each in arriving], axis=1)
    total = sizes.sum(axis=1, keepdims=True)
    nothing = total <= ROUNDING_TOLERANCE * delivered.sum(axis=1, keepdims=True)
    return np.where(nothing, 0.0, sizes / np.where(nothing, 1, total))


def _delivered(connection: ConnectionTrace) -> Shares:
    if connection.magnitude is None:
        raise PeerattnError("this trace holds no magnitudes of its connections: record the clip again")
    return connection.magnitude.astype(np.float64)
