"""Delivered shares: how much of what a clip adds at a block arrives through each connection into it.

They are shares of contributions, ‖σ(w) · (A ⊙ X − A° ⊙ X°)‖₁ with ° for an empty clip, as a trace has them.
Shapes: B clips, T frames, J connections into a block.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peerattn.data.examples import Example
from peerattn.modalities.clip import Clip
from peerattn.network.network import Network
from peerattn.recording.baseline import Baselines
from peerattn.recording.recorder import record
from peerattn.traces.trace import ROUNDING_TOLERANCE, Trace

Array = NDArray[np.float32]


def delivered_shares(
    network: Network, members: Sequence[Example], *, window: int, baselines: Baselines
) -> dict[str, Array]:
    """Return connection → its mean share over the frames of each clip (B,), of what arrives at its target.

    `baselines` are the values of an empty clip, as in `record`.
    """
    rows = [
        mean_shares(record(network, example_clip(one), window=window, baselines=baselines)) for one in members
    ]
    return {key: np.array([row[key] for row in rows], np.float32) for key in rows[0]}


def mean_shares(trace: Trace) -> dict[str, float]:
    """Return connection → its share of the contributions at its target, the mean over the frames.

    In frames in which nothing but rounding errors arrives, all shares are 0, as are those of sources that no
    path connects to an input block.
    """
    shares, fed = dict.fromkeys((spec.key for spec in trace.structure.connections), 0.0), set[str]()
    for block in trace.structure.in_order:
        arriving = [each for each in trace.connections if each.target == block.id and each.source in fed]
        if block.modality or arriving:
            fed.add(block.id)
        if not arriving:
            continue
        sizes = np.array([each.contribution for each in arriving], np.float64)  # (J, T)
        delivered = np.array([each.magnitude for each in arriving], np.float64).sum(axis=0)
        total = sizes.sum(axis=0)
        nothing = total <= ROUNDING_TOLERANCE * delivered
        means = np.where(nothing, 0.0, sizes / np.where(nothing, 1.0, total)).mean(axis=1)
        shares |= {each.key: float(mean) for each, mean in zip(arriving, means, strict=True)}
    return shares


def example_clip(example: Example) -> Clip:
    """Return the tensors of an example as a clip without pictures."""
    frames = next(iter(example.tensors.values())).shape[2]
    pictures = np.zeros((frames, 1, 1, 3), np.uint8)
    return Clip(example.tensors, np.arange(frames, dtype=np.float64), pictures, None, example.origin)
