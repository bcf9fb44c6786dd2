"""A training as the command `train` runs it: begun, gone on with or stopped; measured, and saved."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.weighted_structure import resolve_structure
from peerattn.cli.console import command_line, percent, progress_bar, report
from peerattn.cli.training_reports import measured, training_card
from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE
from peerattn.files.paths import checked_name, checkpoint_folders
from peerattn.files.writing import partial_name
from peerattn.graph.answers import ANSWERS, CLASSES, Answer, answer_for_loss
from peerattn.graph.structure import Structure
from peerattn.traces.history import HISTORY_FILE, write_history
from peerattn.training import distributed
from peerattn.training.actionworld import SETTINGS, actionworld_structure
from peerattn.training.loop import Trained, fit
from peerattn.training.material import Choice, Material, material
from peerattn.training.people import people_structure
from peerattn.training.recipe import Recipe, read_recipe
from peerattn.training.starting import new_network, start_from
from peerattn.training.state import STATE_FILE
from peerattn.training.tensorboard import tensorboard
from peerattn.training.watching import Epoch, Saving, Watch


@dataclass(frozen=True)
class Run:
    """What is trained, and where it is kept."""

    structure: Structure
    recipe: Recipe
    choice: Choice
    out: str
    init: Checkpoint | None = None
    resume: bool = False
    logs: Path | None = None


def train(run: Run, device: torch.device, json_file: str | None) -> None:
    """Train, and where this process leads: measure the network, save it and report."""
    leads = distributed.current().leads
    folder = _folder(run.out, resume=run.resume) if leads else checkpoint_folders()[0] / run.out
    given = material(run.choice, run.structure, run.recipe, device)
    trained = _fitted(run, given, folder, device)
    if not leads:
        return
    loaded = Checkpoint(run.out, trained.network, run.recipe.clip, {})
    with progress_bar("clips measured") as progress:
        result = measured(loaded, given, progress)
    write_history(folder / HISTORY_FILE, trained.history)
    _tell_unread(given)
    card = training_card(loaded, given, result, recipe=run.recipe, command=command_line())
    checkpoints.save(folder, trained.network, run.recipe.clip, card)
    (folder / STATE_FILE).unlink(missing_ok=True)
    report(result.json, result.table, json_file)


def _fitted(run: Run, given: Material, folder: Path, device: torch.device) -> Trained:
    """The trained network; its state is in the folder until the checkpoint is."""
    network = new_network(run.structure, given.source.class_names, seed=run.recipe.training.seed)
    if run.init:
        start_from(network, run.init.network)
    with (
        _stoppable() as stopped,
        tensorboard(run.logs) as log,
        progress_bar("training clips") as bar,
    ):

        def progress(done: int, total: int, loss: float) -> None:
            bar(done, total)
            if stopped():
                raise KeyboardInterrupt

        def epoch(ended: Epoch) -> None:
            print(said(ended), file=sys.stderr)
            log(ended)

        return fit(
            network.to(device),
            given.source,
            run.recipe.training,
            validate=given.validate,
            saving=Saving(folder / STATE_FILE, others={**run.recipe.to_json(), "material": given.told_apart}),
            watch=Watch(progress, epoch),
        )


def _tell_unread(given: Material) -> None:
    """How many clips could not be read; each was named when it was met."""
    for use, count in given.unread.items():
        print(f"clips for {use} that could not be read: {count}", file=sys.stderr)


def said(epoch: Epoch) -> str:
    """One line on an epoch: its loss, what was measured, and where the time went."""
    scores = [
        f"{name} {percent(one.value, one.interval, one.remark)}"
        for name, one in epoch.scores.items()
        if " " not in name
    ]
    clips = [f"{next(iter(epoch.scores.values())).n} clips"] if scores else []
    spent = [f"{name} {seconds:.1f} s" for name, seconds in epoch.seconds.items()]
    return f"epoch {epoch.number} of {epoch.of}: " + "; ".join(
        part
        for part in (
            f"loss {epoch.loss:.4f}",
            ", ".join([*scores, *clips]),
            ", ".join(spent),
            f"{epoch.connections} connections",
        )
        if part
    )


def _folder(out: str, *, resume: bool) -> Path:
    """Where the checkpoint goes; raises PeerattnError when the name is taken, unless that run may go on."""
    folder = checkpoint_folders()[0] / checked_name(out)
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= {partial_name(STATE_FILE)}:
        return folder  # a first save began here and did not come to its end
    if not (folder / STATE_FILE).is_file():
        return checkpoints.new_folder(out)
    if (folder / CARD_FILE).is_file():
        raise PeerattnError(f"{folder} is trained to its end: choose another name, or delete it first")
    if not resume:
        raise PeerattnError(f"{folder} holds an interrupted run: go on with --resume, or choose another name")
    return folder


def recipe_of(path: Path | None, begin: Checkpoint | None) -> Recipe:
    """The recipe of a file, else the usual one; of clips as the network that it begins from reads them."""
    clip = begin.settings if begin else SETTINGS
    return read_recipe(path, clip=clip) if path else Recipe(clip=clip)


def structure_of(name: str | None, begin: Checkpoint | None, attention: str, modalities: str) -> Structure:
    """The structure that is named, else that of the network to begin from, else the shipped one's."""
    if name == "people":
        return people_structure(attention, words(modalities))
    if name:
        return resolve_structure(name).structure
    return begin.structure if begin else actionworld_structure(attention, words(modalities))


def agreed(
    structure: Structure, recipe: Recipe, *, loss: str | None, config: Path | None
) -> tuple[Structure, Recipe]:
    """A structure and a recipe that agree on what the network is asked, without another network's thresholds.

    A `loss` that was given says it, else the structure where it does, else the recipe. Raises PeerattnError
    where a recipe that was given says something else than the structure.
    """
    answer, said = structure.answer, answer_for_loss(recipe.training.loss.kind)
    if loss is None and answer.kind != said.kind and answer != CLASSES:
        usual = ANSWERS[answer.kind].loss
        if config:
            raise PeerattnError(
                f"the structure asks {answer.kind}, the loss of {config} is {recipe.training.loss.kind}: "
                f"give --loss {usual}, or --loss {recipe.training.loss.kind} to ask {said.kind}"
            )
        said, recipe = answer, recipe.changed({"loss": {"kind": usual}})
    if answer.kind != said.kind or answer.thresholds:
        structure = structure.with_answer(Answer(said.kind, answer.loss_weight))
    return structure, recipe


def words(text: str) -> tuple[str, ...]:
    """Words that commas separate."""
    return tuple(word for word in text.split(",") if word)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the update in hand is ended and saved first, a second one ends at once."""
    pressed: list[int] = []

    def note(number: int, frame: object) -> None:
        pressed.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    except KeyboardInterrupt:
        print(f"cancelled; to go on: {command_line().removesuffix(' --resume')} --resume", file=sys.stderr)
        raise SystemExit(130) from None
    finally:
        signal.signal(signal.SIGINT, before)
