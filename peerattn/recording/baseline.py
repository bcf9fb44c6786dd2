"""The baseline: what a network delivers on an empty clip. Contributions of a clip are counted from it.

Most of what a connection delivers is the same on any clip, since biases pass through every layer. The
baseline clip is black (or of another plain colour), still and empty; a clip's contribution is its difference
from it. The numbers of a baseline clip are the same in all frames that its ends do not reach, so a short
baseline can stand for a long one, with its first frames, its middle frame and its last frames.

Shapes: C channels of a connection's source, T frames, H, W pixels, N frames of the baseline clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from peerattn.graph.reach import Reach, network_reach
from peerattn.graph.structure import Structure
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.network.precision import precision_on
from peerattn.recording.modifiers import unmodified
from peerattn.recording.stretches import evaluation_mode, values_read

CACHE_LIMIT = 256 * 2**20
"""The most bytes that a cached baseline may take; a larger one runs again with each stretch of the clip."""

Baselines = Mapping[str, Sequence[float]]
"""Modality → the value of each of its channels in an empty clip; 0 for a modality that is not listed."""


@dataclass
class Baseline:
    """Connection → the output of its source (C, N, H, W), and the scale that multiplied it (None: 1).

    `outputs` has that of each block. A tensor that is several of these is stored once.
    """

    reach: Reach
    frames: int
    sources: dict[str, Tensor] = field(default_factory=dict)
    scales: dict[str, Tensor | None] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)

    def record(self, key: str, module: nn.Module, inputs: Any, output: ConnectionOutput) -> None:
        """The forward hook of a connection."""
        self.sources[key], self.scales[key] = inputs[0][0], output.scale

    def record_block(self, block_id: str, module: nn.Module, inputs: Any, output: Tensor) -> None:
        """The forward hook of a block."""
        self.outputs[block_id] = output[0]

    def aligned_frames(self, start: int, stop: int, frames: int) -> Iterator[tuple[slice, slice]]:
        """Align frames start ≤ t < stop of a clip of `frames` frames with frames of the baseline.

        Yields pairs of slices: of the clip, counted from `start`, and of the baseline. The middle frame of
        the baseline is paired with any number of frames of the clip.
        """
        if frames == self.frames:
            yield slice(0, stop - start), slice(start, stop)
            return
        before, tail = self.reach.before, frames - self.reach.after
        if start < before:
            yield slice(0, min(stop, before) - start), slice(start, min(stop, before))
        if max(start, before) < min(stop, tail):
            yield slice(max(start, before) - start, min(stop, tail) - start), slice(before, before + 1)
        if stop > tail:
            shift = frames - self.frames
            first = max(start, tail)
            yield slice(first - start, stop - start), slice(first - shift, stop - shift)


def baseline_clip(network: Network, like: Tensor, *, frames: int, baselines: Baselines) -> dict[str, Tensor]:
    """Return the baseline clip: modality → (1, C, frames, H, W), with the device and size of `like`.

    A modality without pixels has its mean over the training clips: no picture has nothing of it.
    """
    clip = {}
    for modality in network.structure.read_modalities:
        nothing = baselines.get(modality.name, [0.0] * modality.channels)
        values = like.new_tensor(nothing) if modality.pixels else network.mean_of(modality).to(like)
        clip[modality.name] = values.view(1, -1, 1, 1, 1).expand(1, -1, frames, *like.shape[3:])
    return clip


def baseline_bytes(structure: Structure, frames: int, sides: Sequence[int]) -> int:
    """Return the bytes that a baseline takes in float32, for clips of `frames` frames of (H, W) pixels."""
    return 4 * values_read(structure, sides) * min(frames, network_reach(structure).frames)


def cached_baseline(network: Network, like: Tensor, *, frames: int, baselines: Baselines) -> Baseline:
    """Return the baseline for clips of `frames` frames and the size of `like`, from the cache if it fits.

    The cached one fits if weights, disabled connections, size, device, precision and `baselines` are the
    same.
    """
    reach = network_reach(network.structure, network.disabled)
    length = min(frames, reach.frames)
    key = (
        *(_fingerprint(network), network.disabled, length, tuple(like.shape[3:]), str(like.device)),
        precision_on(like.device),
        tuple((name, tuple(values)) for name, values in sorted(baselines.items())),
    )
    cached = _CACHE.get(network)
    if cached is None or cached[0] != key:
        cached = _CACHE[network] = key, _run(network, like, Baseline(reach, length), baselines)
    return cached[1]


_CACHE: WeakKeyDictionary[Network, tuple[object, Baseline]] = WeakKeyDictionary()


def _run(network: Network, like: Tensor, baseline: Baseline, baselines: Baselines) -> Baseline:
    clip = baseline_clip(network, like, frames=baseline.frames, baselines=baselines)
    handles = []
    try:
        for key, connection in network.connections.items():
            handles.append(connection.register_forward_hook(partial(baseline.record, key)))
        for block_id, block in network.blocks.items():
            handles.append(block.register_forward_hook(partial(baseline.record_block, block_id)))
        with evaluation_mode(network), unmodified(network):
            network.run(clip)
    finally:
        for handle in handles:
            handle.remove()
    return baseline


def _fingerprint(network: Network) -> bytes:
    """Return a hash of the network's weights and buffers."""
    state = [tensor.detach().flatten() for tensor in network.state_dict().values()]
    exact = torch.float64 if any(tensor.dtype == torch.float64 for tensor in state) else torch.float32
    joined = torch.cat([tensor.to(exact) for tensor in state])
    return hashlib.blake2b(joined.cpu().numpy().tobytes(), digest_size=16).digest()
