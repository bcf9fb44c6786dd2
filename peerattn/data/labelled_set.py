"""`LabelledSet`: the labelled clips on which a network is evaluated, from a folder or generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from peerattn.checkpoints.checkpoint import Checkpoint, segmenter_of
from peerattn.data.cache import Cache
from peerattn.data.cache_folder import default_folder
from peerattn.data.examples import Example, FolderExamples
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.data.generated import TEST_SEED, GeneratedExamples
from peerattn.data.person_clips import PersonExamples
from peerattn.data.readable import CachedExamples, SkipUnreadable
from peerattn.errors import PeerattnError
from peerattn.modalities.reading import Reader

Notify = Callable[[str], None]
"""Receives a line for each clip that cannot be read."""


@dataclass(frozen=True)
class LabelledSet:
    """The clips of a `folder` (of one `split`; default: test, or else val), or `count` generated clips.

    `origin` says where object maps come from. With "true", they are the ground truth, from the clip's file of
    maps or from the generator; a clip of a folder without such a file gets estimated ones. With "estimated",
    a segmenter estimates all of them, as for an uploaded clip. Raises PeerattnError for a split without a
    folder.
    """

    folder: Path | None = None
    split: str | None = None
    count: int = 0
    origin: Literal["true", "estimated"] = "true"

    def __post_init__(self) -> None:
        if self.folder is None and self.split is not None:
            raise PeerattnError("a split belongs to a folder of clips: specify the folder, too")

    def files(self) -> tuple[LabelledFile, ...]:
        """Return the clips of the folder; raise PeerattnError if there are none."""
        assert self.folder is not None
        return labelled_files(self.folder, split=self.split)

    def examples(
        self, loaded: Checkpoint, *, notify: Notify | None = None, cached: bool = False
    ) -> SkipUnreadable:
        """Return the clips as inputs of the network.

        With `cached`, they are kept in memory for further passes, as far as they fit. `notify` receives a
        line for each clip that cannot be read. Raises PeerattnError if the network does not know the clips'
        classes, or if its segmenter's classes do not match its object classes.
        """
        if self.folder is not None:
            files = with_map_origin(self.files(), self.origin)
            reader = reader_for(files, loaded)
            return file_examples(files, loaded.class_names, reader, notify=notify, cached=cached)
        reader = loaded.reader(segmenter_of(loaded) if self.origin == "estimated" else None)
        return generated_examples(self.count, loaded.class_names, reader, cached=cached)


TRAINING_SEED = 0
"""The first seed of generated clips like those that a network learned from: none is a test clip."""


def training_examples(
    chosen: LabelledSet,
    loaded: Checkpoint,
    *,
    count: int,
    split: str = "train",
    notify: Notify | None = None,
    windows: int = 1,
) -> SkipUnreadable:
    """Return `count` clips like those that the network learned from, drawn at random, always the same ones.

    They are from another split of the same folder, or generated like the training clips, this number of
    windows long. Raises PeerattnError like `LabelledSet.examples`, and if the folder has no such split.
    """
    if chosen.folder is None:
        reader = loaded.reader(segmenter_of(loaded) if chosen.origin == "estimated" else None)
        frames = windows * loaded.settings.window
        return generated_examples(count, loaded.class_names, reader, first_seed=TRAINING_SEED, frames=frames)
    files = replace(chosen, split=split).files()
    order = np.random.default_rng(0).permutation(len(files))[:count]
    drawn = with_map_origin([files[number] for number in sorted(order)], chosen.origin)
    return file_examples(drawn, loaded.class_names, reader_for(drawn, loaded), notify=notify)


def with_map_origin(files: Sequence[LabelledFile], origin: str) -> tuple[LabelledFile, ...]:
    """Return the clips, without their own object maps if `origin` is "estimated"."""
    return tuple(replace(file, objects=None) for file in files) if origin == "estimated" else tuple(files)


def reader_for(files: Sequence[LabelledFile], loaded: Checkpoint) -> Reader:
    """Return the reader of these clips for a network; a segmenter is loaded if some clips have no maps."""
    needs_segmenter = any(file.objects is None for file in files)
    return loaded.reader(segmenter_of(loaded) if needs_segmenter else None)


def file_examples(
    files: Sequence[LabelledFile],
    class_names: Sequence[str],
    reader: Reader,
    *,
    notify: Notify | None = None,
    cached: bool = False,
) -> SkipUnreadable:
    """Return labelled files as examples; their labels are indices into `class_names`.

    Raises PeerattnError if a class is not among these names.
    """
    examples: Sequence[Example]
    if reader.reads_person:
        examples = PersonExamples(
            files,
            class_names,
            modalities=reader.modalities,
            settings=reader.settings,
            cache=Cache(default_folder()),
            device=reader.device,
        )
    else:
        examples = FolderExamples(files, class_names, **reader.as_keywords)
    return SkipUnreadable(CachedExamples(examples) if cached else examples, files, notify=notify)


def generated_examples(
    count: int,
    class_names: Sequence[str],
    reader: Reader,
    *,
    cached: bool = False,
    first_seed: int = TEST_SEED,
    frames: int | None = None,
) -> SkipUnreadable:
    """Return generated clips, by default test clips; raise PeerattnError if the class names are not
    ActionWorld's.
    """
    examples = GeneratedExamples(
        count, class_names, first_seed=first_seed, frames=frames, **reader.as_keywords
    )
    return SkipUnreadable(CachedExamples(examples) if cached else examples)
