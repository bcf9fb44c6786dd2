"""A training run of the command `train`: started or resumed, stopped by Ctrl-C, measured and saved."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.weighted_structure import resolve_structure
from peerattn.cli.console import command_line, percent, progress_bar, report
from peerattn.cli.reports import SCORE_TITLES
from peerattn.cli.training_reports import measure, training_card
from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE
from peerattn.files.paths import checked_name, checkpoint_folders
from peerattn.files.writing import partial_name
from peerattn.graph.answers import ANSWERS, CLASSES, Answer, answer_for_loss
from peerattn.graph.structure import Structure
from peerattn.traces.history import HISTORY_FILE, write_history
from peerattn.training import distributed
from peerattn.training.actionworld import actionworld_structure
from peerattn.training.callbacks import Callbacks, Epoch, StateSaving
from peerattn.training.initialisation import copy_matching_weights, new_network
from peerattn.training.loop import FitResult, fit
from peerattn.training.people import people_structure
from peerattn.training.person import RECIPE as PERSON_RECIPE
from peerattn.training.person import person_structure
from peerattn.training.recipe import Recipe, read_recipe
from peerattn.training.state import STATE_FILE
from peerattn.training.tensorboard import tensorboard
from peerattn.training.training_data import DataSelection, TrainingData, load_training_data


@dataclass(frozen=True)
class TrainingRun:
    """Everything that one `train` command asks for.

    `out` is the name of the checkpoint, `initial` a checkpoint whose weights training starts from, and `logs`
    a folder for TensorBoard.
    """

    structure: Structure
    recipe: Recipe
    selection: DataSelection
    out: str
    initial: Checkpoint | None = None
    resume: bool = False
    logs: Path | None = None


def train(run: TrainingRun, device: torch.device, json_file: str | None) -> None:
    """Train the network; the leading process then measures it, saves it and reports."""
    leads = distributed.current().leads
    folder = _checkpoint_folder(run.out, resume=run.resume) if leads else checkpoint_folders()[0] / run.out
    data = load_training_data(run.selection, run.structure, run.recipe, device)
    fitted = _fit(run, data, folder, device)
    if not leads:
        return
    loaded = Checkpoint(run.out, fitted.network, run.recipe.clip, {})
    with progress_bar("clips measured") as progress:
        result = measure(loaded, data, progress)
    write_history(folder / HISTORY_FILE, fitted.history)
    _print_unread(data)
    card = training_card(loaded, data, result, recipe=run.recipe, command=command_line())
    checkpoints.save(folder, fitted.network, run.recipe.clip, card)
    (folder / STATE_FILE).unlink(missing_ok=True)
    report(result.json, result.table, json_file)


def _fit(run: TrainingRun, data: TrainingData, folder: Path, device: torch.device) -> FitResult:
    """Train the network; its state is saved in the folder, so that an interrupted run can be resumed."""
    network = new_network(run.structure, data.source.class_names, seed=run.recipe.training.seed)
    if run.initial:
        copy_matching_weights(network, run.initial.network)
    with (
        _stop_on_interrupt() as stopped,
        tensorboard(run.logs) as log,
        progress_bar("training clips") as bar,
    ):

        def progress(done: int, total: int, loss: float) -> None:
            bar(done, total)
            if stopped():
                raise KeyboardInterrupt

        def on_epoch(epoch: Epoch) -> None:
            print(epoch_line(epoch), file=sys.stderr)
            log(epoch)

        return fit(
            network.to(device),
            data.source,
            run.recipe.training,
            validate=data.validate,
            saving=StateSaving(
                folder / STATE_FILE,
                other_settings={**run.recipe.to_json(), "material": data.identifying_facts},
            ),
            callbacks=Callbacks(progress, on_epoch),
        )


def _print_unread(data: TrainingData) -> None:
    """Print how many clips could not be read; each was already named when reading it failed."""
    for use, count in data.unread.items():
        print(f"clips for {use} that could not be read: {count}", file=sys.stderr)


def epoch_line(epoch: Epoch) -> str:
    """Return one line on an epoch: its loss, what was measured, and where the time went."""
    scores = [
        f"{SCORE_TITLES.get(name, name)} {percent(score.value, score.interval, score.remark)}"
        for name, score in epoch.scores.items()
        if " " not in name
    ]
    clips = [f"{next(iter(epoch.scores.values())).n} clips"] if scores else []
    spent = [f"{name} {seconds:.1f} s" for name, seconds in epoch.seconds.items()]
    return f"epoch {epoch.number} of {epoch.total}: " + "; ".join(
        part
        for part in (
            f"loss {epoch.loss:.4f}",
            ", ".join([*scores, *clips]),
            ", ".join(spent),
            f"{epoch.connections} connections",
        )
        if part
    )


def _checkpoint_folder(out: str, *, resume: bool) -> Path:
    """Return the folder for the checkpoint.

    Raises PeerattnError if the name is taken, unless it holds an interrupted run that is to be resumed.
    """
    folder = checkpoint_folders()[0] / checked_name(out)
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= {partial_name(STATE_FILE)}:
        return folder  # an earlier run was interrupted while it saved its state for the first time
    if not (folder / STATE_FILE).is_file():
        return checkpoints.new_folder(out)
    if (folder / CARD_FILE).is_file():
        raise PeerattnError(f"{folder} holds a finished run: choose another name, or delete it first")
    if not resume:
        raise PeerattnError(f"{folder} holds an interrupted run: add --resume, or choose another name")
    return folder


STRUCTURES: Mapping[str | None, Callable[..., Structure]] = {
    None: actionworld_structure,
    "people": people_structure,
    "person": person_structure,
}
"""Name → the structure of the package for a kind of attention and modalities; None for generated clips."""


def base_recipe(path: Path | None, initial: Checkpoint | None, structure: str | None = None) -> Recipe:
    """Return the recipe in a file, or the default one.

    Where it does not say how clips are read, they are read as the initial network reads them, or as the named
    structure has them read.
    """
    default = PERSON_RECIPE if structure == "person" else Recipe()
    clip = initial.settings if initial else default.clip
    return read_recipe(path, clip=clip) if path else replace(default, clip=clip)


def base_structure(
    name: str | None, initial: Checkpoint | None, attention: str, modalities: str | None
) -> Structure:
    """Return the named structure; without a name, the initial network's, or else the shipped networks'."""
    if name is None and initial:
        return initial.structure
    if name not in STRUCTURES:
        return resolve_structure(str(name)).structure
    chosen = {} if modalities is None else {"modalities": split_names(modalities)}
    return STRUCTURES[name](attention, **chosen)


def match_answer_to_loss(
    structure: Structure, recipe: Recipe, *, loss: str | None, config: Path | None
) -> tuple[Structure, Recipe]:
    """Return the structure and the recipe with one kind of answer, and without label thresholds.

    The kind comes from `loss` if the user chose one, else from the structure if it is not plain classes, else
    from the recipe. Raises PeerattnError if a recipe file (`config`) contradicts the structure.
    """
    answer, wanted = structure.answer, answer_for_loss(recipe.training.loss.kind)
    if loss is None and answer.kind != wanted.kind and answer != CLASSES:
        usual = ANSWERS[answer.kind].loss
        if config:
            raise PeerattnError(
                f"the structure answers with {answer.kind}, but the loss in {config} is "
                f"{recipe.training.loss.kind}: add --loss {usual}, or --loss {recipe.training.loss.kind} to "
                f"train {wanted.kind}"
            )
        wanted, recipe = answer, recipe.changed({"loss": {"kind": usual}})
    if answer.kind != wanted.kind or answer.thresholds:
        structure = structure.with_answer(Answer(wanted.kind, answer.loss_weight))
    return structure, recipe


def split_names(text: str) -> tuple[str, ...]:
    """Split a comma-separated list of names, dropping empty ones."""
    return tuple(name for name in text.split(",") if name)


@contextmanager
def _stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether Ctrl-C was pressed; a second Ctrl-C stops at once.

    After the first one, the caller finishes the current update and saves the state before it stops.
    """
    pressed: list[int] = []

    def note(number: int, frame: object) -> None:
        pressed.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    except KeyboardInterrupt:
        print(f"cancelled; to resume: {command_line().removesuffix(' --resume')} --resume", file=sys.stderr)
        raise SystemExit(130) from None
    finally:
        signal.signal(signal.SIGINT, before)
