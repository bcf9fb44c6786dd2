"""The steps that compute the attention factors of one connection, packed for the browser within a budget.

Shapes: T frames, C channels of the source, C_k channels of a peer, P peers, A attention width.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.figures.palette import looks
from peerattn.graph.connectivity import source_modality
from peerattn.traces.factor_steps import FactorSteps
from peerattn.traces.trace import Array, Trace

STEPS_BUDGET = 1_500_000
"""Maximum size of the float32 arrays in bytes: 2 MB in base64."""


def pack_factor_steps(
    trace: Trace, steps: FactorSteps, channels: Sequence[str | None] = ()
) -> dict[str, Any]:
    """Return the names, weights and arrays (base64 of little-endian float32) of the steps as JSON data.

    If everything would exceed `STEPS_BUDGET`, only the channels that vary most and every n-th frame are
    included, without the matrices of the projections. `left_out` then says what is missing, in one sentence.
    """
    kept = _select_channels(steps)
    frames = np.arange(0, len(steps.factors), _frame_step(steps, len(kept)))
    arrays = _arrays(steps, frames, kept)
    projections = _projections(steps)
    fits = _size(arrays) + _size(projections) <= STEPS_BUDGET
    styles = looks([modality.name for modality in trace.structure.modalities])
    spec = trace.structure.connection(steps.connection)
    return {
        "connection": steps.connection,
        "source": spec.source,
        "target": spec.target,
        "attention": steps.attention,
        "peers": [
            {"name": peer, "color": styles[source_modality(trace.structure, peer)].color}
            for peer in steps.peers
        ],
        "weight": steps.connection_weight,
        "frames": frames.tolist(),
        "channels": kept.tolist(),
        "names": [channels[index] for index in kept] if channels else [],
        "start": _initial_channel(steps, kept, channels),
        "arrays": {
            name: _encode_array(array) for name, array in {**arrays, **(projections if fits else {})}.items()
        },
        "left_out": _left_out(steps, len(frames), len(kept), fits),
    }


def _select_channels(steps: FactorSteps) -> NDArray[np.int64]:
    """Return all channels, or those that vary most if the dense layer would exceed a third of the budget."""
    count, width = steps.factors.shape[1], 0 if steps.combined is None else steps.combined.shape[1]
    max_channels = STEPS_BUDGET // 3 // (4 * max(width, 1))
    if count <= max_channels:
        return np.arange(count)
    return np.sort(np.argsort(-steps.factors.var(axis=0), kind="stable")[:max_channels])


def _initial_channel(steps: FactorSteps, channels: NDArray[np.int64], names: Sequence[str | None]) -> int:
    """Return the channel that varies most, preferring channels for which the object maps have a class."""
    used = [index for index in channels if names and names[index] is not None]
    candidates = np.asarray(used or channels)
    return int(candidates[steps.factors[:, candidates].var(axis=0).argmax()])


def _frame_step(steps: FactorSteps, channels: int) -> int:
    """Return the smallest n for which every n-th frame fits into a third of the budget."""
    frame_size = sum(array.shape[1] for array in (*steps.pooled, *steps.projected))
    frame_size += (0 if steps.combined is None else steps.combined.shape[1]) + 4 * channels
    return -(-4 * frame_size * len(steps.factors) // (STEPS_BUDGET // 3)) or 1


def _arrays(steps: FactorSteps, frames: NDArray[np.int64], channels: NDArray[np.int64]) -> dict[str, Array]:
    """Map names to arrays, (frames, …) if they change over time; `pooled 0` belongs to the first peer."""
    arrays = {
        "factors": steps.factors[frames][:, channels],
        "source": steps.source[frames][:, channels],
        "scaled": steps.scaled[frames][:, channels],
        "preferences": steps.preferences,
        "attention_weights": steps.attention_weights,
    }
    if steps.logits is not None:
        arrays["logits"] = steps.logits[frames][:, channels]
    if steps.combined is not None:
        arrays["combined"] = steps.combined[frames]
    if steps.dense is not None:
        arrays |= {"dense": steps.dense.matrix[channels], "dense bias": steps.dense.bias[channels]}
    arrays |= {f"pooled {index}": array[frames] for index, array in enumerate(steps.pooled)}
    return arrays | {f"projected {index}": array[frames] for index, array in enumerate(steps.projected)}


def _projections(steps: FactorSteps) -> dict[str, Array]:
    matrices = {f"projection {index}": step.matrix for index, step in enumerate(steps.projections)}
    return matrices | {f"projection bias {index}": step.bias for index, step in enumerate(steps.projections)}


def _size(arrays: Mapping[str, Array]) -> int:
    return sum(array.nbytes for array in arrays.values())


def _encode_array(array: Array) -> dict[str, Any]:
    return {
        "shape": list(array.shape),
        "data": base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode(),
    }


def _left_out(steps: FactorSteps, frames: int, channels: int, fits: bool) -> str:
    """Return a sentence that says what is not included, or "" if everything is."""
    total, count = steps.factors.shape
    parts = []
    if channels < count:
        parts.append(f"the {channels} of {count} channels that vary most")
    if frames < total:
        parts.append(f"{frames} of {total} frames, at equal steps")
    text = f"Large network: only {' and '.join(parts)} are shown." if parts else ""
    return text if fits else f"{text} The matrices of the projections are too large to be shown.".strip()
