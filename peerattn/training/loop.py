"""The training loop: batches in, a network out, and at every moment a state on the disk to go on from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from torch import nn

from peerattn.data.loading import Batch, ClipSource, batches, order
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.pruning.threshold import prune, reduced
from peerattn.scores.metrics import Score
from peerattn.traces.history import History
from peerattn.training import distributed
from peerattn.training.averaging import WeightAverage, estimate_batch_norm
from peerattn.training.config import TrainingConfig
from peerattn.training.optimisation import build_optimiser, moments, restore_moments
from peerattn.training.state import begun, load_state, save_state
from peerattn.training.thinning import thinned
from peerattn.training.updating import Updater
from peerattn.training.watching import Epoch, Saving, Validate, Watch, timed


@dataclass(frozen=True)
class Trained:
    """The network, ready to run, how it learned, and after how many epochs that ended."""

    network: Network
    history: History
    epochs: int


def fit(
    network: Network,
    source: ClipSource,
    config: TrainingConfig,
    *,
    validate: Validate | None = None,
    saving: Saving | None = None,
    watch: Watch | None = None,
) -> Trained:
    """Trains a network where it stands, in one process or in all that torchrun started.

    To compare with, another module does too, if it reads clips and has `structure` and `class_names`.

    Where `saving.path` holds the state of an interrupted run, training goes on from there, to the same
    weights bit by bit (on a CPU with as many threads). Raises PeerattnError when the loss is no longer a
    number, when that state is of other settings, or when it cannot be saved.
    """
    run = _Run(network, source, config, validate, saving, watch or Watch())
    while not run.over:
        run.train_epoch()
        run.end_epoch()
    return run.trained()


class _Run:
    """One run: what it was given, and the state that changes."""

    def __init__(
        self,
        network: Network,
        source: ClipSource,
        config: TrainingConfig,
        validate: Validate | None,
        saving: Saving | None,
        watch: Watch,
    ) -> None:
        self.source, self.config = source, config
        self.validate, self.saving, self.watch = validate, saving, watch
        self.processes = distributed.current()
        if self.processes.world > 1 and isinstance(network, Network):
            network = prune(network, 0.0)  # what no output needs would get no gradient
        if config.stopping.patience is not None and validate is None:
            raise PeerattnError("early stopping needs clips to measure on: give a split, or no patience")
        network = _with_dropout(network.train(), config.dropout)
        found = saving is not None and saving.path.is_file()
        others = saving.others if saving else {}
        self.settings = {**config.to_json(), "clips": len(source), **others}
        del self.settings["workers"]  # they change no clip
        self.state = (
            load_state(saving.path, network, config, self.settings)
            if saving and found
            else begun(network, config)
        )
        device = next(network.parameters()).device
        distributed.check_same("updates done before", self.state.position.update, device)
        self.steps = len(order(source, seed=config.seed, epoch=0, batch=config.batch))
        clips = getattr(source, "clips_of_classes", None)  # of sources that know
        updates = self.steps * config.epochs
        self.updater = Updater(self.state.network, config, updates=updates, clips=clips)
        if self.state.position.scale:
            self.updater.scaler.load_state_dict(self.state.position.scale)
        self.batches = self._batches(range(self.state.position.update, updates))
        self.seconds: dict[str, float] = {}
        self.saved_at = time.monotonic()

    @property
    def over(self) -> bool:
        position = self.state.position
        return position.stopped or position.epoch >= self.config.epochs

    def train_epoch(self) -> None:
        """The updates that the epoch still lacks."""
        state, position = self.state, self.state.position
        self.seconds.clear()
        rest = islice(self.batches, self.steps - position.step)
        for batch in timed(rest, self.seconds):
            loss = self.updater.update(state, batch)
            position.loss += loss
            position.step += 1
            position.update += 1
            if state.average and self._averages():
                state.average.update(state.network)
            state.history.log(position.update, epoch=position.epoch, loss=loss)
            if self.saving and time.monotonic() - self.saved_at >= self.saving.seconds:
                self._save()
            self._tell_progress(loss)

    def end_epoch(self) -> None:
        """Prune, measure, save, and say so."""
        state, position = self.state, self.state.position
        if position.epoch + 1 in self.config.pruning.epochs:
            self._prune()
        scores = self._scores()
        loss = position.loss / max(position.step, 1)
        values = {name: score.value for name, score in scores.items()}
        state.history.keep(position.update, epoch=position.epoch, epoch_loss=loss, **values)
        position.epoch, position.step, position.loss = position.epoch + 1, 0, 0.0
        self._judge(values)
        self._save()
        if self.watch.epoch and self.processes.leads:
            connections = len(state.network.structure.connections)
            seconds = dict(self.seconds)
            self.watch.epoch(Epoch(position.epoch, self.config.epochs, loss, scores, seconds, connections))

    def trained(self) -> Trained:
        """What is kept: the best weights where training may stop early, else the last or their average."""
        state = self.state
        if state.best is not None:
            state.kept.load_state_dict(state.best)
        return Trained(state.kept.eval(), state.history.history(), state.position.epoch)

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
        """Whether the weights of this epoch go into the average."""
        settings = self.config.averaging
        return settings.kind == "ema" or self.config.epochs - self.state.position.epoch <= settings.epochs

    def _prune(self) -> None:
        """The network becomes a smaller one; optimiser and average keep what they know of what stays."""
        state, config = self.state, self.config
        remembered = moments(state.network, state.optimiser)
        state.network = thinned(state.network, config.pruning)
        state.optimiser = build_optimiser(state.network, config.optimisation)
        restore_moments(state.network, state.optimiser, remembered)
        if state.average:
            smaller = reduced(state.average.network, state.network.structure)
            state.average = WeightAverage(smaller, config.averaging, count=state.average.count)
        state.history.follow(state.network)
        self.updater.follow(state.network)
        # A score from before is one of another network.
        state.best = state.position.best = state.position.best_epoch = None

    def _scores(self) -> Mapping[str, Score]:
        """Of the network that would be kept now, in the process that leads."""
        if not (self.validate and self._measures() and self.processes.leads):
            return {}
        state, settings = self.state, self.config.averaging
        if state.kept is not state.network and settings.batch_norm == "estimated":
            self.updater.draw_anew(state.position.update)
            first = state.position.epoch * self.steps
            few = self._batches(range(first, first + min(self.steps, settings.batches)))
            estimate_batch_norm(state.kept, map(self.updater.on_device, few))
        return self.validate(state.kept)

    def _measures(self) -> bool:
        done = self.state.position.epoch + 1
        return done % self.config.measure_every == 0 or done == self.config.epochs

    def _judge(self, scores: Mapping[str, float]) -> None:
        """Keep the best weights; training is over when patience is."""
        state, position, settings = self.state, self.state.position, self.config.stopping
        if settings.patience is not None and scores and self.processes.leads:
            if settings.metric not in scores:
                raise PeerattnError(f"early stopping looks at {settings.metric}, which is not measured here")
            score = scores[settings.metric]
            if position.best is None or score > position.best:
                position.best, position.best_epoch = score, position.epoch
                state.best = {name: tensor.clone() for name, tensor in state.kept.state_dict().items()}
            elif position.epoch - (position.best_epoch or 0) >= settings.patience:
                position.stopped = True
        position.stopped = distributed.agreed(position.stopped, self.updater.device)

    def _tell_progress(self, loss: float) -> None:
        if self.watch.progress and self.processes.leads:
            position, clips = self.state.position, self.config.batch
            done = position.epoch * self.steps + position.step
            try:
                self.watch.progress(done * clips, self.config.epochs * self.steps * clips, loss)
            except BaseException:
                self._save()
                raise

    def _save(self) -> None:
        """Write the state; nothing where it has no place, or where another process writes it."""
        if self.saving and self.processes.leads:
            self.state.position.scale = self.updater.scaler.state_dict()
            save_state(self.saving.path, self.state, self.settings)
        self.saved_at = time.monotonic()


def _with_dropout(network: Network, share: float | None) -> Network:
    """Sets the dropout before the scores; raises PeerattnError where a head has none to set."""
    if share is None:
        return network
    for output, head in network.heads.items():
        found = [module for module in head.modules() if isinstance(module, nn.Dropout)]
        if share and not found:
            kind = network.structure.output(output).head
            raise PeerattnError(
                f"output {output}: head {kind!r} has no dropout, but the recipe has {share:g}: leave it out"
            )
        for module in found:
            module.p = share
    return network
