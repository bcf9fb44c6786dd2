"""What a run of training tells while it goes on, whom, and where it saves itself."""

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
"""Scores by name of a network on the validation clips."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to; `number` counts from 1, `loss` is the mean over its updates.

    `seconds`: what making clips took, in all workers together (`decode`, `flow`, `augment`); the time in the
    `network`; and that lost `waiting` for a batch. `connections` are those left.
    """

    number: int
    of: int
    loss: float
    scores: Mapping[str, Score]
    seconds: Mapping[str, float]
    connections: int


@dataclass(frozen=True)
class Watch:
    """Who is told of `progress(clips done, clips in all, loss)` after each update, and of each `epoch`.

    Either may raise to cancel: the state is saved first.
    """

    progress: Callable[[int, int, float], None] | None = None
    epoch: Callable[[Epoch], None] | None = None


@dataclass(frozen=True)
class Saving:
    """Where the state goes, after each epoch and whenever so many seconds have passed since the last time.

    Only a run of the same settings goes on from it: those of training, how many clips, and these `others`.
    """

    path: Path
    seconds: float = 60.0
    others: Mapping[str, Any] = field(default_factory=dict)


def timed(made: Iterable[Batch], seconds: dict[str, float]) -> Iterator[Batch]:
    """The batches, while their seconds are added up: `waiting` for each, `network` from one to the next."""
    asked = time.perf_counter()
    for batch in made:
        given = time.perf_counter()
        for name, taken in {"waiting": given - asked, **batch.seconds}.items():
            seconds[name] = seconds.get(name, 0.0) + taken
        yield batch
        asked = time.perf_counter()
        seconds["network"] = seconds.get("network", 0.0) + asked - given
