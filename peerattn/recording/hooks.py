"""Forward hooks that record what every connection and block did while a clip ran.

    with recording(network) as recorded:
        network(clip)
    recorded.passed["rgb1_to_top"][0].factors

The hook of a connection records its attention factors, connection weight and attention weights in each pass;
the hook of a block records a small summary, so that a recording is far smaller than the activations. If a
pass includes frames that are only context, `begin_stretch` says which frames are recorded.

Shapes: T frames, C channels of the source, P peers, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from weakref import ref

import torch
from torch import Tensor, nn

from peerattn.network.attention import spatial_mean
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.baseline import Baseline
from peerattn.recording.lock import RECORDING
from peerattn.recording.stretches import Stretch
from peerattn.traces.trace import ROUNDING_TOLERANCE


class SourceSummary(NamedTuple):
    """A summary of a source's output X: Σ|X|, its mean over pixels, and Σ|X − X°|, all (T, C)."""

    total: Tensor
    mean: Tensor | None
    contribution: Tensor | None


@dataclass
class ConnectionRecording:
    """What one connection did, an entry per stretch; `contributions` are (T,), empty without a baseline."""

    passed: list[ConnectionOutput] = field(default_factory=list)
    sources: list[SourceSummary] = field(default_factory=list)
    contributions: list[Tensor] = field(default_factory=list)


class Recording:
    """What the first clip of each pass (B = 1) did, stretch by stretch.

    `connections` has what was recorded of each connection, `passed` only its outputs. `heatmaps` are (T, H,
    W), the mean |output| of each block over its channels. `added` is the same of what the clip adds to it,
    |output − output on the baseline|, empty without a baseline. `means` are (T, C), the mean of each block
    over pixels, if requested.

    Contributions are counted from a cached `baseline`, for a clip of `frames` frames, or, with
    `baseline_in_batch`, from the second clip of each pass (B = 2), which is then the baseline.
    """

    def __init__(
        self,
        *,
        baseline: Baseline | None = None,
        frames: int = 0,
        baseline_in_batch: bool = False,
        means: bool = False,
    ) -> None:
        self.connections: dict[str, ConnectionRecording] = {}
        self.heatmaps: dict[str, list[Tensor]] = {}
        self.added: dict[str, list[Tensor]] = {}
        self.means: dict[str, list[Tensor]] = {}
        self._baseline, self._frames, self._means = baseline, frames, means
        self._compares = baseline_in_batch or baseline is not None
        self._stretch: Stretch | None = None
        self._sources: dict[int, tuple[ref[Tensor], SourceSummary]] = {}

    @property
    def passed(self) -> dict[str, list[ConnectionOutput]]:
        """Connection → its output in each pass."""
        return {key: each.passed for key, each in self.connections.items()}

    def begin_stretch(self, stretch: Stretch) -> None:
        """Record the next pass as the one of this stretch."""
        self._stretch = stretch

    @property
    def _own(self) -> slice:
        return self._stretch.own if self._stretch else slice(None)

    def connection(self, key: str, module: nn.Module, inputs: Any, output: ConnectionOutput) -> None:
        """The forward hook of a connection."""
        if not _ENABLED.get():
            return
        recorded, source = self.connections.setdefault(key, ConnectionRecording()), inputs[0]
        recorded.passed.append(_first_clip(output, self._own))
        recorded.sources.append(self._source(key, source))
        if self._compares:
            delivered = _scaled(source.detach()[0][:, self._own], _scale(output.scale, 0, self._own))
            for frames, base, scale in self._baseline_of(key, source, output.scale):
                delivered[:, frames] -= _scaled(base, scale)
            recorded.contributions.append(_l1_norm(delivered))

    def _source(self, key: str, source: Tensor) -> SourceSummary:
        """Return the source's summary, computed once for all connections that get the same tensor."""
        cached = self._sources.get(id(source))
        if cached and cached[0]() is source:  # otherwise a tensor of an earlier pass had the same id
            return cached[1]
        own = source.detach()[0][:, self._own]  # (C, T, H, W)
        total = _sizes(own.abs())
        mean = spatial_mean(own[None])[0] if self._means else None
        contribution = self._contribution_of(key, source, total) if self._compares else None
        summary = SourceSummary(total, mean, contribution)
        self._sources[id(source)] = ref(source), summary
        return summary

    def _contribution_of(self, key: str, source: Tensor, total: Tensor) -> Tensor:
        """Return Σ|X − X°| (T, C), with 0 in frames whose difference is as small as rounding errors."""
        difference = source.detach()[0][:, self._own].clone()
        for frames, base, _ in self._baseline_of(key, source, None):
            difference[:, frames] -= base
        size = _sizes(difference.abs_())
        changed = size.sum(dim=1, keepdim=True) > ROUNDING_TOLERANCE * total.sum(dim=1, keepdim=True)
        return torch.where(changed, size, torch.zeros_like(size))

    def _baseline_of(
        self, key: str, source: Tensor, scale: Tensor | None
    ) -> Iterator[tuple[slice, Tensor, Tensor | None]]:
        """Yield frames of the stretch with the baseline's source (C, T or 1, H, W) and scale for them.

        `source` and `scale` are those of the pass, which may have the baseline as its second clip.
        """
        if self._baseline is None:
            yield slice(None), source.detach()[1][:, self._own], _scale(scale, 1, self._own)
            return
        start, stop = (self._stretch.start, self._stretch.stop) if self._stretch else (0, self._frames)
        for frames, aligned in self._baseline.aligned_frames(start, stop, self._frames):
            scale = _scale(self._baseline.scales[key], 0, aligned)
            yield frames, self._baseline.sources[key][:, aligned], scale

    def _baseline_output(self, block_id: str, output: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield frames of the stretch with the block's output on the baseline, as `_baseline_of` does."""
        if self._baseline is None:
            yield slice(None), output.detach()[1][:, self._own]
            return
        start, stop = (self._stretch.start, self._stretch.stop) if self._stretch else (0, self._frames)
        for frames, aligned in self._baseline.aligned_frames(start, stop, self._frames):
            yield frames, self._baseline.outputs[block_id][:, aligned]

    def block(self, block_id: str, module: nn.Module, inputs: Any, output: Tensor) -> None:
        """The forward hook of a block."""
        if not _ENABLED.get():
            return
        own = output.detach()[0][:, self._own]
        self.heatmaps.setdefault(block_id, []).append(own.abs().mean(dim=0))
        if self._compares:
            difference = own.clone()
            for frames, base in self._baseline_output(block_id, output):
                difference[:, frames] -= base
            self.added.setdefault(block_id, []).append(difference.abs_().mean(dim=0))
        if self._means:
            self.means.setdefault(block_id, []).append(spatial_mean(own[None])[0])


_ENABLED = ContextVar("_ENABLED", default=True)


@contextmanager
def recording_paused() -> Iterator[None]:
    """Record no passes inside the `with` block, such as those in which an intervention observes a clip."""
    token = _ENABLED.set(False)
    try:
        yield
    finally:
        _ENABLED.reset(token)


@contextmanager
def recording(
    network: Network, record: Recording | None = None, *, connections: Iterable[str] | None = None
) -> Iterator[Recording]:
    """Record every pass inside the `with` block, of all connections or of those with these keys.

    Leaving the block, also by an exception, removes every hook. Other threads that would record wait until
    then. Raises PeerattnError for a connection that the network does not have.
    """
    network, record, handles = unwrap(network), record or Recording(), []
    keys = network.connections if connections is None else dict.fromkeys(connections)
    with RECORDING:
        try:
            for key in keys:
                handles.append(network.connection(key).register_forward_hook(partial(record.connection, key)))
            for block_id, block in network.blocks.items():
                handles.append(block.register_forward_hook(partial(record.block, block_id)))
            yield record
        finally:
            for handle in handles:
                handle.remove()


def _first_clip(output: ConnectionOutput, own: slice) -> ConnectionOutput:
    """Return a connection's output for the first clip of a pass, in the stretch's own frames."""
    weight, factors, shares = (
        None if part is None else part.detach()
        for part in (output.connection_weight, output.factors, output.attention_weights)
    )
    if factors is not None and factors.ndim == 3:
        factors = factors[:1, own]
    return ConnectionOutput(None, weight, factors, shares)


def _scale(scale: Tensor | None, clip: int, frames: slice) -> Tensor | None:
    """Return σ(w) · A for one clip of a pass, in a shape that multiplies (C, T, H, W)."""
    if scale is None or scale.ndim < 5:
        return scale if scale is None else scale.detach()
    one = scale.detach()[clip]
    return one[:, frames] if one.shape[1] > 1 else one


def _scaled(source: Tensor, scale: Tensor | None) -> Tensor:
    """Return the scaled source as a new tensor."""
    return source.clone() if scale is None else source * scale


def _sizes(absolute: Tensor) -> Tensor:
    """Return the sum over pixels, (C, T, H, W) → (T, C).

    Channels are innermost in memory: summing a matrix's rows is 4 times as fast as over two axes.
    """
    return absolute.permute(1, 2, 3, 0).flatten(1, 2).sum(dim=1)


def _l1_norm(difference: Tensor) -> Tensor:
    """Return Σ|difference| per frame, (C, T, H, W) → (T,); overwrites the tensor with its absolute values."""
    return difference.abs_().permute(1, 2, 3, 0).flatten(1).sum(dim=1)
