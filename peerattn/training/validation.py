"""Scores on the validation clips while a network trains; each clip can be read once, while memory lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from peerattn.data.examples import Example
from peerattn.network.network import Network
from peerattn.recording.evaluating import evaluate, evaluate_labels
from peerattn.scores.metrics import Score, accuracies
from peerattn.training.watching import Validate

MOST_BYTES = 2_000_000_000


class Remembered(Sequence[Example]):
    """Examples that are made once, as many as fit in `most` bytes."""

    def __init__(self, examples: Sequence[Example], *, most: int = MOST_BYTES) -> None:
        self._examples, self._most = examples, most
        self._kept: dict[int, Example] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        if index in self._kept:
            return self._kept[index]
        example = self._examples[index]
        size = sum(tensor.nbytes for tensor in example.tensors.values())
        if self._bytes + size <= self._most:
            self._kept[index] = example
            self._bytes += size
        return example


def validation(examples: Iterable[Example], *, window: int, several_labels: bool = False) -> Validate:
    """What measures a network on these clips: accuracies, or mean average precision."""

    def measured(network: Network) -> Mapping[str, Score]:
        if several_labels:
            return evaluate_labels(network, examples, window=window)
        return accuracies(evaluate(network, examples, window=window))

    return measured
