"""A network measured on labelled clips: its answers, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrapped
from peerattn.recording.predictions import Predictions, predict
from peerattn.recording.stretches import Progress
from peerattn.scores.evaluation import Evaluation, summarise
from peerattn.scores.metrics import Score, several_labels


def evaluate(
    network: Network,
    examples: Iterable[Example],
    *,
    window: int,
    batch: int = 16,
    progress: Progress | None = None,
) -> Evaluation:
    """Top-1, top-5 and macro accuracy of clip predictions, each the mean over the clip's windows.

    Raises PeerattnError where there is no clip, or one that has several labels.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    network = unwrapped(network)
    found = predict(network, examples, window=window, batch=batch, progress=progress)
    return evaluation_of(found, network.class_names)


def evaluation_of(found: Predictions, class_names: Sequence[str]) -> Evaluation:
    """What predictions for clips of one class each are worth; raises as `evaluate`."""
    labels = np.array([_only(labels) for labels in found.labels], np.int64)
    summary = summarise(found.clips, labels, found.groups, class_names, middle=found.middle)
    return replace(summary, objects=found.objects)


def _only(labels: tuple[int, ...]) -> int:
    if len(labels) != 1:
        raise PeerattnError(f"a clip has {len(labels)} classes, where accuracy needs one: look at its map")
    return labels[0]


def evaluate_labels(network: Network, examples: Iterable[Example], *, window: int) -> dict[str, Score]:
    """`several_labels` of a network's predictions for clips."""
    found = predict(network, examples, window=window, several_labels=True)
    return several_labels(found.clips, found.several, found.groups, network.class_names)
