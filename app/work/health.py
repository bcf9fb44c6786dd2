"""The health report of a checkpoint on labelled clips."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from app.work.jobs import Progress
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.pruning.health.findings import Report
from peerattn.pruning.health.report import examine


def health_report(
    name: str, labelled_set: LabelledSet, device: torch.device, progress: Progress
) -> Iterator[Report]:
    """Examine a checkpoint on the clips; yields one report."""
    loaded = resolve(name, device)
    examples = labelled_set.examples(loaded, cached=True)
    yield examine(loaded.network, examples, window=loaded.settings.window, progress=progress)
