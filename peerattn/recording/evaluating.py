"""A network measured on labelled clips: its answers, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from peerattn.data.examples import Example
from peerattn.moved import moved
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.predictions import Predictions, predict
from peerattn.recording.stretches import Progress
from peerattn.scores.kinds import EVALUATIONS, AnyEvaluation

__getattr__ = moved(__name__)


def evaluate(
    network: Network,
    examples: Iterable[Example],
    *,
    window: int,
    batch: int = 16,
    progress: Progress | None = None,
) -> AnyEvaluation:
    """What clip predictions are worth, each the mean over the clip's windows.

    Top-1, top-5 and macro accuracy of a network that is asked classes; average precisions of one that is
    asked labels. Raises PeerattnError where there is no clip, or, of classes, one that has several.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    network = unwrap(network)
    found = predict(network, examples, window=window, batch=batch, progress=progress)
    return evaluation_of(found, network)


def evaluation_of(found: Predictions, network: Network) -> AnyEvaluation:
    """What predictions of a network are worth; raises as `evaluate`."""
    measured = EVALUATIONS[network.structure.answer.kind]
    evaluation = measured(found.clips, found.middle, found.labels, found.groups, network.class_names)
    return replace(evaluation, objects=found.objects)
