"""Evaluation of a network on labelled clips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from peerattn.data.examples import Example
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.predictions import Predictions, predict
from peerattn.recording.stretches import Progress
from peerattn.scores.kinds import EVALUATIONS, AnyEvaluation


def evaluate(
    network: Network,
    examples: Iterable[Example],
    *,
    window: int,
    batch: int = 16,
    progress: Progress | None = None,
) -> AnyEvaluation:
    """Evaluate a network; the prediction for a clip is the mean over its windows.

    Gives top-1, top-5 and macro accuracy for a network of classes, average precisions for one of labels.
    Raises PeerattnError if there is no clip, or if a clip has several classes where the answer is one.

    `progress(done, total)` counts clips and may raise to cancel.
    """
    network = unwrap(network)
    predictions = predict(network, examples, window=window, batch=batch, progress=progress)
    return score_predictions(predictions, network)


def score_predictions(predictions: Predictions, network: Network) -> AnyEvaluation:
    """Score the predictions of a network; raises like `evaluate`."""
    score = EVALUATIONS[network.structure.answer.kind]
    evaluation = score(
        predictions.clips, predictions.middle, predictions.labels, predictions.groups, network.class_names
    )
    return replace(evaluation, objects=predictions.objects)
