"""The public API: load a checkpoint, read and record clips with it, measure it, prune it.

    import peerattn

    checkpoint = peerattn.load("actionworld")
    clip = peerattn.read_clip("clip.mp4", checkpoint)
    trace = peerattn.record(checkpoint, clip)

Every function that runs a network takes a checkpoint, or a bare `Network` together with `settings=`, which
says how clips are read for it. The modules that these functions call document them in full.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, overload

import torch

from peerattn.checkpoints.checkpoint import Checkpoint, pruned_card, segmenter_of
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.errors import PeerattnError
from peerattn.graph.published import structure as published_structure
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip
from peerattn.modalities.settings import ClipSettings
from peerattn.network.network import Network
from peerattn.pruning.threshold import prune as prune_network
from peerattn.recording import effects, evaluating, recorder
from peerattn.scores.kinds import AnyEvaluation
from peerattn.scores.verdict import with_verdict
from peerattn.traces.moments import with_moments
from peerattn.traces.trace import Trace
from peerattn.traces.usual import load_usual, shift_scale

Progress = Callable[[int, int], None]


def load(name: str | Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Load a checkpoint by name or folder; a published name or a structure file gives an untrained network.

    A `Path` is always the folder of a checkpoint or a structure file (.json), never a name. Raises
    PeerattnError if there is no such checkpoint or structure, or if it is damaged.
    """
    return resolve(name, device)


def published(name: str, **changes: object) -> Structure:
    """Return a published structure, such as `full_asnp50`; see `peerattn.graph.published.structure`."""
    return published_structure(name, **changes)


def read_clip(
    path: str | Path,
    checkpoint: Checkpoint | Network,
    *,
    objects: str | Path | None = None,
    segmenter: str | None = None,
    stretch: tuple[float, float | None] = (0.0, None),
    settings: ClipSettings | None = None,
) -> Clip:
    """Read a video file as the input of a network, a batch of one clip.

    `stretch` is the part of the video to read, (start, stop) in seconds; a stop of None is its end. Object
    maps come from the file `objects`; without one, they are estimated by `segmenter` or, by default, by the
    checkpoint's own segmenter. Raises PeerattnError for files that cannot be read.
    """
    loaded = _as_checkpoint(checkpoint, settings)
    reader = loaded.reader(None if objects else segmenter_of(loaded, segmenter))
    return reader.file(Path(path), objects=Path(objects) if objects else None, stretch=stretch)


def record(
    checkpoint: Checkpoint | Network,
    clip: Clip,
    *,
    connections: Collection[str] | None = None,
    frames: tuple[int, int] | None = None,
    settings: ClipSettings | None = None,
    progress: Progress | None = None,
) -> Trace:
    """Record a clip: predictions, connection weights, attention weights and attention factors.

    `connections` (keys) and `frames` (start ≤ t < stop) limit what is recorded. See
    `peerattn.recording.recorder`.
    """
    loaded = _as_checkpoint(checkpoint, settings)
    trace = recorder.record(
        loaded.network,
        clip,
        window=loaded.settings.window,
        baselines=loaded.settings.baselines,
        remarks=loaded.remarks,
        connections=connections,
        frames=frames,
        progress=progress,
    )
    answered = with_verdict(trace, loaded.card)
    if connections is not None or frames is not None:
        return answered  # moments are found among all connections and frames
    return with_moments(answered, scale=shift_scale(load_usual(loaded.folder, loaded.structure)))


def evaluate(
    checkpoint: Checkpoint | Network,
    data: str | Path | None = None,
    *,
    split: str | None = None,
    clips: int = 640,
    objects: Literal["true", "estimated"] = "true",
    settings: ClipSettings | None = None,
    progress: Progress | None = None,
) -> AnyEvaluation:
    """Measure how accurate a network is on the labelled clips in `data`, or on `clips` generated ones.

    The split of a folder defaults to test, or to val if there is no test split. With `objects="true"` the
    true object maps are used for clips that have them; with "estimated" all maps are estimated. Raises
    PeerattnError if the network's classes differ from those of the clips.
    """
    loaded = _as_checkpoint(checkpoint, settings)
    examples = _labelled_set(data, split, clips, objects).examples(loaded)
    return evaluating.evaluate(loaded.network, examples, window=loaded.settings.window, progress=progress)


def effect(
    checkpoint: Checkpoint | Network,
    data: str | Path | None = None,
    *,
    of: str = "modality",
    how: str = "swap",
    names: Sequence[str] | None = None,
    split: str | None = None,
    clips: int = 192,
    objects: Literal["true", "estimated"] = "true",
    seed: int = 0,
    settings: ClipSettings | None = None,
    progress: Progress | None = None,
) -> effects.Effects:
    """Measure how much accuracy a network loses when each of its components is changed in turn.

    `of` is the kind of component: "modality", "block", "connection" or "attention" (attention connections).
    `how` says how each is changed: "swap" puts the values of another clip in its place, and "remove" removes
    it. Attention factors of connections can also be held at their "mean" over time or set to "one"; "shuffle"
    shuffles the frames of a modality or of a connection's factors. Clips are chosen as in `evaluate`. See
    `peerattn.recording.effects`.
    """
    loaded = _as_checkpoint(checkpoint, settings)
    examples = _labelled_set(data, split, clips, objects).examples(loaded, cached=True)
    return effects.effects(
        loaded.network,
        examples,
        of=of,
        how=how,
        names=names,
        window=loaded.settings.window,
        seed=seed,
        progress=progress,
    )


@overload
def prune(checkpoint: Checkpoint, threshold: float) -> Checkpoint: ...
@overload
def prune(checkpoint: Network, threshold: float) -> Network: ...
def prune(checkpoint: Checkpoint | Network, threshold: float) -> Checkpoint | Network:
    """Remove connections whose weight is below the threshold, and blocks that are then no longer needed.

    Returns a new Checkpoint for a Checkpoint and a new Network for a Network.
    Raises PeerattnError if no path from an input block to an output block would be left.
    """
    if isinstance(checkpoint, Network):
        return prune_network(checkpoint, threshold)
    network = prune_network(checkpoint.network, threshold)
    card = pruned_card(checkpoint, threshold, f"peerattn.prune({checkpoint.name!r}, {threshold:g})")
    return replace(checkpoint, network=network, card=card, folder=None)


def _as_checkpoint(network: Checkpoint | Network, settings: ClipSettings | None) -> Checkpoint:
    """Wrap a bare network in a Checkpoint; `settings`, if given, override a checkpoint's own."""
    if isinstance(network, Checkpoint):
        return replace(network, settings=settings) if settings else network
    if settings is None:
        raise PeerattnError(
            "pass settings= with a bare network: it does not record how clips are read for it"
        )
    return Checkpoint("network", network, settings, {})


def _labelled_set(
    data: str | Path | None, split: str | None, clips: int, objects: Literal["true", "estimated"]
) -> LabelledSet:
    return LabelledSet(Path(data) if data is not None else None, split, clips, objects)
