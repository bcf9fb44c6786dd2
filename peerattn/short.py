"""The short way in, which `import peerattn` gives: clips, recordings and measurements of one checkpoint.

    import peerattn

    checkpoint = peerattn.load("actionworld")
    clip = peerattn.read_clip("clip.mp4", checkpoint)
    trace = peerattn.record(checkpoint, clip)

Each function takes a checkpoint. A bare network stands for one where `settings=` says how clips are read for
it. What a function does is said at length where it is at home.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, overload

import torch

from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints.checkpoint import Checkpoint, pruned_card, segmenter_of
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.errors import PeerattnError
from peerattn.graph import published as published_structures
from peerattn.graph.structure import Structure
from peerattn.modalities.clip import Clip
from peerattn.modalities.settings import ClipSettings
from peerattn.network.network import Network
from peerattn.pruning import threshold as thresholds
from peerattn.recording import effects, evaluating, recorder
from peerattn.scores.kinds import AnyEvaluation
from peerattn.traces.trace import Trace

Progress = Callable[[int, int], None]


def load(name: str | Path, device: torch.device | str = "cpu") -> Checkpoint:
    """The network that a name stands for, untrained where that is a published structure or a file of one.

    Raises PeerattnError when there is none, or it is damaged.
    """
    return checkpoints.load(name, device) if isinstance(name, Path) else resolve(name, device)


def published(name: str, **changes: object) -> Structure:
    """A published structure (`peerattn.graph.published.structure`), such as `full_asnp50`."""
    return published_structures.structure(name, **changes)


def read_clip(
    path: str | Path,
    checkpoint: Checkpoint | Network,
    *,
    objects: str | Path | None = None,
    segmenter: str | None = None,
    stretch: tuple[float, float | None] = (0.0, None),
    settings: ClipSettings | None = None,
) -> Clip:
    """A video file as a network reads it (B = 1), from `stretch` = (start, stop) in seconds.

    Object maps are those of the file `objects`, else estimated by the checkpoint's segmenter or the one of
    this name. Raises PeerattnError for files that cannot be read.
    """
    loaded = _ready(checkpoint, settings)
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
    """The trace of a clip: predictions, connection weights, attention weights and factors.

    `connections` and `frames` (start ≤ t < stop) limit what is recorded. See `peerattn.recording.recorder`.
    """
    loaded = _ready(checkpoint, settings)
    return recorder.record(
        loaded.network,
        clip,
        window=loaded.settings.window,
        baselines=loaded.settings.baselines,
        remarks=loaded.remarks,
        connections=connections,
        frames=frames,
        progress=progress,
    )


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
    """How well a network does on a folder of labelled clips, or on so many generated `clips`.

    Of a folder that is its test split, else val, if no other is named. Object maps are the true ones, where
    clips have some, or all estimated. Raises PeerattnError when it knows other classes than the clips have.
    """
    loaded = _ready(checkpoint, settings)
    examples = _set(data, split, clips, objects).examples(loaded)
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
    """What a network loses without each modality, block, connection or attention connection, one by one.

    Clips are as in `evaluate`; the ways are those of `peerattn.recording.effects`: swap, remove, mean, one,
    shuffle.
    """
    loaded = _ready(checkpoint, settings)
    examples = _set(data, split, clips, objects).examples(loaded, remembered=True)
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
    """A smaller network without the connections of lower weight than the threshold.

    Raises PeerattnError when no path from an input block to an output block would be left.
    """
    if isinstance(checkpoint, Network):
        return thresholds.prune(checkpoint, threshold)
    network = thresholds.prune(checkpoint.network, threshold)
    card = pruned_card(checkpoint, threshold, f"peerattn.prune({checkpoint.name!r}, {threshold:g})")
    return replace(checkpoint, network=network, card=card, folder=None)


def _ready(given: Checkpoint | Network, settings: ClipSettings | None) -> Checkpoint:
    """What is given as a checkpoint, with other settings if there are some."""
    if isinstance(given, Checkpoint):
        return replace(given, settings=settings) if settings else given
    if settings is None:
        raise PeerattnError("a bare network does not say how clips are read for it: give settings=")
    return Checkpoint("network", given, settings, {})


def _set(
    data: str | Path | None, split: str | None, clips: int, objects: Literal["true", "estimated"]
) -> LabelledSet:
    return LabelledSet(Path(data) if data is not None else None, split, clips, objects)
