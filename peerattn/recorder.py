"""Recording: forward hooks that keep, for every connection and block, what it did while a clip ran.

    with recording(network) as seen:
        network(clip)
    seen.passed["rgb1_to_top"][0].factors

Each connection's hook keeps together the attention factors, the connection weight and the attention weights
of that pass; each block's hook keeps a small summary, so that a recording is never the size of the
activations. Shapes: T frames, C channels of the source, P peers, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import ref

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.fusion import Passed
from peerattn.modalities import Clip, windows
from peerattn.network import Network
from peerattn.structure import ConnectionSpec
from peerattn.trace import BlockTrace, ConnectionTrace, Trace, WindowTrace

HEATMAP_SIDE = 8
"""A block's heat map has at most this many places along each side."""


class Recording:
    """What was seen of one clip (B = 1), window after window.

    `passed`: what each connection did. `sources`: (T, C) Σ|X| over the places of the source that it read.
    `places`: (T, H, W) mean |output| of each block over its channels.
    """

    def __init__(self) -> None:
        self.passed: dict[str, list[Passed]] = {}
        self.sources: dict[str, list[Tensor]] = {}
        self.places: dict[str, list[Tensor]] = {}
        self._sums: dict[int, tuple[ref[Tensor], Tensor]] = {}

    def connection(self, key: str, module: nn.Module, inputs: Any, output: Passed) -> None:
        if torch.is_grad_enabled():
            output = Passed(*(None if part is None else part.detach() for part in output))
        self.passed.setdefault(key, []).append(output._replace(scale=None))
        self.sources.setdefault(key, []).append(self._sum(inputs[0]))

    def _sum(self, source: Tensor) -> Tensor:
        """Made once for all connections that read the source at one size: they are given the same tensor."""
        known = self._sums.get(id(source))
        if known and known[0]() is source:  # else a tensor of an earlier pass had this id
            return known[1]
        # Channels lie innermost: summed over the rows of a matrix, 4 times as fast as over two axes.
        places = source[0].detach().permute(1, 2, 3, 0).flatten(1, 2)  # (T, H·W, C)
        total = places.abs().sum(dim=1)
        self._sums[id(source)] = ref(source), total
        return total

    def block(self, block_id: str, module: nn.Module, inputs: Any, output: Tensor) -> None:
        places = output[0].detach().abs().mean(dim=0)
        self.places.setdefault(block_id, []).append(places)


@contextmanager
def recording(network: Network) -> Iterator[Recording]:
    """Records every pass inside the `with` block; leaving it, also by an exception, removes every hook."""
    seen = Recording()
    handles = []
    try:
        for key, connection in network.connections.items():
            handles.append(connection.register_forward_hook(partial(seen.connection, key)))
        for block_id, block in network.blocks.items():
            handles.append(block.register_forward_hook(partial(seen.block, block_id)))
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def record(
    network: Network,
    clip: Clip,
    *,
    window: int,
    remarks: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Trace:
    """The trace of one clip (B = 1), run window by window in evaluation mode.

    `remarks` stand before those of the clip. `progress(done, total)` counts windows and may raise to cancel.
    Raises PeerattnError when the clip lacks a modality that the network reads.
    """
    spans = windows(len(clip.times), window)
    training, probabilities = network.training, []
    network.eval()
    try:
        with torch.inference_mode(), recording(network) as seen:
            for done, (start, stop) in enumerate(spans):
                logits = network(_window(network, clip, start, stop))
                probabilities.append(_array(torch.softmax(logits[0], dim=0)))
                if progress:
                    progress(done + 1, len(spans))
    finally:
        network.train(training)
    lengths = [stop - start for start, stop in spans]
    return Trace(
        structure=network.structure,
        times=clip.times,
        windows=tuple(
            WindowTrace(start, stop, shares)
            for (start, stop), shares in zip(spans, probabilities, strict=True)
        ),
        class_names=network.class_names,
        probabilities=np.mean(probabilities, axis=0, dtype=np.float32),
        blocks=tuple(_block_trace(block.id, seen) for block in network.structure.blocks),
        connections=tuple(
            _connection_trace(spec, seen, lengths, network.structure.block(spec.source).width)
            for spec in network.structure.connections
            if spec.key in seen.passed
        ),
        objects=clip.objects,
        remarks=(*remarks, *clip.remarks),
    )


def _window(network: Network, clip: Clip, start: int, stop: int) -> Mapping[str, Tensor]:
    device = next(network.parameters()).device
    read = {modality.name for modality in network.structure.read_modalities}
    if missing := read - clip.tensors.keys():
        raise PeerattnError(
            f"the clip has no {', '.join(sorted(missing))} modality, which this network reads"
        )
    return {name: clip.tensors[name][:, :, start:stop].to(device) for name in read}


def _block_trace(block_id: str, seen: Recording) -> BlockTrace:
    places = torch.cat(seen.places[block_id])  # (T, H, W)
    sides = min(places.shape[1], HEATMAP_SIDE), min(places.shape[2], HEATMAP_SIDE)
    heatmap = F.adaptive_avg_pool2d(places[:, None], sides)[:, 0]
    return BlockTrace(block_id, _array(places.mean(dim=(1, 2))), _array(heatmap))


def _connection_trace(
    spec: ConnectionSpec, seen: Recording, lengths: list[int], channels: int
) -> ConnectionTrace:
    passes = seen.passed[spec.key]
    first = passes[0]
    shares, weight = first.attention_weights, first.connection_weight
    factors = np.concatenate(
        [_factors(passed, frames, channels) for passed, frames in zip(passes, lengths, strict=True)]
    )
    sources = _array(torch.cat(seen.sources[spec.key]))  # (T, C)
    magnitude = np.einsum("tc,tc->t", factors, sources, dtype=np.float64)
    return ConnectionTrace(
        source=spec.source,
        target=spec.target,
        peers=(spec.source,) if spec.attention == "self" else spec.peers,
        connection_weight=None if weight is None else weight.item(),
        attention_weights=np.zeros(0, np.float32) if shares is None else _array(shares),
        attention_factors=factors,
        magnitude=((1.0 if weight is None else weight.item()) * magnitude).astype(np.float32),
    )


def _factors(passed: Passed, frames: int, channels: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(T, C), whatever the attention: ones for none, the same row for every frame of a static one."""
    if passed.factors is None:
        return np.ones((frames, channels), np.float32)
    factors = passed.factors[0] if passed.factors.ndim == 3 else passed.factors
    return _array(factors.expand(frames, channels))


def _array(tensor: Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    array: np.ndarray[Any, np.dtype[np.float32]] = tensor.float().cpu().numpy()
    return array
