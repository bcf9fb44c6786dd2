"""One update: a batch through the network, its loss, and an optimiser step.

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
from peerattn.training.diagnosis import divergence_error
from peerattn.training.losses import LOSSES, class_weights, shares
from peerattn.training.optimisation import connection_pressure, set_rates
from peerattn.training.ridge import fix_linear_heads
from peerattn.training.state import TrainingState

OVER_HEADS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mean_of_log_probabilities": lambda each: each.mean(dim=0),
    "separate": lambda each: each.sum(dim=0),
}
"""Combination of heads with their own losses → the function from those losses (H, B) to clips' (B,)."""
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Updater:
    """Updates a network; call `follow(smaller)` after pruning it."""

    def __init__(
        self, network: Network, config: TrainingConfig, *, updates: int, clips: Sequence[int] | None
    ) -> None:
        """`updates` is the total number of updates, `clips` the number of each class, for a balanced loss.

        Raises PeerattnError for half precision on a CPU, for a loss that does not match the network's kind of
        answer, and where `clips` are needed but unknown.
        """
        _check_loss(network.structure, config.loss.kind)
        for name in config.detached:
            network.structure.block(name)  # it has to be there
        self.config, self.updates = config, updates
        self.device = next(network.parameters()).device
        if config.precision != "float32" and self.device.type != "cuda":
            raise PeerattnError(f"precision {config.precision} needs a CUDA device: use float32")
        self.scaler = torch.amp.GradScaler("cuda", enabled=config.precision == "fp16")
        self.class_weights: Tensor | None = None
        if config.loss.balance:
            if clips is None:
                raise PeerattnError("the number of clips of each class is not known here: set balance to 0")
            self.class_weights = class_weights(clips, config.loss.balance).to(self.device)
        self.follow(network)

    def follow(self, network: Network) -> None:
        """Update this network from now on, in all processes."""
        network.detached = frozenset(self.config.detached)
        fix_linear_heads(network, self.config.closed_form)
        self.model: nn.Module = distributed.data_parallel(network)
        self.combination = network.structure.combination
        self.each_head = self.combination in OVER_HEADS
        self.answers = network.head_answers if self.each_head else (network.structure.answer,)

    def update(self, state: TrainingState, batch: Batch) -> float:
        """Run one update and return the loss of the whole batch. Raises PeerattnError if it is not finite."""
        number = state.position.update
        self.seed_random_numbers(number)
        set_rates(state.optimiser, self.config.schedule, number, self.updates)
        clip = self.on_device(batch)
        with self._autocast():
            logits = self.model(clip, per_head=True) if self.each_head else self.model(clip)[None]
        loss = self.loss(logits.float(), batch.targets.to(self.device))
        _check("loss", loss, state.network, clip, batch.names)
        loss = loss * distributed.share_of_batch(len(batch.targets), self.device)
        length = self._step(state, loss + self.config.loss.pressure * connection_pressure(state.network))
        if not self.scaler.is_enabled():  # the scaler skips such an update, and lowers its scale
            _check("gradient", length, state.network, clip, batch.names)
        return distributed.mean_over_processes(loss)

    def on_device(self, batch: Batch) -> dict[str, Tensor]:
        """Return the batch's tensors on the network's device."""
        return {name: tensor.to(self.device, non_blocking=True) for name, tensor in batch.tensors.items()}

    def _step(self, state: TrainingState, loss: Tensor) -> Tensor:
        """Take an optimiser step, and return the norm of the gradient before clipping."""
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
        """Return the mean loss of this process's clips, each weighted by its classes.

        Logits (H, B, K) are the network's answer (H = 1), or those of all heads if each has its own loss.
        """
        each = [
            answer.loss_weight * self._loss(own, targets, answer.kind)
            for own, answer in zip(logits, self.answers, strict=True)
        ]
        if not self.each_head:
            return each[0].mean()
        return OVER_HEADS[self.combination](torch.stack(each)).mean()

    def _loss(self, logits: Tensor, targets: Tensor, kind: str) -> Tensor:
        """Return the losses (B,) of logits (B, K)."""
        truth = shares(targets, logits.shape[1], kind)
        each = LOSSES[kind](logits, truth, self.config.loss.label_smoothing)
        if self.class_weights is not None:
            each = each * (truth @ self.class_weights) / truth.sum(dim=1).clamp(min=1)
        return each

    def seed_random_numbers(self, update: int) -> None:
        """Seed torch so that the random numbers of an update depend only on seed, update and process."""
        words = (self.config.seed, update, distributed.current().rank)
        torch.manual_seed(int(np.random.SeedSequence(words).generate_state(1)[0]))

    def _autocast(self) -> AbstractContextManager[object]:
        precision = self.config.precision
        return torch.autocast("cuda", _DTYPES.get(precision), enabled=precision != "float32")


def _check_loss(structure: Structure, loss: str) -> None:
    kind = structure.answer.kind
    if answer_for_loss(loss).kind != kind:
        raise PeerattnError(
            f"the loss {loss} does not fit a network that answers with {kind}: choose the loss "
            f"{ANSWERS[kind].loss}, or answer with {answer_for_loss(loss).kind} (Structure.with_answer)"
        )


def _check(
    what: str, value: Tensor, network: Network, clip: Mapping[str, Tensor], names: Sequence[str]
) -> None:
    if not torch.isfinite(value):
        raise divergence_error(network, clip, names, what)
