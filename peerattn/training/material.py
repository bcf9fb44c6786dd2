"""What a network is trained and measured on: generated clips, or the splits of a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.data.cache import Cache, entry_key, file_digest
from peerattn.data.cache_folder import default_folder
from peerattn.data.clips import FolderClips
from peerattn.data.folder import LabelledFile, labelled_files, relative_path, with_alternative_maps
from peerattn.data.generated import TEST_SEED
from peerattn.data.labelled_set import file_examples, generated_examples
from peerattn.data.loading import ClipSource
from peerattn.data.readable import ReadableExamples
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS
from peerattn.graph.structure import Structure
from peerattn.modalities.objects import read_objects
from peerattn.modalities.reading import Reader
from peerattn.modalities.segmenter import GENERATED_SEGMENTER, SEGMENTER, Segmenter, segmenter_for
from peerattn.training.actionworld import GeneratedSource
from peerattn.training.recipe import Recipe
from peerattn.training.validation import validation
from peerattn.training.watching import Validate


@dataclass(frozen=True)
class Choice:
    """Which clips: those of a folder (train and val split, without some classes), or so many generated ones.

    `clips` to train on and to measure on, of the generated. `objects` is `true` or `estimated`. `others` is a
    folder with other object maps of the clips to train on, which the augmentation mixes in.
    """

    data: Path | None = None
    splits: tuple[str, str] = ("train", "val")
    without: tuple[str, ...] = ()
    clips: tuple[int, int] = (20_000, 960)
    segmenter: str | None = None
    objects: str = "true"
    others: Path | None = None

    def __post_init__(self) -> None:
        if self.objects not in ("true", "estimated"):
            raise PeerattnError(f"objects {self.objects!r} must be true or estimated")


@dataclass(frozen=True)
class Material:
    """A source to train on, examples to measure on (after each epoch by `validate`), and their facts.

    `facts` say on a card what was trained on, beside the name of the data.
    """

    source: ClipSource
    examples: ReadableExamples
    validate: Validate | None
    facts: dict[str, Any]

    @property
    def told_apart(self) -> dict[str, Any]:
        """The facts by which one material is told from another, wherever it lies."""
        return {name: fact for name, fact in self.facts.items() if name != "data"}

    @property
    def unread(self) -> dict[str, int]:
        """How many clips for `training` and for `measuring` could not be read, where there were some."""
        counts = {"training": len(self.source.skipped), "measuring": len(self.examples.skipped)}
        return {use: count for use, count in counts.items() if count}


def material(
    choice: Choice, structure: Structure, recipe: Recipe, device: torch.device | str = "cpu"
) -> Material:
    """The clips of a choice as a network of this structure reads them; maps are estimated on this device.

    Where worker processes make the clips to train on, their maps are estimated on the CPU: a forked process
    has no other device.
    """
    make = _of_folder if choice.data else _generated
    return make(choice, structure, recipe, device)


def _generated(choice: Choice, structure: Structure, recipe: Recipe, device: torch.device | str) -> Material:
    training, settings = recipe.training, recipe.clip
    name = choice.segmenter or GENERATED_SEGMENTER
    estimates = choice.objects == "estimated"
    segmenters = _segmenters(name, structure, recipe, device) if estimates else (None, None)
    clips, test_clips = choice.clips
    source = GeneratedSource(
        clips,
        structure.read_modalities,
        settings=settings,
        seed=training.seed,
        epochs=training.epochs,
        segmenter=segmenters[0],
    )
    reader = Reader(structure.read_modalities, settings, segmenters[1])
    examples = generated_examples(test_clips, CLASS_NAMES, reader)
    facts = {
        "data": "ActionWorld",
        "clips": clips,
        "test_seeds": [TEST_SEED, TEST_SEED + test_clips],
        "segmenter": name,
    }
    return Material(source, examples, None, facts)


def _of_folder(choice: Choice, structure: Structure, recipe: Recipe, device: torch.device | str) -> Material:
    assert choice.data is not None
    training, measuring = (_files(choice, split) for split in choice.splits)
    if choice.others:
        training = [*with_alternative_maps(training, choice.data, choice.others)]
    several = any(len(file.labels) > 1 for file in training + measuring)
    if several and not ANSWERS[structure.answer.kind].several:
        raise PeerattnError(f"clips of {choice.data} have several classes each: choose the loss binary")
    _check_maps(training + measuring, structure)
    class_names = sorted({label for file in training for label in file.labels})
    name = choice.segmenter or SEGMENTER
    estimates = any(file.objects is None for file in training + measuring)
    segmenters = _segmenters(name, structure, recipe, device) if estimates else (None, None)
    reader = Reader(structure.read_modalities, recipe.clip, segmenters[1])
    source = FolderClips(
        training,
        class_names,
        augmentation=recipe.augmentation,
        seed=recipe.training.seed,
        cache=Cache(default_folder()),
        **replace(reader, segmenter=segmenters[0]).as_keywords,
    )
    told = partial(print, file=sys.stderr)
    examples = file_examples(measuring, class_names, reader, notify=told, cached=True)
    facts = {
        "data": choice.data.name,
        "clips": {"train": len(training), choice.splits[1]: len(measuring)},
        "digest": manifest_digest(choice.data, training + measuring),
        "left_out": list(choice.without),
        "objects": choice.objects,
        "other_maps": choice.others is not None,
        "segmenter": name if segmenters[1] else None,
    }
    validate = validation(examples, window=recipe.clip.window)
    return Material(source, examples, validate, facts)


def _segmenters(
    name: str, structure: Structure, recipe: Recipe, device: torch.device | str
) -> tuple[Segmenter | None, Segmenter | None]:
    """What estimates the maps of clips to train on, and to measure on."""
    measuring = segmenter_for(name, structure.read_modalities, device)
    if not recipe.training.workers or torch.device(device).type == "cpu":
        return measuring, measuring
    return segmenter_for(name, structure.read_modalities), measuring


def _files(choice: Choice, split: str) -> list[LabelledFile]:
    """The clips of a split that show a class which is not left out."""
    assert choice.data is not None
    files = labelled_files(choice.data, split=split)
    if unknown := set(choice.without) - {label for file in files for label in file.labels}:
        raise PeerattnError(
            f"no clip of split {split} is of class {sorted(unknown)[0]!r}: it cannot be left out"
        )
    kept = [file for file in files if not set(file.labels) & set(choice.without)]
    if choice.objects == "estimated":
        kept = [replace(file, objects=None) for file in kept]
    return kept


def _check_maps(files: Sequence[LabelledFile], structure: Structure) -> None:
    """Refuses maps that show nothing of what the network reads: by the first ones that can be read."""
    known = next((one.class_ids for one in structure.read_modalities if one.name == "object"), ())
    for file in files if known else ():
        try:
            given = read_objects(file.objects).class_ids if file.objects else ()
        except PeerattnError:  # one bad file is passed over later, and named
            continue
        if given and not set(given) & set(known):
            raise PeerattnError(
                f"the object maps of {file.path.name} have the class ids {sorted(given)}, the network reads "
                f"{sorted(known)}: renumber the maps, or name another --structure"
            )
        if given:
            return


def manifest_digest(folder: Path, files: Sequence[LabelledFile]) -> str:
    """The sha256 of the names, classes, splits and bytes of these clips: the same data give the same one.

    A clip that cannot be read counts by its name, classes and split alone.
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
    """The sha256 of a file's bytes; nothing where they cannot be read."""
    try:
        return file_digest(path)
    except OSError:
        return ""
