"""Evaluation on the validation clips while a network trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peerattn.data.examples import Example
from peerattn.network.network import Network
from peerattn.recording.evaluating import evaluate
from peerattn.scores.kinds import SCORES
from peerattn.scores.metrics import Score
from peerattn.training.callbacks import Validate


def validator(examples: Iterable[Example], *, window: int) -> Validate:
    """Return a function that measures a network on these clips: accuracies, or labels' average precisions."""

    def validate(network: Network) -> Mapping[str, Score]:
        evaluation = evaluate(network, examples, window=window)
        return SCORES[evaluation.kind](evaluation)

    return validate
