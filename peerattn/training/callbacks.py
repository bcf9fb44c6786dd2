"""What a training run reports while it runs, the callbacks that receive it, and where its state is saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peerattn.data.loading import Batch
from peerattn.network.network import Network
from peerattn.scores.metrics import Score

Validate = Callable[[Network], Mapping[str, Score]]
"""Returns the scores of a network on the validation clips, by name."""


@dataclass(frozen=True)
class Epoch:
    """The result of one epoch, number `number` (from 1) of `total`; `loss` is the mean over its updates.

    `seconds` is where the time went: preparing clips, summed over all workers (`decode`, `flow`, `augment`),
    running the `network`, and `waiting` for batches. `connections` is the number of connections left.
    """

    number: int
    total: int
    loss: float
    scores: Mapping[str, Score]
    seconds: Mapping[str, float]
    connections: int


@dataclass(frozen=True)
class Callbacks:
    """Functions called during training: `progress(clips done, total, loss)` after each update, and `epoch`.

    Either may raise to cancel: the state is saved first.
    """

    progress: Callable[[int, int, float], None] | None = None
    epoch: Callable[[Epoch], None] | None = None


@dataclass(frozen=True)
class StateSaving:
    """Where the state is saved: after each epoch, and when `seconds` have passed since it was last saved.

    A run resumes from it only if its settings are the same: the training settings, the number of clips and
    these `other_settings`.
    """

    path: Path
    seconds: float = 60.0
    other_settings: Mapping[str, Any] = field(default_factory=dict)


def timed_batches(source: Iterable[Batch], seconds: dict[str, float]) -> Iterator[Batch]:
    """Yield the batches, and add up their seconds: `waiting` for each, `network` from one to the next."""
    requested = time.perf_counter()
    for batch in source:
        received = time.perf_counter()
        for name, taken in {"waiting": received - requested, **batch.seconds}.items():
            seconds[name] = seconds.get(name, 0.0) + taken
        yield batch
        requested = time.perf_counter()
        seconds["network"] = seconds.get("network", 0.0) + requested - received
