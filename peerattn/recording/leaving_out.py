"""Leaving out: how the answer on one clip changes without single connections, and without one for a while.

    left_out = leave_out_each(network, clip, window=16)
    left_out.changes("push ball")     # connection → by how much the probability changes without it

After one pass over the clip, only blocks that a change can reach run again: its targets, and all that read
them, through connections or as peers. The numbers are those of the network without the connection, run anew.

Shapes: T frames, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.graph.connectivity import downstream
from peerattn.modalities.clip import Clip
from peerattn.network.failures import translate_device_errors
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.network.size import rough_multiply_adds
from peerattn.network.unwrapping import unwrap
from peerattn.recording.interventions import check_removal, removed_keys
from peerattn.recording.lock import RECORDING
from peerattn.recording.modifiers import running_clips
from peerattn.recording.predictions import chunks
from peerattn.recording.recorder import network_input
from peerattn.recording.stretches import (
    ClipBatch,
    HeadInputs,
    Progress,
    Stretch,
    begin_pass,
    clips_together,
    evaluation_mode,
    plan_stretches,
)
from peerattn.recording.windows import windows
from peerattn.threads import threads_for
from peerattn.traces.left_out import LeftOut, Probabilities


@dataclass(frozen=True)
class _Variant:
    """The network with one part left out, inside the `with` block of `change`; `reached` blocks run again."""

    change: Callable[[Stretch], AbstractContextManager[object]]
    reached: frozenset[str]


def leave_out_each(
    network: Network,
    clip: Clip,
    *,
    window: int,
    of: str = "connection",
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> LeftOut:
    """Leave out each component of a kind (or only `names`), one at a time, as `interventions.without` does.

    The network runs one clip (B = 1) whole, in evaluation mode, and answers over windows of `window` frames.
    Raises PeerattnError for an unknown kind or name. `progress(done, total)` counts components in each
    stretch of the clip, and may raise to cancel.
    """
    network = unwrap(network)
    structure, variants, impossible = network.structure, dict[str, _Variant](), dict[str, str]()
    components.check_intervention(of, "remove")
    for name in components.select(structure, of, names or components.names(structure, of)):
        try:
            keys = removed_keys(structure, {of: name})
            check_removal(structure, network.disabled | keys)
        except PeerattnError as error:
            impossible[name] = str(error)
            continue
        variants[name] = _Variant(partial(_without_keys, network, keys), downstream(structure, keys))
    return _run(network, clip, window, variants, impossible, progress)


def leave_out_while(
    network: Network,
    clip: Clip,
    *,
    window: int,
    connections: Sequence[str],
    spans: Sequence[tuple[int, int]],
    progress: Progress | None = None,
) -> LeftOut:
    """Leave out connections together, in one span of frames after another; parts are named START-STOP.

    In frames start ≤ t < stop of a span, the connections add nothing to their targets. Raises PeerattnError
    for an unknown connection, or a span that is not within the clip.
    """
    network, frames = unwrap(network), len(clip.times)
    keys = components.select(network.structure, "connection", connections)
    for start, stop in spans:
        if not 0 <= start < stop <= frames:
            raise PeerattnError(f"frames {start} to {stop} are not within the clip, which has {frames}")
    reached = downstream(network.structure, keys)
    variants = {
        f"{start}-{stop}": _Variant(partial(_silenced, network, keys, (start, stop)), reached)
        for start, stop in spans
    }
    return _run(network, clip, window, variants, {}, progress)


def answers_without(
    network: Network,
    members: Sequence[Example],
    *,
    window: int,
    left_out: Mapping[str, frozenset[str]],
    progress: Progress | None = None,
) -> dict[str, Probabilities]:
    """Return the probabilities (B, K) for clips of one shape without each set of connections, by its name.

    `left_out` has the keys of connections and attention connections, by the name of the set; those of the
    whole network are under "". The sets must leave every output block connected. `progress(done, total)`
    counts sets in each stretch of the clips that run together.
    """
    network = unwrap(network)
    read = [modality.name for modality in network.structure.read_modalities]
    _, _, frames, *sides = members[0].tensors[read[0]].shape
    variants = {
        name: _Variant(partial(_without_keys, network, keys), downstream(network.structure, keys))
        for name, keys in left_out.items()
    }
    work = rough_multiply_adds(network, clips=len(members), frames=frames, sides=sides)
    parts: list[dict[str, Probabilities]] = []
    with translate_device_errors(), threads_for(work), RECORDING, evaluation_mode(network):
        for some in chunks(members, clips_together(network.structure, frames=frames, sides=sides) // 2 or 1):
            joined = {name: torch.cat([one.tensors[name] for one in some]) for name in read}
            tensors = {name: network.to_own_device(tensor) for name, tensor in joined.items()}
            clips = plan_stretches(network, tensors)
            with running_clips(network, clips):
                logits = _logits(network, clips, windows(frames, window), variants, progress)
            parts.append({name: _mean_probabilities(network, own) for name, own in logits.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@contextmanager
def _without_keys(network: Network, keys: frozenset[str], _stretch: Stretch) -> Iterator[None]:
    before = network.disabled
    network.disabled = before | keys
    try:
        yield
    finally:
        network.disabled = before


@contextmanager
def _silenced(
    network: Network, keys: Sequence[str], span: tuple[int, int], stretch: Stretch
) -> Iterator[None]:
    """Set the factors of connections to 0 in a span of frames, in the pass over this stretch."""
    times = torch.arange(stretch.first, stretch.last)
    sounds = ((times < span[0]) | (times >= span[1]))[None, :, None]  # (1, T, 1)

    def silence(module: Any, inputs: Any, output: ConnectionOutput) -> ConnectionOutput:
        factors = network.to_own_device(sounds)
        if output.factors is not None:
            factors = factors * output.factors
        return ConnectionOutput.from_factors(output.connection_weight, factors, output.attention_weights)

    handles = [network.connection(key).register_forward_hook(silence) for key in keys]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _run(
    network: Network,
    clip: Clip,
    window: int,
    variants: Mapping[str, _Variant],
    impossible: Mapping[str, str],
    progress: Progress | None,
) -> LeftOut:
    tensors, frames = network_input(network, clip), len(clip.times)
    like = next(iter(tensors.values()))
    work = rough_multiply_adds(network, clips=1, frames=frames, sides=like.shape[3:])
    with translate_device_errors(), threads_for(work), RECORDING, evaluation_mode(network):
        clips = plan_stretches(network, tensors)
        with running_clips(network, clips):
            logits = _logits(network, clips, windows(frames, window), variants, progress)
        shares = {name: _mean_probabilities(network, own)[0] for name, own in logits.items()}
    return LeftOut(network.class_names, shares.pop(""), shares, impossible)


def _logits(
    network: Network,
    clips: ClipBatch,
    spans: Sequence[tuple[int, int]],
    variants: Mapping[str, _Variant],
    progress: Progress | None,
) -> dict[str, list[Tensor]]:
    """Return the logits of each window without each part; those of the whole network are under ""."""
    answers = {name: HeadInputs(network, spans) for name in ("", *variants)}
    total, done = len(clips.plan) * len(variants), 0
    for stretch in clips.plan:
        part = begin_pass(network, clips, stretch)
        whole = network.run_blocks(part, clips.extremes)
        answers[""].add(whole.full, stretch)
        for name, variant in variants.items():
            with variant.change(stretch):
                again = network.run_blocks(part, clips.extremes, known=whole.without(variant.reached))
            answers[name].add(again.full, stretch)
            done += 1
            if progress:
                progress(done, total)
    return {name: own.logits for name, own in answers.items()}


def _mean_probabilities(network: Network, logits: Sequence[Tensor]) -> Probabilities:
    """Return the mean over windows of the probabilities (B, K), from the logits (B, K) of each."""
    windows_of_clips = [network.probabilities(own).float().cpu().numpy() for own in logits]
    mean: Probabilities = np.mean(windows_of_clips, axis=0, dtype=np.float32)
    return mean
