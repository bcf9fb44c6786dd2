"""Scores on the validation clips while a network trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peerattn.data.examples import Example
from peerattn.moved import moved
from peerattn.network.network import Network
from peerattn.recording.evaluating import evaluate, evaluate_labels
from peerattn.scores.metrics import Score, accuracies
from peerattn.training.watching import Validate

__getattr__ = moved(__name__)


def validation(examples: Iterable[Example], *, window: int, several_labels: bool = False) -> Validate:
    """What measures a network on these clips: accuracies, or mean average precision."""

    def measured(network: Network) -> Mapping[str, Score]:
        if several_labels:
            return evaluate_labels(network, examples, window=window)
        return accuracies(evaluate(network, examples, window=window))

    return measured
