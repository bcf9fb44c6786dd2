"""Accuracy by the share of a modality's connections that is kept (AssembleNet++, ECCV 2020)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import survey
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.evaluating import evaluate
from peerattn.recording.interventions import without
from peerattn.recording.stretches import Progress
from peerattn.scores.comparison import Difference
from peerattn.scores.kinds import AnyEvaluation, difference


@dataclass(frozen=True)
class KeptShare:
    """The connections of a modality that are kept, of `total`, and the evaluation without the others.

    `change` is the score minus that with all connections, paired, with an interval that holds for all points
    of the curve at once. Both are None where an output block would be cut off.
    """

    kept: tuple[str, ...]
    total: int
    evaluation: AnyEvaluation | None
    change: Difference | None

    @property
    def share(self) -> float:
        """The share of the modality's connections that is kept."""
        return len(self.kept) / self.total


def modality_curve(
    network: Network,
    examples: Iterable[Example],
    modality: str,
    *,
    window: int,
    progress: Progress | None = None,
) -> Iterator[KeptShare]:
    """Yield a point for each number of the modality's connections, from all to none; the weakest go first.

    These are the connections from its input blocks. The examples are read once per point. A connection
    without a weight counts fully and goes last. `progress(done, total)` counts points and may raise to
    cancel. Raises PeerattnError for an unknown modality, and if none of its blocks has connections.
    """
    network = unwrap(network)
    structure = network.structure
    structure.modality(modality)
    sources = set(structure.input_blocks(modality))
    weights = network.connection_weights()
    own = [spec.key for spec in structure.connections if spec.source in sources]
    if not own:
        raise PeerattnError(f"{modality} has no connections in this network: choose another modality")
    own.sort(key=lambda key: weights.get(key, 1.0))
    whole = evaluate(network, examples, window=window)
    for removed in range(len(own) + 1):
        evaluation: AnyEvaluation | None = whole
        if removed:
            evaluation = _without(network, own[:removed], examples, window)
        change = difference(whole, evaluation, comparisons=len(own)) if evaluation and removed else None
        if progress:
            progress(removed + 1, len(own) + 1)
        yield KeptShare(tuple(own[removed:]), len(own), evaluation, change)


def _without(
    network: Network, connections: list[str], examples: Iterable[Example], window: int
) -> AnyEvaluation | None:
    """Return the evaluation without these connections; None if an output block would be cut off."""
    removed = dict.fromkeys([*network.disabled, *connections], 0.0)
    if not survey(network.structure, removed, 1.0).output_connected:
        return None
    with without(network, connections=connections):
        return evaluate(network, examples, window=window)
