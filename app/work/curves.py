"""The accuracy of a network as its connections are removed, on a labelled set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import length_hint

import torch

from app.work.jobs import Progress
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.data.readable import SkipUnreadable
from peerattn.graph.connectivity import Removal
from peerattn.pruning.curve import CurvePoint, threshold_curve
from peerattn.pruning.modality_curve import KeptShare, modality_curve


def accuracy_curve(
    name: str, labelled_set: LabelledSet, device: torch.device, progress: Progress
) -> Iterator[CurvePoint]:
    """Yield a point for every threshold at which a connection is removed, in ascending order.

    All clips are read first, so those that fit in memory are read only once.
    """
    loaded = resolve(name, device)
    examples = _read(labelled_set, loaded, progress)
    return threshold_curve(loaded.network, examples, window=loaded.settings.window, progress=progress)


def modality_accuracy_curve(
    name: str, labelled_set: LabelledSet, modality: str, device: torch.device, progress: Progress
) -> Iterator[KeptShare]:
    """Yield a point for each number of a modality's connections that is kept, from all to none."""
    loaded = resolve(name, device)
    examples = _read(labelled_set, loaded, progress)
    return modality_curve(
        loaded.network, examples, modality, window=loaded.settings.window, progress=progress
    )


def _read(labelled_set: LabelledSet, loaded: Checkpoint, progress: Progress) -> SkipUnreadable:
    """Return the clips, read once, as far as they fit in memory."""
    examples = labelled_set.examples(loaded, cached=True)
    for done, _ in enumerate(examples, start=1):
        progress(done, length_hint(examples))
    return examples


def point_for(points: Sequence[CurvePoint], removal: Removal) -> CurvePoint | None:
    """Return the point at which exactly these connections are removed, or None if it is not yet measured."""
    return next((point for point in points if point.removal.removed == removal.removed), None)
