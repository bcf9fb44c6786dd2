"""One update: a batch through the network, its loss, and a step against the gradient.

Shapes: B clips, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor, nn

from peerattn.data.loading import Batch
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS, answer_for_loss
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.training import distributed
from peerattn.training.config import TrainingConfig
from peerattn.training.diagnosis import diverged
from peerattn.training.losses import LOSSES, class_weights, shares
from peerattn.training.optimisation import connection_pressure, set_rates
from peerattn.training.state import TrainingState

OVER_HEADS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mean_of_log_probabilities": lambda each: each.mean(dim=0),
    "separate": lambda each: each.sum(dim=0),
}
"""Combination in which each head has its own loss → the heads' losses (H, B) to those (B,) of clips."""
_NUMBERS = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Updater:
    """Updates a network; `follow(smaller)` after it was pruned."""

    def __init__(
        self, network: Network, config: TrainingConfig, *, updates: int, clips: Sequence[int] | None
    ) -> None:
        """`updates` in all; `clips` of each class, for a loss that balances them.

        Raises PeerattnError for half precision on a CPU, a loss that is not that of what the network is
        asked, and where `clips` are needed and unknown.
        """
        _check_loss(network.structure, config.loss.kind)
        self.config, self.updates = config, updates
        self.device = next(network.parameters()).device
        if config.precision != "float32" and self.device.type != "cuda":
            raise PeerattnError(f"precision {config.precision} needs a CUDA device: train in float32")
        self.scaler = torch.amp.GradScaler("cuda", enabled=config.precision == "fp16")
        self.class_weights: Tensor | None = None
        if config.loss.balance:
            if clips is None:
                raise PeerattnError("how many clips each class has is not known here: set balance to 0")
            self.class_weights = class_weights(clips, config.loss.balance).to(self.device)
        self.follow(network)

    def follow(self, network: Network) -> None:
        """Update this network from now on, in all processes."""
        self.model: nn.Module = distributed.together(network)
        self.combination = network.structure.combination
        self.each_head = self.combination in OVER_HEADS
        self.answers = network.head_answers if self.each_head else (network.structure.answer,)

    def update(self, state: TrainingState, batch: Batch) -> float:
        """One step; returns the loss of the whole batch. Raises PeerattnError when that is no number."""
        number = state.position.update
        self.draw_anew(number)
        set_rates(state.optimiser, self.config.schedule, number, self.updates)
        clip = self.on_device(batch)
        with self._autocast():
            logits = self.model(clip, per_head=True) if self.each_head else self.model(clip)[None]
        loss = self.loss(logits.float(), batch.targets.to(self.device))
        _check("loss", loss, state.network, clip, batch.names)
        loss = loss * distributed.share_of_batch(len(batch.targets), self.device)
        length = self._step(state, loss + self.config.loss.pressure * connection_pressure(state.network))
        if not self.scaler.is_enabled():  # which passes over such a step, and lowers its scale
            _check("gradient", length, state.network, clip, batch.names)
        return distributed.mean_over_processes(loss)

    def on_device(self, batch: Batch) -> dict[str, Tensor]:
        return {name: tensor.to(self.device, non_blocking=True) for name, tensor in batch.tensors.items()}

    def _step(self, state: TrainingState, loss: Tensor) -> Tensor:
        """Returns the length of the gradient, before it was shortened."""
        state.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(state.optimiser)
        most = self.config.optimisation.clip_norm
        length = nn.utils.clip_grad_norm_(state.network.parameters(), most)
        if torch.isfinite(length) or self.scaler.is_enabled():
            self.scaler.step(state.optimiser)
            self.scaler.update()
        return length

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean over this process's clips of their losses, each weighted as its classes are.

        Logits (H, B, K): of the network's answer, or of each head that has a loss of its own.
        """
        each = [
            answer.loss_weight * self._loss(own, targets, answer.kind)
            for own, answer in zip(logits, self.answers, strict=True)
        ]
        if not self.each_head:
            return each[0].mean()
        return OVER_HEADS[self.combination](torch.stack(each)).mean()

    def _loss(self, logits: Tensor, targets: Tensor, kind: str) -> Tensor:
        """(B,) of logits (B, K)."""
        wanted = shares(targets, logits.shape[1], kind)
        each = LOSSES[kind](logits, wanted, self.config.loss.label_smoothing)
        if self.class_weights is not None:
            each = each * (wanted @ self.class_weights) / wanted.sum(dim=1).clamp(min=1)
        return each

    def draw_anew(self, update: int) -> None:
        """Random numbers of an update (dropout) depend on the seed, the update and the process alone."""
        words = (self.config.seed, update, distributed.current().rank)
        torch.manual_seed(int(np.random.SeedSequence(words).generate_state(1)[0]))

    def _autocast(self) -> AbstractContextManager[object]:
        precision = self.config.precision
        return torch.autocast("cuda", _NUMBERS.get(precision), enabled=precision != "float32")


def _check_loss(structure: Structure, loss: str) -> None:
    asked = structure.answer.kind
    if answer_for_loss(loss).kind != asked:
        raise PeerattnError(
            f"the loss {loss} is not that of a network that is asked {asked}: choose the loss "
            f"{ANSWERS[asked].loss}, or ask {answer_for_loss(loss).kind} (Structure.answering)"
        )


def _check(
    what: str, value: Tensor, network: Network, clip: Mapping[str, Tensor], names: Sequence[str]
) -> None:
    if not torch.isfinite(value):
        raise diverged(network, clip, names, what)
