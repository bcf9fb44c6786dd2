"""The accuracy of a network at every pruning threshold, on a labelled set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import length_hint

import torch

from app.work.jobs import Progress
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.graph.connectivity import Removal
from peerattn.pruning.curve import CurvePoint, threshold_curve


def accuracy_curve(
    name: str, labelled_set: LabelledSet, device: torch.device, progress: Progress
) -> Iterator[CurvePoint]:
    """Yield a point for every threshold at which a connection is removed, in ascending order.

    All clips are read first, so those that fit in memory are read only once.
    """
    loaded = resolve(name, device)
    examples = labelled_set.examples(loaded, cached=True)
    for done, _ in enumerate(examples, start=1):
        progress(done, length_hint(examples))
    return threshold_curve(loaded.network, examples, window=loaded.settings.window, progress=progress)


def point_for(points: Sequence[CurvePoint], removal: Removal) -> CurvePoint | None:
    """Return the point at which exactly these connections are removed, or None if it is not yet measured."""
    return next((point for point in points if point.removal.removed == removal.removed), None)
