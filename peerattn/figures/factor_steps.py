"""The steps inside one connection's attention factors, packed for the browser within a budget.

T frames, C channels of the source, C_k of a peer, P peers, A attention width.
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
"""Bytes of float32 numbers: 2 MB once they are text."""


def pack_factor_steps(
    trace: Trace, inside: FactorSteps, channels: Sequence[str | None] = ()
) -> dict[str, Any]:
    """Names, weights and arrays (base64 of little endian float32) of the steps; `left_out` says what is not.

    Where all would be more than `BUDGET`: the channels that vary most, every n-th frame, no projections.
    """
    chosen = _channels(inside)
    frames = np.arange(0, len(inside.factors), _step(inside, len(chosen)))
    arrays = _arrays(inside, frames, chosen)
    projections = _projections(inside)
    fits = _size(arrays) + _size(projections) <= STEPS_BUDGET
    styles = looks([modality.name for modality in trace.structure.modalities])
    spec = trace.structure.connection(inside.connection)
    return {
        "connection": inside.connection,
        "source": spec.source,
        "target": spec.target,
        "attention": inside.attention,
        "peers": [
            {"name": peer, "color": styles[source_modality(trace.structure, peer)].color}
            for peer in inside.peers
        ],
        "weight": inside.connection_weight,
        "frames": frames.tolist(),
        "channels": chosen.tolist(),
        "names": [channels[index] for index in chosen] if channels else [],
        "start": _start(inside, chosen, channels),
        "arrays": {
            name: _packed(array) for name, array in {**arrays, **(projections if fits else {})}.items()
        },
        "left_out": _left_out(inside, len(frames), len(chosen), fits),
    }


def _channels(inside: FactorSteps) -> NDArray[np.int64]:
    """All channels, or those that vary most where the dense layer would take more than its third."""
    count, width = inside.factors.shape[1], 0 if inside.combined is None else inside.combined.shape[1]
    room = STEPS_BUDGET // 3 // (4 * max(width, 1))
    if count <= room:
        return np.arange(count)
    return np.sort(np.argsort(-inside.factors.var(axis=0), kind="stable")[:room])


def _start(inside: FactorSteps, chosen: NDArray[np.int64], names: Sequence[str | None]) -> int:
    """The channel that varies most; one that the object maps leave empty only where all are."""
    carrying = [index for index in chosen if names and names[index] is not None]
    candidates = np.asarray(carrying or chosen)
    return int(candidates[inside.factors[:, candidates].var(axis=0).argmax()])


def _step(inside: FactorSteps, channels: int) -> int:
    """Every how manieth frame fits into the second third."""
    a_frame = sum(array.shape[1] for array in (*inside.pooled, *inside.projected))
    a_frame += (0 if inside.combined is None else inside.combined.shape[1]) + 4 * channels
    return -(-4 * a_frame * len(inside.factors) // (STEPS_BUDGET // 3)) or 1


def _arrays(inside: FactorSteps, frames: NDArray[np.int64], channels: NDArray[np.int64]) -> dict[str, Array]:
    """Name → (frames, …) where it changes over time; `pooled 0` is that of the first peer."""
    arrays = {
        "factors": inside.factors[frames][:, channels],
        "source": inside.source[frames][:, channels],
        "scaled": inside.scaled[frames][:, channels],
        "preferences": inside.preferences,
        "attention_weights": inside.attention_weights,
    }
    if inside.logits is not None:
        arrays["logits"] = inside.logits[frames][:, channels]
    if inside.combined is not None:
        arrays["combined"] = inside.combined[frames]
    if inside.dense is not None:
        arrays |= {"dense": inside.dense.matrix[channels], "dense bias": inside.dense.bias[channels]}
    arrays |= {f"pooled {index}": array[frames] for index, array in enumerate(inside.pooled)}
    return arrays | {f"projected {index}": array[frames] for index, array in enumerate(inside.projected)}


def _projections(inside: FactorSteps) -> dict[str, Array]:
    matrices = {f"projection {index}": step.matrix for index, step in enumerate(inside.projections)}
    return matrices | {f"projection bias {index}": step.bias for index, step in enumerate(inside.projections)}


def _size(arrays: Mapping[str, Array]) -> int:
    return sum(array.nbytes for array in arrays.values())


def _packed(array: Array) -> dict[str, Any]:
    return {
        "shape": list(array.shape),
        "data": base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode(),
    }


def _left_out(inside: FactorSteps, frames: int, channels: int, fits: bool) -> str:
    """One sentence, or nothing where everything is there."""
    total, count = inside.factors.shape
    parts = []
    if channels < count:
        parts.append(f"the {channels} of {count} channels that vary most")
    if frames < total:
        parts.append(f"{frames} of {total} frames, at equal steps")
    said = f"Large network: here are {' and '.join(parts)}." if parts else ""
    return said if fits else f"{said} The matrices of the projections are too large to be shown here.".strip()
