"""Forward hooks that keep, for every connection and block, what it did while a clip ran.

    with recording(network) as seen:
        network(clip)
    seen.passed["rgb1_to_top"][0].factors

Each connection's hook keeps together the attention factors, the connection weight and the attention weights
of that pass; each block's hook keeps a small summary, so that a recording is never the size of the
activations. Where a pass holds frames that are only context, `entering` says which are kept.

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


class Source(NamedTuple):
    """Of what a connection reads: Σ|X| (T, C), the mean over places (T, C), and ‖X − X°‖₁ (T,)."""

    total: Tensor
    mean: Tensor | None
    contribution: Tensor | None


@dataclass
class Seen:
    """What was seen of one connection, stretch after stretch; `contributions` are (T,), and may be absent."""

    passed: list[ConnectionOutput] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    contributions: list[Tensor] = field(default_factory=list)


class Recording:
    """What was seen of one clip: the first of a pass (B = 1), stretch after stretch.

    `passed`: what each connection did. `connections`: all that was seen of it. `places`: (T, H, W) mean
    |output| of each block over its channels. `means`: (T, C) of each block over its places, where asked for.

    Contributions are counted from a kept `baseline`, for a clip of so many `frames`; or, if `beside`, from
    the second clip of each pass (B = 2), which is then the baseline itself.
    """

    def __init__(
        self, *, baseline: Baseline | None = None, frames: int = 0, beside: bool = False, means: bool = False
    ) -> None:
        self.connections: dict[str, Seen] = {}
        self.places: dict[str, list[Tensor]] = {}
        self.means: dict[str, list[Tensor]] = {}
        self._baseline, self._frames, self._means = baseline, frames, means
        self._compares = beside or baseline is not None
        self._stretch: Stretch | None = None
        self._sources: dict[int, tuple[ref[Tensor], Source]] = {}

    @property
    def passed(self) -> dict[str, list[ConnectionOutput]]:
        return {key: seen.passed for key, seen in self.connections.items()}

    def entering(self, stretch: Stretch) -> None:
        """What comes next is the pass of this stretch."""
        self._stretch = stretch

    @property
    def _own(self) -> slice:
        return self._stretch.own if self._stretch else slice(None)

    def connection(self, key: str, module: nn.Module, inputs: Any, output: ConnectionOutput) -> None:
        """The forward hook of a connection."""
        if not _HEARD.get():
            return
        seen, source = self.connections.setdefault(key, Seen()), inputs[0]
        seen.passed.append(_of_first(output, self._own))
        seen.sources.append(self._source(key, source))
        if self._compares:
            delivered = _scaled(source.detach()[0][:, self._own], _scale(output.scale, 0, self._own))
            for frames, base, scale in self._baseline_of(key, source, output.scale):
                delivered[:, frames] -= _scaled(base, scale)
            seen.contributions.append(_size(delivered))

    def _source(self, key: str, source: Tensor) -> Source:
        """Made once for all connections that read the source at one size: they are given the same tensor."""
        known = self._sources.get(id(source))
        if known and known[0]() is source:  # else a tensor of an earlier pass had this id
            return known[1]
        own = source.detach()[0][:, self._own]  # (C, T, H, W)
        # Channels lie innermost: summed over the rows of a matrix, 4 times as fast as over two axes.
        total = own.permute(1, 2, 3, 0).flatten(1, 2).abs().sum(dim=1)  # (T, C)
        mean = spatial_mean(own[None])[0] if self._means else None
        contribution = self._contribution_of(key, source, total) if self._compares else None
        made = Source(total, mean, contribution)
        self._sources[id(source)] = ref(source), made
        return made

    def _contribution_of(self, key: str, source: Tensor, total: Tensor) -> Tensor:
        """‖X − X°‖₁ (T,), 0 where it is a matter of rounding."""
        left = source.detach()[0][:, self._own].clone()
        for frames, base, _ in self._baseline_of(key, source, None):
            left[:, frames] -= base
        size = _size(left)
        return torch.where(size > ROUNDING_TOLERANCE * total.sum(dim=1), size, torch.zeros_like(size))

    def _baseline_of(
        self, key: str, source: Tensor, scale: Tensor | None
    ) -> Iterator[tuple[slice, Tensor, Tensor | None]]:
        """Own frames of a stretch, and what the source (C, T or 1, H, W) and scale of the baseline are there.

        `source` and `scale` are those of the pass, which may hold the baseline beside the clip.
        """
        if self._baseline is None:
            yield slice(None), source.detach()[1][:, self._own], _scale(scale, 1, self._own)
            return
        start, stop = (self._stretch.start, self._stretch.stop) if self._stretch else (0, self._frames)
        for frames, kept in self._baseline.parts(start, stop, self._frames):
            yield frames, self._baseline.sources[key][:, kept], _scale(self._baseline.scales[key], 0, kept)

    def block(self, block_id: str, module: nn.Module, inputs: Any, output: Tensor) -> None:
        """The forward hook of a block."""
        if not _HEARD.get():
            return
        own = output.detach()[0][:, self._own]
        self.places.setdefault(block_id, []).append(own.abs().mean(dim=0))
        if self._means:
            self.means.setdefault(block_id, []).append(spatial_mean(own[None])[0])


_HEARD = ContextVar("_HEARD", default=True)


@contextmanager
def unheard() -> Iterator[None]:
    """Passes inside the `with` block are in no recording: an intervention looks at a clip before it runs."""
    token = _HEARD.set(False)
    try:
        yield
    finally:
        _HEARD.reset(token)


@contextmanager
def recording(
    network: Network, seen: Recording | None = None, *, connections: Iterable[str] | None = None
) -> Iterator[Recording]:
    """Records every pass inside the `with` block; leaving it, also by an exception, removes every hook.

    Of all connections, or of those with these keys. Another thread that would record waits until then. Raises
    PeerattnError for a connection that the network does not have.
    """
    network, seen, handles = unwrap(network), seen or Recording(), []
    keys = network.connections if connections is None else dict.fromkeys(connections)
    with RECORDING:
        try:
            for key in keys:
                handles.append(network.connection(key).register_forward_hook(partial(seen.connection, key)))
            for block_id, block in network.blocks.items():
                handles.append(block.register_forward_hook(partial(seen.block, block_id)))
            yield seen
        finally:
            for handle in handles:
                handle.remove()


def _of_first(output: ConnectionOutput, own: slice) -> ConnectionOutput:
    """What a connection did with the first clip of a pass, in the stretch's own frames."""
    weight, factors, shares = (
        None if part is None else part.detach()
        for part in (output.connection_weight, output.factors, output.attention_weights)
    )
    if factors is not None and factors.ndim == 3:
        factors = factors[:1, own]
    return ConnectionOutput(None, weight, factors, shares)


def _scale(scale: Tensor | None, clip: int, frames: slice) -> Tensor | None:
    """σ(w) · A of one clip of a pass, shaped to multiply (C, T, H, W)."""
    if scale is None or scale.ndim < 5:
        return scale if scale is None else scale.detach()
    one = scale.detach()[clip]
    return one[:, frames] if one.shape[1] > 1 else one


def _scaled(source: Tensor, scale: Tensor | None) -> Tensor:
    """A tensor of its own."""
    return source.clone() if scale is None else source * scale


def _size(difference: Tensor) -> Tensor:
    """(C, T, H, W) → (T,) Σ|difference|, in whose own memory the signs are dropped."""
    return difference.abs_().permute(1, 2, 3, 0).flatten(1).sum(dim=1)
