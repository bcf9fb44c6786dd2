"""Recording: the trace of a clip, from forward hooks on a network that runs the whole clip.

Every number of a frame is decided by the clip around it and, near its ends, by the ends; never by where a
window or a stretch begins. Shapes: T frames, C channels of the source, P peers, K classes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.graph.reach import Reach, connection_reaches
from peerattn.graph.specs import ConnectionSpec
from peerattn.modalities.clip import Clip
from peerattn.network.failures import translate_device_errors
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.network.precision import precision_on
from peerattn.network.size import rough_multiply_adds
from peerattn.network.unwrapping import unwrap
from peerattn.recording.baseline import KEPT, Baselines, baseline_clip, bytes_kept, kept_baseline
from peerattn.recording.changing import CHANGING
from peerattn.recording.hooks import Recording, Seen, recording
from peerattn.recording.lock import RECORDING
from peerattn.recording.stretches import Progress, answers
from peerattn.recording.windows import windows
from peerattn.threads import threads_for
from peerattn.traces.slicing import slice_frames
from peerattn.traces.trace import Array, BlockTrace, ComputedBy, ConnectionTrace, Trace, WindowTrace

HEATMAP_SIDE = 8
"""A block's heat map has at most this many places along each side."""


@dataclass(frozen=True)
class Vectors:
    """Spatial means over one clip: of each block's output (T, C), and by connection of its source.

    The source is pooled at the size its target reads, which a maximum may have reduced.
    """

    blocks: Mapping[str, Array]
    sources: Mapping[str, Array]


def record(
    network: Network,
    clip: Clip,
    *,
    window: int,
    baselines: Baselines | None = None,
    remarks: Sequence[str] = (),
    connections: Collection[str] | None = None,
    frames: tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> Trace:
    """The trace of one clip (B = 1), run whole in evaluation mode.

    An answer is taken over each stretch of `window` frames. `baselines` are the values of each modality's
    channels where there is nothing (0 where not given), from which contributions are counted. `remarks` stand
    before those of the clip. `connections` and `frames` (start ≤ t < stop) limit what is recorded; each frame
    has the numbers that it has in the whole clip. `progress(done, total)` counts blocks that have run and may
    raise to cancel. Raises PeerattnError when the clip lacks a modality that the network reads, and for a
    connection or frames that there are not.
    """
    network = unwrap(network)
    ran = _run(network, clip, window, baselines or {}, means=False, only=connections, progress=progress)
    whole = _trace(network, clip, window, remarks, ran)
    return whole if frames is None else slice_frames(whole, *frames)


def record_inside(
    network: Network,
    clip: Clip,
    *,
    window: int,
    baselines: Baselines | None = None,
    remarks: Sequence[str] = (),
    progress: Progress | None = None,
) -> tuple[Trace, Vectors]:
    """As `record`, with what attention read, from which `inside` works out the steps of a factor."""
    network = unwrap(network)
    ran = _run(network, clip, window, baselines or {}, means=True, progress=progress)
    seen = ran.seen
    blocks = {name: _array(torch.cat(means)) for name, means in seen.means.items()}
    sources = {
        key: _array(torch.cat([source.mean for source in each.sources if source.mean is not None]))
        for key, each in seen.connections.items()
    }
    return _trace(network, clip, window, remarks, ran), Vectors(blocks, sources)


@dataclass(frozen=True)
class _Ran:
    """What the hooks saw, the logits (B, K) of each window, and what computed them."""

    seen: Recording
    logits: list[Tensor]
    computed_by: ComputedBy


def _run(
    network: Network,
    clip: Clip,
    window: int,
    baselines: Baselines,
    *,
    means: bool,
    progress: Progress | None,
    only: Collection[str] | None = None,
) -> _Ran:
    tensors, frames = _read(network, clip), len(clip.times)
    like = next(iter(tensors.values()))
    spans = windows(frames, window)
    work = rough_multiply_adds(network, clips=1, frames=frames, sides=like.shape[3:])
    with translate_device_errors(), threads_for(work), RECORDING:  # one clip at a time is in memory
        fits = bytes_kept(network.structure, frames, like.shape[3:]) <= KEPT
        changing = CHANGING.get(network)
        if kept := fits and not (changing and changing.changes_baselines):
            baseline = kept_baseline(network, like, frames=frames, baselines=baselines)
            empty = Recording(baseline=baseline, frames=frames, means=means)
        else:
            read = network.structure.read_modalities
            nothing = baseline_clip(read, like, frames=frames, baselines=baselines)
            tensors = {name: torch.cat([tensor, nothing[name]]) for name, tensor in tensors.items()}
            empty = Recording(beside=True, means=means)
        with recording(network, empty, connections=only) as seen:
            beside = 0 if kept else 1
            logits = answers(
                network, tensors, spans, baselines=beside, entering=seen.entering, progress=progress
            )
            return _Ran(seen, logits, _computed_by(like.device))


def _computed_by(device: torch.device) -> ComputedBy:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return ComputedBy("eager", name, precision_on(device), torch.get_num_threads())


def _read(network: Network, clip: Clip) -> dict[str, Tensor]:
    """Modality → (1, C, T, H, W) of what the network reads, on its device."""
    read = [modality.name for modality in network.structure.read_modalities]
    if missing := set(read) - clip.tensors.keys():
        raise PeerattnError(
            f"the clip has no {', '.join(sorted(missing))} modality, which this network reads"
        )
    return {name: network.to_own_device(clip.tensors[name]) for name in read}


def _trace(
    network: Network,
    clip: Clip,
    window: int,
    remarks: Sequence[str],
    ran: _Ran,
) -> Trace:
    seen, spans = ran.seen, windows(len(clip.times), window)
    probabilities = [_array(network.probabilities(each[0])) for each in ran.logits]
    reaches = connection_reaches(network.structure, network.disabled)
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
            _connection_trace(
                spec,
                seen.connections[spec.key],
                network.structure.block(spec.source).width,
                reaches[spec.key],
            )
            for spec in network.structure.connections
            if spec.key in seen.connections
        ),
        objects=clip.origin,
        remarks=(*remarks, *clip.remarks),
        computed_by=ran.computed_by,
    )


def _block_trace(block_id: str, seen: Recording) -> BlockTrace:
    places = torch.cat(seen.places[block_id])  # (T, H, W)
    sides = min(places.shape[1], HEATMAP_SIDE), min(places.shape[2], HEATMAP_SIDE)
    heatmap = F.adaptive_avg_pool2d(places[:, None], sides)[:, 0]
    return BlockTrace(block_id, _array(places.mean(dim=(1, 2))), _array(heatmap))


def _connection_trace(spec: ConnectionSpec, seen: Seen, channels: int, reach: Reach) -> ConnectionTrace:
    first = seen.passed[0]
    shares, weight = first.attention_weights, first.connection_weight
    sources = _array(torch.cat([source.total for source in seen.sources]))  # (T, C)
    lengths = [len(source.total) for source in seen.sources]
    factors = np.concatenate(
        [_factors(passed, frames, channels) for passed, frames in zip(seen.passed, lengths, strict=True)]
    )
    magnitude = np.einsum("tc,tc->t", factors, sources, dtype=np.float64)
    of_sources = [source.contribution for source in seen.sources if source.contribution is not None]
    return ConnectionTrace(
        source=spec.source,
        target=spec.target,
        peers=(spec.source,) if spec.attention == "self" else spec.peers,
        connection_weight=None if weight is None else weight.item(),
        attention_weights=np.zeros(0, np.float32) if shares is None else _array(shares),
        attention_factors=factors,
        magnitude=((1.0 if weight is None else weight.item()) * magnitude).astype(np.float32),
        contribution=_array(torch.cat(seen.contributions)),
        source_contribution=_array(torch.cat(of_sources)),
        reached=reach.within(len(sources)),
    )


def _factors(passed: ConnectionOutput, frames: int, channels: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(T, C), whatever the attention: ones for none, the same row for every frame of a static one."""
    if passed.factors is None:
        return np.ones((frames, channels), np.float32)
    factors = passed.factors[0] if passed.factors.ndim == 3 else passed.factors
    return _array(factors.expand(frames, channels))


def _array(tensor: Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    array: np.ndarray[Any, np.dtype[np.float32]] = tensor.float().cpu().numpy()
    return array
