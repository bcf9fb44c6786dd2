"""Accuracy along the pruning thresholds, on a labelled set that the visitor chooses."""

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
    name: str, chosen: LabelledSet, device: torch.device, progress: Progress
) -> Iterator[CurvePoint]:
    """The points of every threshold at which something changes, ascending, as they are measured.

    All clips are read first, so that those that fit in memory are there for every threshold.
    """
    loaded = resolve(name, device)
    examples = chosen.examples(loaded, remembered=True)
    for done, _ in enumerate(examples, start=1):
        progress(done, length_hint(examples))
    return threshold_curve(loaded.network, examples, window=loaded.settings.window, progress=progress)


def at(points: Sequence[CurvePoint], removal: Removal) -> CurvePoint | None:
    """The point at which exactly these connections are removed."""
    return next((point for point in points if point.removal.removed == removal.removed), None)
