"""Recording: the trace of a clip, from forward hooks on a network that runs the whole clip.

The numbers of a frame depend on the clip around it and, near the clip's ends, on the ends; never on where a
window or a stretch begins. Shapes: T frames, C channels of the source, P peers, K classes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
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
from peerattn.recording.baseline import CACHE_LIMIT, Baselines, baseline_bytes, baseline_clip, cached_baseline
from peerattn.recording.hooks import ConnectionRecording, Recording, recording
from peerattn.recording.lock import RECORDING
from peerattn.recording.modifiers import MODIFIERS
from peerattn.recording.stretches import Progress, window_logits
from peerattn.recording.windows import windows
from peerattn.threads import threads_for
from peerattn.traces.shift import split_change
from peerattn.traces.slicing import slice_frames
from peerattn.traces.trace import Array, BlockTrace, ComputedBy, ConnectionTrace, Trace, WindowTrace

HEATMAP_SIDE = 8
"""The largest height and width of a block's heat map."""


@dataclass(frozen=True)
class Vectors:
    """Spatial means over one clip: of each block's output (T, C), and of each connection's source.

    A source is pooled at the size at which its target reads it, after any max pooling to that size.
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
    """Record the trace of one clip (B = 1), run whole in evaluation mode.

    The network answers over each window of `window` frames. `baselines` are the values of each modality's
    channels in an empty clip (default 0), from which contributions are counted. `remarks` come before the
    clip's own. `connections` and `frames` (start ≤ t < stop) limit what is recorded, but not its numbers,
    which are those of the whole clip. `progress(done, total)` counts blocks that have run and may raise to
    cancel. Raises PeerattnError if the clip lacks a modality that the network reads, and for unknown
    connections or frames.
    """
    network = unwrap(network)
    run = _run(network, clip, window, baselines or {}, means=False, only=connections, progress=progress)
    whole = _trace(network, clip, window, remarks, run)
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
    """Record like `record`, and also return what attention read, from which `inside` computes its steps."""
    network = unwrap(network)
    run = _run(network, clip, window, baselines or {}, means=True, progress=progress)
    blocks = {name: _array(torch.cat(means)) for name, means in run.recording.means.items()}
    sources = {
        key: _array(torch.cat([source.mean for source in each.sources if source.mean is not None]))
        for key, each in run.recording.connections.items()
    }
    return _trace(network, clip, window, remarks, run), Vectors(blocks, sources)


@dataclass(frozen=True)
class _RecordedRun:
    """What the hooks recorded, the logits (B, K) of each window, and what computed them."""

    recording: Recording
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
) -> _RecordedRun:
    tensors, frames = network_input(network, clip), len(clip.times)
    like = next(iter(tensors.values()))
    spans = windows(frames, window)
    work = rough_multiply_adds(network, clips=1, frames=frames, sides=like.shape[3:])
    with translate_device_errors(), threads_for(work), RECORDING:  # only one clip at a time in memory
        fits = baseline_bytes(network.structure, frames, like.shape[3:]) <= CACHE_LIMIT
        modifier = MODIFIERS.get(network)
        if use_cache := fits and not (modifier and modifier.changes_baselines):
            baseline = cached_baseline(network, like, frames=frames, baselines=baselines)
            record = Recording(baseline=baseline, frames=frames, means=means)
        else:
            empty = baseline_clip(network, like, frames=frames, baselines=baselines)
            tensors = {name: torch.cat([tensor, empty[name]]) for name, tensor in tensors.items()}
            record = Recording(baseline_in_batch=True, means=means)
        with recording(network, record, connections=only):
            logits = window_logits(
                network,
                tensors,
                spans,
                baselines=0 if use_cache else 1,
                on_stretch=record.begin_stretch,
                progress=progress,
            )
            return _RecordedRun(record, logits, _computed_by(like.device))


def _computed_by(device: torch.device) -> ComputedBy:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return ComputedBy("eager", name, precision_on(device), torch.get_num_threads())


def network_input(network: Network, clip: Clip) -> dict[str, Tensor]:
    """Return modality → (1, C, T, H, W) for what the network reads, on its device."""
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
    run: _RecordedRun,
) -> Trace:
    recorded, spans = run.recording, windows(len(clip.times), window)
    probabilities = [_array(network.probabilities(each[0])) for each in run.logits]
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
        blocks=tuple(_block_trace(block.id, recorded) for block in network.structure.blocks),
        connections=tuple(
            _connection_trace(
                spec,
                recorded.connections[spec.key],
                network.structure.block(spec.source).width,
                reaches[spec.key],
            )
            for spec in network.structure.connections
            if spec.key in recorded.connections
        ),
        objects=clip.origin,
        remarks=(*remarks, *clip.remarks),
        computed_by=run.computed_by,
        person_found=clip.person_found,
        moves=clip.moves,
    )


def _block_trace(block_id: str, recorded: Recording) -> BlockTrace:
    heatmaps, added = (torch.cat(maps[block_id]) for maps in (recorded.heatmaps, recorded.added))  # (T, H, W)
    return BlockTrace(block_id, _array(heatmaps.mean(dim=(1, 2))), _small(heatmaps), _small(added))


def _small(maps: Tensor) -> Array:
    """Return the means (T, h, w) over areas of maps (T, H, W) that are larger than `HEATMAP_SIDE`."""
    sides = min(maps.shape[1], HEATMAP_SIDE), min(maps.shape[2], HEATMAP_SIDE)
    return _array(F.adaptive_avg_pool2d(maps[:, None], sides)[:, 0])


def _connection_trace(
    spec: ConnectionSpec, recorded: ConnectionRecording, channels: int, reach: Reach
) -> ConnectionTrace:
    first = recorded.passed[0]
    shares, weight = first.attention_weights, first.connection_weight
    sources = _array(torch.cat([source.total for source in recorded.sources]))  # (T, C)
    lengths = [len(source.total) for source in recorded.sources]
    factors = np.concatenate(
        [_factors(passed, frames, channels) for passed, frames in zip(recorded.passed, lengths, strict=True)]
    )
    magnitude = np.einsum("tc,tc->t", factors, sources, dtype=np.float64)
    parts = [each.contribution for each in recorded.sources if each.contribution is not None]
    added = _array(torch.cat(parts))  # (T, C)
    trace = ConnectionTrace(
        source=spec.source,
        target=spec.target,
        peers=(spec.source,) if spec.attention == "self" else spec.peers,
        connection_weight=None if weight is None else weight.item(),
        attention_weights=np.zeros(0, np.float32) if shares is None else _array(shares),
        attention_factors=factors,
        magnitude=((1.0 if weight is None else weight.item()) * magnitude).astype(np.float32),
        contribution=_array(torch.cat(recorded.contributions)),
        source_contribution=added.sum(axis=1),
        reached=reach.within(len(sources)),
        channel_shares=_shares(added),
        carried=sources.sum(axis=1),
    )
    by_attention, by_source = split_change(factors, sources, trace.inner)
    return replace(trace, passed_by_attention=by_attention, passed_by_source=by_source)


def _shares(added: Array) -> Array:
    """Return each channel's share of what the clip adds, (T, C) → (C,); 0 if it adds nothing."""
    sums = added.sum(axis=0, dtype=np.float64)
    shares: Array = (sums / (sums.sum() or 1.0)).astype(np.float32)
    return shares


def _factors(passed: ConnectionOutput, frames: int, channels: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return factors (T, C) for every kind of attention: ones for none, one row repeated for a static one."""
    if passed.factors is None:
        return np.ones((frames, channels), np.float32)
    factors = passed.factors[0] if passed.factors.ndim == 3 else passed.factors
    return _array(factors.expand(frames, channels))


def _array(tensor: Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    array: np.ndarray[Any, np.dtype[np.float32]] = tensor.float().cpu().numpy()
    return array
