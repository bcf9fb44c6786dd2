"""Modality shares: how much of what a clip adds at a block comes from each modality, frame by frame.

A connection's contribution is ‖σ(w) · (A ⊙ X − A° ⊙ X°)‖₁, where ° marks the same network on an empty clip.
Its share is its part of all contributions that arrive at its target. An input block belongs wholly to its own
modality; every other block inherits the shares of its sources, weighted by the shares of their connections.
If a source adds nothing itself, only its peers have changed what it delivers, and that belongs to no
modality. A source may add something in a frame in which nothing arrives at it, because convolutions reach
into other frames; it then has the shares of the nearest frame in which something arrives. A block that no
recorded path connects to an input block is starved: it has no modality, and what it delivers is ignored.

Traces recorded before contributions were contain what connections deliver, ‖σ(w) · A ⊙ X‖₁; their shares are
shares of that. T frames, J connections into a block, M columns of shares.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from peerattn.traces.arriving import Shares, arriving_shares, has_contributions
from peerattn.traces.trace import Array, ConnectionTrace, Trace

CHANGED_BY_PEERS = "changed by peers"
"""The column, after the modalities, for contributions of sources that add nothing in the frame themselves."""
BASELINE_NOTE = (
    "What a clip adds is the change that it causes, relative to a blank, motionless clip (for modalities "
    "without pixels: to their mean over the training clips). It shows what the network computes, not which "
    "inputs it needs."
)
OLD_SHARES_NOTE = (
    "Recorded before contributions were measured: these are shares of what connections deliver, most of "
    "which is the same for any clip."
)
"""The note shown with the shares of a trace without contributions."""


def modality_share(trace: Trace, block: str | None = None) -> pd.DataFrame:
    """Return one row per frame (index `time_s`), one column per modality, then `CHANGED_BY_PEERS`.

    The shares are those of the input of `block`; without a block, they are the mean over the output blocks at
    which something arrives in that frame, excluding starved ones. A row sums to 1, or to 0 if nothing
    arrives. A trace without contributions has no `CHANGED_BY_PEERS`. Raises PeerattnError for a trace without
    magnitudes.
    """
    mixes = _mixes(trace)
    outputs = [output.block for output in trace.structure.outputs] if block is None else [block]
    columns = _columns(trace)
    fed = [mixes[name] for name in outputs if name in mixes]
    stacked = np.reshape(fed, (-1, len(trace.times), len(columns)))  # (blocks, T, M)
    fed_blocks = stacked.any(axis=2).sum(axis=0)  # (T,) number of blocks at which something arrives
    mean = stacked.sum(axis=0) / np.maximum(fed_blocks, 1)[:, None]
    return pd.DataFrame(mean, index=_frames(trace), columns=pd.Index(columns))


def block_shares(trace: Trace, block: str) -> pd.DataFrame:
    """Return one row per frame (index `time_s`), one column per connection into the block, by key.

    A row sums to 1, or to 0 if nothing arrives. A connection that was removed or comes from a starved block
    has share 0; all shares into a starved block are 0. Raises PeerattnError for a trace without magnitudes.
    """
    arriving = _arriving(trace, _mixes(trace), block)
    shares = dict(zip((each.key for each in arriving), arriving_shares(trace, arriving).T, strict=True))
    columns = {spec.key: shares.get(spec.key, 0.0) for spec in trace.structure.into(block)}
    return pd.DataFrame(columns, index=_frames(trace))


def contribution_shares(trace: Trace) -> dict[str, float]:
    """Return key → the connection's share of what the clip adds at its target, averaged over the frames.

    Empty for a trace without contributions.
    """
    if not has_contributions(trace):
        return {}
    mixes = _mixes(trace)
    means = dict.fromkeys((each.key for each in trace.connections), 0.0)
    for block in trace.structure.blocks:
        arriving = _arriving(trace, mixes, block.id)
        for each, shares in zip(arriving, arriving_shares(trace, arriving).T, strict=True):
            means[each.key] = float(shares.mean())
    return means


def _frames(trace: Trace) -> pd.Index[float]:
    return pd.Index(trace.times, name="time_s")


def _columns(trace: Trace) -> list[str]:
    names = [modality.name for modality in trace.structure.modalities]
    return [*names, CHANGED_BY_PEERS] if has_contributions(trace) else names


def _mixes(trace: Trace) -> dict[str, Shares]:
    """Return block → its shares (T, M), computed from the inputs upwards; starved blocks are left out.

    In a trace without contributions, blocks at which nothing ever arrives are left out too.
    """
    columns, contributions = _columns(trace), has_contributions(trace)
    mixes: dict[str, Shares] = {}
    for block in trace.structure.in_order:
        if block.modality:
            own = [float(name == block.modality) for name in columns]
            mixes[block.id] = np.tile(own, (len(trace.times), 1))
        elif arriving := _arriving(trace, mixes, block.id):
            added = [each.source_contribution if contributions else None for each in arriving]
            sources = [mixes[each.source] for each in arriving]
            carried = np.stack([*map(_carried, sources, added)])  # (J, T, M)
            mix = np.einsum("tj,jtm->tm", arriving_shares(trace, arriving), carried)
            if contributions or mix.any():
                mixes[block.id] = mix
    return mixes


def _carried(mix: Shares, added: Array | None) -> Shares:
    """Return the shares (T, M) that a connection carries, from its source's shares and contribution (T,)."""
    arrives = np.flatnonzero(mix.any(axis=1))
    by_peers = np.eye(mix.shape[1])[-1]
    if not len(arrives):
        return np.tile(by_peers, (len(mix), 1))
    nearest = np.abs(np.arange(len(mix))[:, None] - arrives).argmin(axis=1)  # the earlier one of two
    carried: Shares = mix[arrives[nearest]]
    if added is not None:
        carried[added == 0] = by_peers
    return carried


def _arriving(trace: Trace, fed: Mapping[str, Shares], block: str) -> list[ConnectionTrace]:
    """Return the recorded connections into a block from blocks that are not starved."""
    return [each for each in trace.connections if each.target == block and each.source in fed]
