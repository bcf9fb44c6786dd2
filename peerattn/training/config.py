"""Training settings: one frozen dataclass made of smaller ones, stored as JSON with the weights."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode
from peerattn.graph.answers import ANSWERS
from peerattn.training.checks import check_choice, check_positive, check_range

OPTIMISERS = ("adamw", "sgd")
SCHEDULES = ("one_cycle", "cosine", "constant")
LOSS_NAMES = tuple(known.loss for known in ANSWERS.values())
AVERAGES = ("none", "ema", "mean")
BATCH_NORMS = ("averaged", "estimated")
PRECISIONS = ("float32", "bf16", "fp16")
METRICS = ("top1", "macro", "map")
CLIPS = 20_000
"""Generated clips per epoch."""


@dataclass(frozen=True)
class Optimisation:
    """The optimiser and its rates; connectivity has a learning rate of its own, far above the filters'.

    `momentum` is that of SGD, unless the schedule is one_cycle, which sets the momentum itself. Gradients
    longer than `clip_norm` are shortened to that length.
    """

    kind: str = "adamw"
    rate: float = 4e-3
    connectivity_rate: float = 4e-2
    weight_decay: float = 1e-2
    momentum: float = 0.9
    clip_norm: float = 5.0

    def __post_init__(self) -> None:
        check_choice("optimiser", self.kind, OPTIMISERS)
        check_range("rate", self.rate, 0, 100)
        check_range("connectivity_rate", self.connectivity_rate, 0, 100)
        check_range("weight_decay", self.weight_decay, 0, 1)
        check_range("momentum", self.momentum, 0, 0.9999)
        check_range("clip_norm", self.clip_norm, 1e-9, 1e9)


@dataclass(frozen=True)
class Schedule:
    """How learning rates rise during `warm_up`, a share of all updates, and then fall to zero.

    `one_cycle` rises and falls along cosines and moves the momentum the opposite way; `cosine` rises
    linearly.
    """

    kind: str = "one_cycle"
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        check_choice("schedule", self.kind, SCHEDULES)
        check_range("warm_up", self.warm_up, 0, 0.9)


@dataclass(frozen=True)
class Loss:
    """The loss, and a pressure on connectivity that is added to it.

    `kind` is `cross_entropy` for a network that answers with classes, `binary` for one that answers with
    labels. `balance` weights each class by its frequency to the power of minus this: at 0 every clip counts
    the same, at 1 every class. `pressure` is multiplied with the number of connections that effectively
    arrive at a block.
    """

    kind: str = "cross_entropy"
    label_smoothing: float = 0.05
    balance: float = 0.0
    pressure: float = 0.02

    def __post_init__(self) -> None:
        check_choice("loss", self.kind, LOSS_NAMES)
        check_range("label_smoothing", self.label_smoothing, 0, 0.9)
        check_range("balance", self.balance, 0, 1)
        check_range("pressure", self.pressure, 0, 100)


@dataclass(frozen=True)
class PruningSchedule:
    """After which epochs (from 1) connections are removed: those below a threshold, or all but `keep`.

    If both are set, a connection stays only if it meets both. Connections without which an output block would
    be cut off always stay.
    """

    epochs: tuple[int, ...] = ()
    threshold: float = 0.0
    keep: int | None = None

    def __post_init__(self) -> None:
        if any(epoch < 1 for epoch in self.epochs):
            raise PeerattnError(f"pruning after epochs {self.epochs}: the first epoch is 1")
        check_range("pruning threshold", self.threshold, 0, 1)
        if self.keep is not None and self.keep < 1:
            raise PeerattnError(f"keep {self.keep} connections: keep at least 1")


@dataclass(frozen=True)
class Averaging:
    """Which weights are kept: the last ones, or an average of the weights after each update.

    `ema` multiplies the older weights by `decay` in each update (by less at the start: (1 + n) / (10 + n)
    after n updates); `mean` averages all updates of the last `epochs` equally. Batch norm's statistics are
    `averaged` like the weights, or `estimated` again on `batches` training batches.
    """

    kind: str = "none"
    decay: float = 0.999
    epochs: int = 5
    batch_norm: str = "averaged"
    batches: int = 20

    def __post_init__(self) -> None:
        check_choice("averaging", self.kind, AVERAGES)
        check_range("averaging decay", self.decay, 0, 0.999999)
        check_choice("batch_norm", self.batch_norm, BATCH_NORMS)
        check_positive("averaging epochs", self.epochs)
        check_positive("averaging batches", self.batches)


@dataclass(frozen=True)
class Stopping:
    """Early stopping: training ends after `patience` epochs without a better `metric` (None: never).

    With patience, the weights of the best epoch are kept, otherwise those of the last one.
    """

    patience: int | None = None
    metric: str = "top1"

    def __post_init__(self) -> None:
        check_choice("metric", self.metric, METRICS)
        if self.patience is not None:
            check_positive("patience", self.patience)


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained; `seed` decides its initial weights, the order of clips and all randomness.

    `batch` is the number of clips per update, over all processes together. The history is logged every
    `log_every` updates; the network is evaluated on the validation clips after every `measure_every` epochs
    and after the last one. `dropout` applies before the scores, in heads that have dropout; None leaves it as
    it is in the network. `detached` names blocks that learn from the blocks below them without changing
    those: below them, other heads alone decide what is learned. `closed_form` names output blocks whose heads
    are fitted by ridge regression before training, which then leaves them as they are.
    """

    epochs: int = 1
    batch: int = 16
    seed: int = 0
    workers: int = 1
    precision: str = "float32"
    log_every: int = 10
    measure_every: int = 1
    dropout: float | None = None
    detached: tuple[str, ...] = ()
    closed_form: tuple[str, ...] = ()
    optimisation: Optimisation = Optimisation()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    pruning: PruningSchedule = PruningSchedule()
    averaging: Averaging = Averaging()
    stopping: Stopping = Stopping()

    def __post_init__(self) -> None:
        check_positive("epochs", self.epochs)
        check_positive("batch", self.batch)
        check_positive("log_every", self.log_every)
        check_positive("measure_every", self.measure_every)
        check_range("seed", self.seed, 0, 2**31 - 1)
        check_range("workers", self.workers, 0, 256)
        check_choice("precision", self.precision, PRECISIONS)
        if self.dropout is not None:
            check_range("dropout", self.dropout, 0, 0.95)

    def to_json(self) -> dict[str, Any]:
        """Return every setting, as the card stores it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> TrainingConfig:
        """Return the settings in JSON, with defaults for missing ones. Raises PeerattnError if invalid."""
        return decode(data, cls, "the training config")
