"""Accuracy along the pruning thresholds, on a labelled set that the visitor chooses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import length_hint
from pathlib import Path
from typing import Any, Literal

import torch

from app.work.jobs import Progress
from peerattn.checkpoints import checkpoint
from peerattn.data.examples import Example, FolderExamples
from peerattn.data.folder import labelled_files
from peerattn.data.generated import GeneratedExamples
from peerattn.data.readable import Readable
from peerattn.graph.connectivity import Removal
from peerattn.modalities.segmenter import load_segmenter, segmenter_name
from peerattn.pruning.curve import CurvePoint, threshold_curve

MEMORY = 2**30  # bytes of prepared clips kept; a larger set is read anew for every threshold


@dataclass(frozen=True)
class LabelledSet:
    """Generated test clips (`count` of them), or a folder's; with true or estimated object maps."""

    count: int = 0
    folder: str = ""
    objects: Literal["true", "estimated"] = "true"


def accuracy_curve(
    name: str, chosen: LabelledSet, device: torch.device, progress: Progress
) -> Iterator[CurvePoint]:
    """The points of every threshold at which something changes, ascending, as they are measured."""
    loaded = checkpoint.load(name, device)
    segmenter = partial(load_segmenter, segmenter_name(loaded.card), device)
    reads_objects = any(modality.name == "object" for modality in loaded.structure.read_modalities)
    reading: dict[str, Any] = {"modalities": loaded.structure.read_modalities, "settings": loaded.settings}
    examples: Iterable[Example]
    if chosen.folder:
        files = labelled_files(Path(chosen.folder))
        needs_maps = reads_objects and any(file.objects is None for file in files)
        reading["segmenter"] = segmenter() if needs_maps else None
        examples = Readable(FolderExamples(files, loaded.class_names, **reading), files)
    else:
        reading["segmenter"] = segmenter() if reads_objects and chosen.objects == "estimated" else None
        examples = GeneratedExamples(chosen.count, loaded.class_names, **reading)
    return threshold_curve(
        loaded.network, _kept(examples, progress), window=loaded.settings.window, progress=progress
    )


def _kept(examples: Iterable[Example], progress: Progress) -> Iterable[Example]:
    """The examples prepared once, where they fit in memory."""
    kept, size = [], 0
    for example in examples:
        size += sum(tensor.nbytes for tensor in example.tensors.values())
        if size > MEMORY:
            return examples
        kept.append(example)
        progress(len(kept), length_hint(examples))
    return kept


def at(points: Sequence[CurvePoint], removal: Removal) -> CurvePoint | None:
    """The point at which exactly these connections are removed."""
    return next((point for point in points if point.removal.removed == removal.removed), None)
