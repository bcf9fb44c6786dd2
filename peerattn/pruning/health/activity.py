"""The checks of what a network does on clips: attention factors that do not respond, channels that are dead.

Shapes: B clips, C channels, T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import length_hint
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peerattn.data.examples import Example
from peerattn.graph.reach import Reach, connection_reaches
from peerattn.network.attention import spatial_mean
from peerattn.network.failures import translate_device_errors
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.network.size import rough_multiply_adds
from peerattn.pruning.health.findings import Finding
from peerattn.pruning.health.limits import DEAD_CHANNELS, SATURATED, SILENT_CHANNEL, STILL
from peerattn.recording.lock import RECORDING
from peerattn.recording.predictions import chunks, same_shape_batches
from peerattn.recording.stretches import Progress, Stretch, clips_together, window_logits
from peerattn.recording.windows import windows
from peerattn.threads import threads_for

Array = NDArray[np.float64]
NO_ATTENTION = "no connection has attention factors that depend on the clip"
BATCH = 16
"""The most clips in one pass."""


@dataclass
class Spread:
    """Sums for the standard deviations of values (B, T, C), over all frames and within clips."""

    frames: int = 0
    clips: int = 0
    total: Array = field(default_factory=lambda: np.zeros(1))  # (C,), after the first values
    squares: Array = field(default_factory=lambda: np.zeros(1))
    within: Array = field(default_factory=lambda: np.zeros(1))

    def add(self, values: Array) -> None:
        self.frames += values.shape[0] * values.shape[1]
        self.clips += values.shape[0]
        self.total = self.total + values.sum(axis=(0, 1))
        self.squares = self.squares + (values**2).sum(axis=(0, 1))
        self.within = self.within + values.var(axis=1).sum(axis=0)

    @property
    def deviations(self) -> Array:
        """The standard deviation (C,) of each channel over all frames of all clips."""
        mean = self.total / self.frames
        spread: Array = np.sqrt(np.maximum(self.squares / self.frames - mean**2, 0.0))
        return spread

    @property
    def overall(self) -> float:
        """The root mean square of `deviations` over channels."""
        return float(np.sqrt((self.deviations**2).mean()))

    @property
    def within_clips(self) -> float:
        """The standard deviation within clips, as a root mean square over channels and clips."""
        return float(np.sqrt((self.within / self.clips).mean()))


@dataclass
class FactorSpread(Spread):
    """The spread of a connection's attention factors, and their slope."""

    slopes: float = 0.0

    def add(self, values: Array) -> None:
        super().add(values)
        self.slopes += float((4 * values * (1 - values)).mean(axis=2).sum())

    @property
    def slope(self) -> float:
        """The mean of 4 A (1 − A), the slope of the sigmoid relative to its greatest."""
        return self.slopes / self.frames


@dataclass
class Activity:
    """What clips did: the factors of connections whose attention reads the clip, the outputs of blocks.

    Blocks without weights are left out: they pass on what they read. `clips` counts the clips.
    """

    factors: dict[str, FactorSpread]
    blocks: dict[str, Spread]
    clips: int = 0


def measure_activity(
    network: Network, examples: Iterable[Example], *, window: int, progress: Progress | None = None
) -> Activity:
    """Run the clips and return what the network did.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    attending = [spec.key for spec in network.structure.connections if spec.attending]
    learning = [name for name, block in network.blocks.items() if any(True for _ in block.parameters())]
    activity = Activity({key: FactorSpread() for key in attending}, {name: Spread() for name in learning})
    total = length_hint(examples)
    for neighbours in same_shape_batches(examples, BATCH):
        _, _, frames, *sides = next(iter(neighbours[0].tensors.values())).shape
        for members in chunks(neighbours, clips_together(network.structure, frames=frames, sides=sides)):
            _run(network, members, activity, window)
            activity.clips += len(members)
            if progress:
                progress(activity.clips, max(total, activity.clips))
    return activity


def _run(network: Network, members: Sequence[Example], activity: Activity, window: int) -> None:
    read = [modality.name for modality in network.structure.read_modalities]
    tensors = {
        name: network.to_own_device(torch.cat([member.tensors[name] for member in members])) for name in read
    }
    _, _, frames, *sides = tensors[read[0]].shape
    work = rough_multiply_adds(network, clips=len(members), frames=frames, sides=sides)
    watch = _Watch()
    with translate_device_errors(), threads_for(work), RECORDING, watch.hooked(network, activity):
        window_logits(network, tensors, windows(frames, window), on_stretch=watch.begin_stretch)
    reaches = connection_reaches(network.structure)
    for key, factors in activity.factors.items():
        factors.add(_inner_frames(watch.values(key), reaches[key]))
    for name, spread in activity.blocks.items():
        spread.add(watch.values(name))


def _inner_frames(values: Array, reach: Reach) -> Array:
    """Return the frames that no padding beyond an end of the clip reaches, if they are at least half of all.

    Padding moves factors near the ends of any clip.
    """
    frames = values.shape[1]
    start, end = reach.within(frames)
    return values[:, start : frames - end] if 2 * (start + end) <= frames else values


class _Watch:
    """Collects the factors of connections, and the spatial means of blocks, of one batch of clips."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Tensor]] = {}
        self._own = slice(None)

    def begin_stretch(self, stretch: Stretch) -> None:
        self._own = stretch.own

    def values(self, name: str) -> Array:
        """Return what was collected at a connection or block, (B, T, C)."""
        joined: Array = torch.cat(self._parts[name], dim=1).double().cpu().numpy()
        return joined

    @contextmanager
    def hooked(self, network: Network, activity: Activity) -> Iterator[None]:
        """Collect inside the `with` block, then remove the hooks."""
        handles = []
        try:
            for key in activity.factors:
                connection = network.connections[key]
                handles.append(connection.register_forward_hook(partial(self._add_factors, key)))
            for name in activity.blocks:
                handles.append(network.blocks[name].register_forward_hook(partial(self._add_output, name)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _add_factors(self, key: str, module: nn.Module, inputs: Any, output: ConnectionOutput) -> None:
        assert output.factors is not None
        self._parts.setdefault(key, []).append(output.factors[:, self._own])

    def _add_output(self, name: str, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self._parts.setdefault(name, []).append(spatial_mean(output)[:, self._own])


def check_activity(activity: Activity) -> list[Finding]:
    """Return saturated, constant and still factors, and blocks with dead channels."""
    findings = [one for key, spread in activity.factors.items() for one in _check_factors(key, spread)]
    for name, spread in activity.blocks.items():
        dead = dead_share(spread.deviations)
        if dead > DEAD_CHANNELS:
            findings.append(Finding("dead_channels", name, dead))
    return findings


def _check_factors(key: str, spread: FactorSpread) -> list[Finding]:
    """Return what is wrong with a connection's factors; constant ones are not called still as well."""
    findings = []
    if spread.slope < SATURATED:
        findings.append(Finding("saturated_factors", key, spread.slope))
    if spread.overall < STILL:
        findings.append(Finding("constant_factors", key, spread.overall))
    elif spread.within_clips < STILL:
        findings.append(Finding("still_factors", key, spread.within_clips))
    return findings


def dead_share(deviations: Array) -> float:
    """Return the share of channels that are dead, from their standard deviations (C,)."""
    return float((deviations <= SILENT_CHANNEL * deviations.max()).mean())
