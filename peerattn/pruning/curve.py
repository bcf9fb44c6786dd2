"""Accuracy as a function of the pruning threshold, measured at every connection weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from peerattn.data.examples import Example
from peerattn.graph.connectivity import Removal, survey, thresholds
from peerattn.network.network import Network
from peerattn.pruning.threshold import masked
from peerattn.recording.evaluating import evaluate
from peerattn.recording.stretches import Progress
from peerattn.scores.kinds import AnyEvaluation


@dataclass(frozen=True)
class CurvePoint:
    """What one threshold removes, and the evaluation of the rest; None where an output block is cut off."""

    removal: Removal
    evaluation: AnyEvaluation | None

    @property
    def threshold(self) -> float:
        """The threshold: connections of a lower weight are removed."""
        return self.removal.threshold


def threshold_curve(
    network: Network, examples: Iterable[Example], *, window: int, progress: Progress | None = None
) -> Iterator[CurvePoint]:
    """Yield a point for each distinct connection weight in ascending order; the first removes nothing.

    The examples are read once per point. Points are yielded one at a time, so that a plot can grow while they
    are measured. `progress(done, total)` counts points.
    """
    weights = network.connection_weights()
    steps = thresholds(weights)
    for done, threshold in enumerate(steps):
        removal = survey(network.structure, weights, threshold)
        evaluation = None
        if removal.output_connected:
            with masked(network, threshold):
                evaluation = evaluate(network, examples, window=window)
        if progress:
            progress(done + 1, len(steps))
        yield CurvePoint(removal, evaluation)
