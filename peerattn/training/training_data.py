"""The clips that a network is trained and measured on: generated ones, or the splits of a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from peerattn.actionworld.casting import LATEST_VERSION
from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.data.cache import Cache, entry_key, file_digest
from peerattn.data.cache_folder import default_folder
from peerattn.data.clips import FolderClips
from peerattn.data.folder import LabelledFile, labelled_files, relative_path, with_alternative_maps
from peerattn.data.generated import TEST_SEED
from peerattn.data.labelled_set import file_examples, generated_examples
from peerattn.data.loading import ClipSource
from peerattn.data.person_clips import PersonClips
from peerattn.data.readable import SkipUnreadable
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS
from peerattn.graph.structure import Structure
from peerattn.modalities.objects import read_objects
from peerattn.modalities.reading import Reader
from peerattn.modalities.segmenter import GENERATED_SEGMENTER, SEGMENTER, Segmenter, segmenter_for
from peerattn.training.actionworld import GeneratedSource
from peerattn.training.callbacks import Validate
from peerattn.training.recipe import Recipe
from peerattn.training.validation import validator


@dataclass(frozen=True)
class DataSelection:
    """Which clips to use: the splits of the folder `data`, or generated clips if there is none.

    `splits` are those to train and to measure on, `without` the classes to leave out. `clips` are the numbers
    of generated clips to train and to measure on. `origin` says where object maps come from: `true` or
    `estimated`. `other_maps` is a folder with more object maps of the training clips, which the augmentation
    mixes in.
    """

    data: Path | None = None
    splits: tuple[str, str] = ("train", "val")
    without: tuple[str, ...] = ()
    clips: tuple[int, int] = (20_000, 960)
    segmenter: str | None = None
    origin: str = "true"
    other_maps: Path | None = None

    def __post_init__(self) -> None:
        if self.origin not in ("true", "estimated"):
            raise PeerattnError(f"objects {self.origin!r} must be true or estimated")


@dataclass(frozen=True)
class TrainingData:
    """A source to train on, examples to measure on, and facts for the card.

    `validate` evaluates a network on the examples after each epoch; None for generated clips. `facts` has the
    name of the data, and what it consists of.
    """

    source: ClipSource
    examples: SkipUnreadable
    validate: Validate | None
    facts: dict[str, Any]

    @property
    def identifying_facts(self) -> dict[str, Any]:
        """The facts that identify the data wherever it is stored: all but its name."""
        return {name: fact for name, fact in self.facts.items() if name != "data"}

    @property
    def unread(self) -> dict[str, int]:
        """How many clips for `training` and for `measuring` could not be read, if any."""
        counts = {"training": len(self.source.skipped), "measuring": len(self.examples.skipped)}
        return {use: count for use, count in counts.items() if count}


def load_training_data(
    selection: DataSelection, structure: Structure, recipe: Recipe, device: torch.device | str = "cpu"
) -> TrainingData:
    """Return the selected clips as a network of this structure reads them; maps are estimated on this device.

    If worker processes prepare the training clips, their maps are estimated on the CPU: a forked process has
    no other device.
    """
    load = _folder_data if selection.data else _generated_data
    return load(selection, structure, recipe, device)


def _generated_data(
    selection: DataSelection, structure: Structure, recipe: Recipe, device: torch.device | str
) -> TrainingData:
    training, settings = recipe.training, recipe.clip
    name = selection.segmenter or GENERATED_SEGMENTER
    estimates = selection.origin == "estimated"
    segmenters = _segmenters(name, structure, recipe, device) if estimates else (None, None)
    clips, test_clips = selection.clips
    source = GeneratedSource(
        clips,
        structure.read_modalities,
        settings=settings,
        seed=training.seed,
        epochs=training.epochs,
        segmenter=segmenters[0],
    )
    examples = generated_examples(
        test_clips, CLASS_NAMES, Reader(structure.read_modalities, settings, segmenters[1])
    )
    facts = {
        "data": "ActionWorld",
        "generator_version": LATEST_VERSION,
        "clips": clips,
        "test_seeds": [TEST_SEED, TEST_SEED + test_clips],
        "segmenter": name,
    }
    return TrainingData(source, examples, None, facts)


def _folder_data(
    selection: DataSelection, structure: Structure, recipe: Recipe, device: torch.device | str
) -> TrainingData:
    assert selection.data is not None
    training, measuring = (_files(selection, split) for split in selection.splits)
    if selection.other_maps:
        training = [*with_alternative_maps(training, selection.data, selection.other_maps)]
    several = any(len(file.labels) > 1 for file in training + measuring)
    if several and not ANSWERS[structure.answer.kind].several:
        raise PeerattnError(f"clips of {selection.data} have several classes each: choose the loss binary")
    _check_maps(training + measuring, structure)
    class_names = sorted({label for file in training for label in file.labels})
    name = selection.segmenter or SEGMENTER
    estimates = any(file.objects is None for file in training + measuring)
    segmenters = _segmenters(name, structure, recipe, device) if estimates else (None, None)
    reader = Reader(structure.read_modalities, recipe.clip, segmenters[1], device)
    source = _source(training, class_names, reader, recipe, segmenters[0])
    notify = partial(print, file=sys.stderr)
    examples = file_examples(measuring, class_names, reader, notify=notify, cached=True)
    facts = {
        "data": selection.data.name,
        "clips": {"train": len(training), selection.splits[1]: len(measuring)},
        "digest": manifest_digest(selection.data, training + measuring),
        "left_out": list(selection.without),
        "objects": selection.origin,
        "other_maps": selection.other_maps is not None,
        "segmenter": name if segmenters[1] else None,
    }
    validate = validator(examples, window=recipe.clip.window)
    return TrainingData(source, examples, validate, facts)


def _source(
    files: Sequence[LabelledFile],
    class_names: Sequence[str],
    reader: Reader,
    recipe: Recipe,
    segmenter: Segmenter | None,
) -> ClipSource:
    """Return the training clips as the reader's network reads them; `segmenter` estimates missing maps."""
    common: dict[str, Any] = {
        "modalities": reader.modalities,
        "settings": reader.settings,
        "seed": recipe.training.seed,
        "cache": Cache(default_folder()),
    }
    if reader.reads_person:
        return PersonClips(files, class_names, device=reader.device, **common)
    return FolderClips(files, class_names, augmentation=recipe.augmentation, segmenter=segmenter, **common)


def _segmenters(
    name: str, structure: Structure, recipe: Recipe, device: torch.device | str
) -> tuple[Segmenter | None, Segmenter | None]:
    """Return the segmenters that estimate the maps of the clips to train on and to measure on."""
    measuring = segmenter_for(name, structure.read_modalities, device)
    if not recipe.training.workers or torch.device(device).type == "cpu":
        return measuring, measuring
    return segmenter_for(name, structure.read_modalities), measuring


def _files(selection: DataSelection, split: str) -> list[LabelledFile]:
    """Return the clips of a split, without those that show a left-out class."""
    assert selection.data is not None
    files = labelled_files(selection.data, split=split)
    if unknown := set(selection.without) - {label for file in files for label in file.labels}:
        raise PeerattnError(
            f"no clip of split {split} is of class {sorted(unknown)[0]!r}: it cannot be left out"
        )
    kept = [file for file in files if not set(file.labels) & set(selection.without)]
    if selection.origin == "estimated":
        kept = [replace(file, objects=None) for file in kept]
    return kept


def _check_maps(files: Sequence[LabelledFile], structure: Structure) -> None:
    """Raises PeerattnError if the first readable maps have none of the classes that the network reads."""
    known = next(
        (modality.class_ids for modality in structure.read_modalities if modality.name == "object"), ()
    )
    for file in files if known else ():
        try:
            class_ids = read_objects(file.objects).class_ids if file.objects else ()
        except PeerattnError:  # an unreadable file is skipped and reported later
            continue
        if class_ids and not set(class_ids) & set(known):
            raise PeerattnError(
                f"the object maps of {file.path.name} have the class ids {sorted(class_ids)}, "
                f"but the network reads {sorted(known)}: renumber the maps, or name another --structure"
            )
        if class_ids:
            return


def manifest_digest(folder: Path, files: Sequence[LabelledFile]) -> str:
    """Return a SHA-256 of the names, classes, splits and bytes of these clips, which identifies the data.

    A clip that cannot be read contributes only its name, classes and split.
    """
    rows = sorted(
        [
            relative_path(folder, file.path).as_posix(),
            list(file.labels),
            file.split,
            _bytes(file.path),
        ]
        for file in files
    )
    return entry_key(clips=rows)


def _bytes(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, or an empty string if it cannot be read."""
    try:
        return file_digest(path)
    except OSError:
        return ""
