"""What a network delivers on a clip in which there is nothing, from which contributions are counted.

Most of what a connection delivers is the same on any clip: biases pass through every layer. The baseline
clip is black (or of another plain colour), still and empty; a clip's contribution is what differs from it.
Its numbers are the same at every frame that no end of the clip reaches, so a short baseline stands for a
long one: its first frames, its middle one, and its last.

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
from peerattn.graph.specs import Modality
from peerattn.graph.structure import Structure
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.network.precision import precision_on
from peerattn.recording.changing import unchanged
from peerattn.recording.stretches import evaluating, numbers_read

KEPT = 256 * 2**20
"""Bytes that a kept baseline may take; a larger one is run again beside each stretch of the clip."""

Baselines = Mapping[str, Sequence[float]]
"""Modality → the value of each of its channels where there is nothing; 0 where it is not named."""


@dataclass
class Baseline:
    """By connection, what its source held (C, N, H, W) and what it was scaled with (None: 1).

    A source that several connections read at one size is kept once.
    """

    reach: Reach
    frames: int
    sources: dict[str, Tensor] = field(default_factory=dict)
    scales: dict[str, Tensor | None] = field(default_factory=dict)

    def keep(self, key: str, module: nn.Module, inputs: Any, output: ConnectionOutput) -> None:
        self.sources[key], self.scales[key] = inputs[0][0], output.scale

    def parts(self, start: int, stop: int, frames: int) -> Iterator[tuple[slice, slice]]:
        """For frames start ≤ t < stop of a clip of so many: which of them go with which of the baseline.

        The frames count from `start`. One frame of the baseline stands for any number of the clip's.
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


def baseline_clip(
    modalities: Sequence[Modality], like: Tensor, *, frames: int, baselines: Baselines
) -> dict[str, Tensor]:
    """Modality → (1, C, frames, H, W) of the baseline clip, on the device and at the size of `like`."""
    clip = {}
    for modality in modalities:
        values = like.new_tensor(baselines.get(modality.name, [0.0] * modality.channels))
        clip[modality.name] = values.view(1, -1, 1, 1, 1).expand(1, -1, frames, *like.shape[3:])
    return clip


def bytes_kept(structure: Structure, frames: int, sides: Sequence[int]) -> int:
    """What a kept baseline takes for clips of so many frames of (H, W) pixels, in float32."""
    return 4 * numbers_read(structure, sides) * min(frames, network_reach(structure).frames)


def kept_baseline(network: Network, like: Tensor, *, frames: int, baselines: Baselines) -> Baseline:
    """The baseline for clips of so many frames at the size of `like`: the last one again, where it fits.

    It fits where weights, disabled connections, size, device, precision and what stands for nothing are
    the same.
    """
    reach = network_reach(network.structure, network.disabled)
    length = min(frames, reach.frames)
    key = (
        *(_fingerprint(network), network.disabled, length, tuple(like.shape[3:]), str(like.device)),
        precision_on(like.device),
        tuple((name, tuple(values)) for name, values in sorted(baselines.items())),
    )
    known = _KEPT.get(network)
    if known is None or known[0] != key:
        known = _KEPT[network] = key, _run(network, like, Baseline(reach, length), baselines)
    return known[1]


_KEPT: WeakKeyDictionary[Network, tuple[object, Baseline]] = WeakKeyDictionary()


def _run(network: Network, like: Tensor, baseline: Baseline, baselines: Baselines) -> Baseline:
    modalities = network.structure.read_modalities
    clip = baseline_clip(modalities, like, frames=baseline.frames, baselines=baselines)
    handles = []
    try:
        for key, connection in network.connections.items():
            handles.append(connection.register_forward_hook(partial(baseline.keep, key)))
        with evaluating(network), unchanged(network):
            network.run(clip)
    finally:
        for handle in handles:
            handle.remove()
    return baseline


def _fingerprint(network: Network) -> bytes:
    """Of every number that decides what a network delivers."""
    state = [tensor.detach().flatten() for tensor in network.state_dict().values()]
    exact = torch.float64 if any(tensor.dtype == torch.float64 for tensor in state) else torch.float32
    joined = torch.cat([tensor.to(exact) for tensor in state])
    return hashlib.blake2b(joined.cpu().numpy().tobytes(), digest_size=16).digest()
