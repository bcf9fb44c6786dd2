"""Training settings: one frozen value made of small ones, to and from JSON, saved with the weights."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS
from peerattn.training.checks import among, at_least_one, between, built

OPTIMISERS = ("adamw", "sgd")
SCHEDULES = ("one_cycle", "cosine", "constant")
LOSS_NAMES = tuple(known.loss for known in ANSWERS.values())
AVERAGES = ("none", "ema", "mean")
BATCH_NORMS = ("averaged", "estimated")
PRECISIONS = ("float32", "bf16", "fp16")
METRICS = ("top1", "macro", "map")
CLIPS = 20_000
"""Generated clips an epoch."""


@dataclass(frozen=True)
class Optimisation:
    """How parameters move; the connectivity's learn at a rate of their own, far above the filters'.

    `momentum` is SGD's, unless the schedule is one_cycle, which moves it itself. Gradients longer than
    `clip_norm` are shortened to it.
    """

    kind: str = "adamw"
    rate: float = 4e-3
    connectivity_rate: float = 4e-2
    weight_decay: float = 1e-2
    momentum: float = 0.9
    clip_norm: float = 5.0

    def __post_init__(self) -> None:
        among("optimiser", self.kind, OPTIMISERS)
        between("rate", self.rate, 0, 100)
        between("connectivity_rate", self.connectivity_rate, 0, 100)
        between("weight_decay", self.weight_decay, 0, 1)
        between("momentum", self.momentum, 0, 0.9999)
        between("clip_norm", self.clip_norm, 1e-9, 1e9)


@dataclass(frozen=True)
class Schedule:
    """How the rates rise over the first share of all updates, `warm_up`, and fall to nothing afterwards.

    `one_cycle` rises and falls along cosines and moves the momentum the other way; `cosine` rises in a
    straight line.
    """

    kind: str = "one_cycle"
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        among("schedule", self.kind, SCHEDULES)
        between("warm_up", self.warm_up, 0, 0.9)


@dataclass(frozen=True)
class Loss:
    """What is made small: a loss, and `pressure` times how many connections effectively arrive at a block.

    `kind` is `cross_entropy` for a network that is asked classes, `binary` for one that is asked labels.
    `balance` weighs each class by its frequency to the power of minus this: 0 counts every clip alike, 1
    every class.
    """

    kind: str = "cross_entropy"
    label_smoothing: float = 0.05
    balance: float = 0.0
    pressure: float = 0.02

    def __post_init__(self) -> None:
        among("loss", self.kind, LOSS_NAMES)
        between("label_smoothing", self.label_smoothing, 0, 0.9)
        between("balance", self.balance, 0, 1)
        between("pressure", self.pressure, 0, 100)


@dataclass(frozen=True)
class PruningSchedule:
    """After which epochs (the first is 1) connections go for good: below a threshold, or all but `keep`.

    Both given, a connection has to pass both; what would cut an output block off stays.
    """

    epochs: tuple[int, ...] = ()
    threshold: float = 0.0
    keep: int | None = None

    def __post_init__(self) -> None:
        if any(epoch < 1 for epoch in self.epochs):
            raise PeerattnError(f"pruning after epochs {self.epochs}: the first epoch is 1")
        between("pruning threshold", self.threshold, 0, 1)
        if self.keep is not None and self.keep < 1:
            raise PeerattnError(f"keep {self.keep} connections: keep at least 1")


@dataclass(frozen=True)
class Averaging:
    """Which weights are kept: the last ones, or an average of those after each update.

    `ema` fades older weights by `decay` an update (less at the start: (1 + n) / (10 + n) after n updates);
    `mean` weighs alike all updates of the last `epochs`.
    Batch norm's statistics are `averaged` like weights, or `estimated` anew on `batches` training batches.
    """

    kind: str = "none"
    decay: float = 0.999
    epochs: int = 5
    batch_norm: str = "averaged"
    batches: int = 20

    def __post_init__(self) -> None:
        among("averaging", self.kind, AVERAGES)
        between("averaging decay", self.decay, 0, 0.999999)
        among("batch_norm", self.batch_norm, BATCH_NORMS)
        at_least_one("averaging epochs", self.epochs)
        at_least_one("averaging batches", self.batches)


@dataclass(frozen=True)
class Stopping:
    """Training ends when `patience` epochs brought no better `metric` on the validation clips; None: never.

    With patience, the weights of the best epoch are kept, else those of the last.
    """

    patience: int | None = None
    metric: str = "top1"

    def __post_init__(self) -> None:
        among("metric", self.metric, METRICS)
        if self.patience is not None:
            at_least_one("patience", self.patience)


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained; `seed` draws its first weights, the order of clips and all that is random.

    `batch` counts clips of one update, over all processes; the history is logged every `log_every` updates
    and the validation clips are measured after every `measure_every` epochs, and after the last.
    `dropout` is that before the scores, of heads that have one; None leaves it as the network has it.
    """

    epochs: int = 1
    batch: int = 16
    seed: int = 0
    workers: int = 1
    precision: str = "float32"
    log_every: int = 10
    measure_every: int = 1
    dropout: float | None = None
    optimisation: Optimisation = Optimisation()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    pruning: PruningSchedule = PruningSchedule()
    averaging: Averaging = Averaging()
    stopping: Stopping = Stopping()

    def __post_init__(self) -> None:
        at_least_one("epochs", self.epochs)
        at_least_one("batch", self.batch)
        at_least_one("log_every", self.log_every)
        at_least_one("measure_every", self.measure_every)
        between("seed", self.seed, 0, 2**31 - 1)
        between("workers", self.workers, 0, 256)
        among("precision", self.precision, PRECISIONS)
        if self.dropout is not None:
            between("dropout", self.dropout, 0, 0.95)

    def to_json(self) -> dict[str, Any]:
        """Every setting, as the card holds it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> TrainingConfig:
        """The inverse of `to_json`; what is left out has its default. Raises PeerattnError on all else."""
        config = built(cls, data, "the training settings")
        assert isinstance(config, cls)
        return config
