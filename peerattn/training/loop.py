"""The training loop: from batches to a trained network, with its state saved so that a run can be resumed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from torch import nn

from peerattn.data.loading import Batch, ClipSource, batches, order
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.pruning.threshold import prune, subnetwork
from peerattn.scores.metrics import Score
from peerattn.traces.history import History
from peerattn.training import distributed
from peerattn.training.averaging import WeightAverage, estimate_batch_norm
from peerattn.training.callbacks import Callbacks, Epoch, StateSaving, Validate, timed_batches
from peerattn.training.config import TrainingConfig
from peerattn.training.optimisation import build_optimiser, moments, restore_moments
from peerattn.training.ridge import fit_linear_heads, fix_linear_heads
from peerattn.training.scheduled_pruning import prune_on_schedule
from peerattn.training.state import initial_state, load_state, save_state
from peerattn.training.updating import Updater


@dataclass(frozen=True)
class FitResult:
    """The trained network in evaluation mode, its training history and the number of epochs trained."""

    network: Network
    history: History
    epochs: int


def fit(
    network: Network,
    source: ClipSource,
    config: TrainingConfig,
    *,
    validate: Validate | None = None,
    saving: StateSaving | None = None,
    callbacks: Callbacks | None = None,
) -> FitResult:
    """Train a network in place, in this process or in all that torchrun started.

    For comparisons, it can also be another module that reads clips and has `structure` and `class_names`.

    If `saving.path` holds the state of an interrupted run, training resumes from it and ends with exactly the
    same weights (on a CPU with the same number of threads). Raises PeerattnError if the loss is no longer
    finite, if the saved state has other settings, or if the state cannot be saved.
    """
    loop = _TrainingLoop(network, source, config, validate, saving, callbacks or Callbacks())
    while not loop.finished:
        loop.train_epoch()
        loop.end_epoch()
    return loop.result()


class _TrainingLoop:
    """One training run: its settings, and its state."""

    def __init__(
        self,
        network: Network,
        source: ClipSource,
        config: TrainingConfig,
        validate: Validate | None,
        saving: StateSaving | None,
        callbacks: Callbacks,
    ) -> None:
        self.source, self.config = source, config
        self.validate, self.saving, self.callbacks = validate, saving, callbacks
        self.processes = distributed.current()
        if self.processes.world > 1 and isinstance(network, Network):
            network = prune(network, 0.0)  # blocks that no output needs would get no gradient
        if config.stopping.patience is not None and validate is None:
            raise PeerattnError("early stopping needs validation clips: give a split, or leave out patience")
        network = _with_dropout(network.train(), config.dropout)
        saved = saving is not None and saving.path.is_file()
        other_settings = saving.other_settings if saving else {}
        if not saved:
            fit_linear_heads(network, source, config.closed_form)
        fix_linear_heads(network, config.closed_form)
        self.settings = {**config.to_json(), "clips": len(source), **other_settings}
        del self.settings["workers"]  # the number of workers does not affect the clips
        self.state = (
            load_state(saving.path, network, config, self.settings)
            if saving and saved
            else initial_state(network, config)
        )
        device = next(network.parameters()).device
        distributed.check_same("updates done before", self.state.position.update, device)
        self.steps = len(order(source, seed=config.seed, epoch=0, batch=config.batch))
        clips = getattr(source, "clips_of_classes", None)  # not every source knows them
        updates = self.steps * config.epochs
        self.updater = Updater(self.state.network, config, updates=updates, clips=clips)
        if self.state.position.scale:
            self.updater.scaler.load_state_dict(self.state.position.scale)
        self.batches = self._batches(range(self.state.position.update, updates))
        self.seconds: dict[str, float] = {}
        self.saved_at = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether all epochs have been trained, or training has stopped early."""
        position = self.state.position
        return position.stopped or position.epoch >= self.config.epochs

    def train_epoch(self) -> None:
        """Run the updates that remain in the current epoch."""
        state, position = self.state, self.state.position
        self.seconds.clear()
        remaining = islice(self.batches, self.steps - position.step)
        for batch in timed_batches(remaining, self.seconds):
            loss = self.updater.update(state, batch)
            position.loss += loss
            position.step += 1
            position.update += 1
            if state.average and self._averages():
                state.average.update(state.network)
            state.history.log(position.update, epoch=position.epoch, loss=loss)
            if self.saving and time.monotonic() - self.saved_at >= self.saving.seconds:
                self._save()
            self._report_progress(loss)

    def end_epoch(self) -> None:
        """Finish the epoch: prune, evaluate, save the state and report."""
        state, position = self.state, self.state.position
        if position.epoch + 1 in self.config.pruning.epochs:
            self._prune()
        scores = self._scores()
        loss = position.loss / max(position.step, 1)
        values = {name: score.value for name, score in scores.items()}
        state.history.keep(position.update, epoch=position.epoch, epoch_loss=loss, **values)
        position.epoch, position.step, position.loss = position.epoch + 1, 0, 0.0
        self._update_best(values)
        self._save()
        if self.callbacks.epoch and self.processes.leads:
            connections = len(state.network.structure.connections)
            seconds = dict(self.seconds)
            self.callbacks.epoch(
                Epoch(position.epoch, self.config.epochs, loss, scores, seconds, connections)
            )

    def result(self) -> FitResult:
        """Return the best network if training may stop early, otherwise the last or the averaged one."""
        state = self.state
        if state.best is not None:
            state.kept.load_state_dict(state.best)
        return FitResult(state.kept.eval(), state.history.history(), state.position.epoch)

    def _batches(self, updates: range) -> Iterator[Batch]:
        config, processes = self.config, self.processes
        return batches(
            self.source,
            updates,
            seed=config.seed,
            batch=config.batch,
            workers=config.workers,
            rank=processes.rank,
            world=processes.world,
        )

    def _averages(self) -> bool:
        """Return whether the weights of this epoch are added to the average."""
        settings = self.config.averaging
        return settings.kind == "ema" or self.config.epochs - self.state.position.epoch <= settings.epochs

    def _prune(self) -> None:
        """Prune the network; the optimiser and the average keep their values of the remaining parameters."""
        state, config = self.state, self.config
        saved_moments = moments(state.network, state.optimiser)
        state.network = prune_on_schedule(state.network, config.pruning)
        state.optimiser = build_optimiser(state.network, config.optimisation)
        restore_moments(state.network, state.optimiser, saved_moments)
        if state.average:
            smaller = subnetwork(state.average.network, state.network.structure)
            state.average = WeightAverage(smaller, config.averaging, count=state.average.count)
        state.history.follow(state.network)
        self.updater.follow(state.network)
        # An earlier best score was that of a larger network.
        state.best = state.position.best = state.position.best_epoch = None

    def _scores(self) -> Mapping[str, Score]:
        """Return the scores of the network that would be kept now; empty where nothing is measured."""
        if not (self.validate and self._measures() and self.processes.leads):
            return {}
        state, settings = self.state, self.config.averaging
        if state.kept is not state.network and settings.batch_norm == "estimated":
            self.updater.seed_random_numbers(state.position.update)
            first = state.position.epoch * self.steps
            few = self._batches(range(first, first + min(self.steps, settings.batches)))
            estimate_batch_norm(state.kept, map(self.updater.on_device, few))
        return self.validate(state.kept)

    def _measures(self) -> bool:
        done = self.state.position.epoch + 1
        return done % self.config.measure_every == 0 or done == self.config.epochs

    def _update_best(self, scores: Mapping[str, float]) -> None:
        """Keep the weights if they are the best so far; end training when patience has run out."""
        state, position, settings = self.state, self.state.position, self.config.stopping
        if settings.patience is not None and scores and self.processes.leads:
            if settings.metric not in scores:
                raise PeerattnError(
                    f"early stopping uses {settings.metric}, which is not measured here: "
                    "choose another metric"
                )
            score = scores[settings.metric]
            if position.best is None or score > position.best:
                position.best, position.best_epoch = score, position.epoch
                state.best = {name: tensor.clone() for name, tensor in state.kept.state_dict().items()}
            elif position.epoch - (position.best_epoch or 0) >= settings.patience:
                position.stopped = True
        position.stopped = distributed.broadcast_decision(position.stopped, self.updater.device)

    def _report_progress(self, loss: float) -> None:
        if self.callbacks.progress and self.processes.leads:
            position, clips = self.state.position, self.config.batch
            done = position.epoch * self.steps + position.step
            try:
                self.callbacks.progress(done * clips, self.config.epochs * self.steps * clips, loss)
            except BaseException:
                self._save()
                raise

    def _save(self) -> None:
        """Save the state, if this process is the one that does so and a path is set."""
        if self.saving and self.processes.leads:
            self.state.position.scale = self.updater.scaler.state_dict()
            save_state(self.saving.path, self.state, self.settings)
        self.saved_at = time.monotonic()


def _with_dropout(network: Network, share: float | None) -> Network:
    """Set the dropout before the scores. Raises PeerattnError if a head has no dropout to set."""
    if share is None:
        return network
    for output, head in network.heads.items():
        dropouts = [module for module in head.modules() if isinstance(module, nn.Dropout)]
        if share and not dropouts:
            kind = network.structure.output(output).head
            raise PeerattnError(
                f"output {output}: a head of kind {kind} has no dropout: leave dropout {share:g} out"
            )
        for module in dropouts:
            module.p = share
    return network
