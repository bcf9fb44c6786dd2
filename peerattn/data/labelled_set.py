"""The labelled clips that a network is measured on: the one way from a folder, or a number, to examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from peerattn.checkpoints.checkpoint import Checkpoint, segmenter_of
from peerattn.data.examples import FolderExamples
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.data.generated import GeneratedExamples
from peerattn.data.readable import Readable, Remembered
from peerattn.errors import PeerattnError
from peerattn.modalities.reading import Reader

Told = Callable[[str], None]


@dataclass(frozen=True)
class LabelledSet:
    """Which clips: those of a `folder` (of one `split`; default: test, else val), or `count` generated ones.

    With `objects` "true" a clip's own object maps are read, where it has some; with "estimated" all maps are
    estimated, as they are for an uploaded clip.
    """

    folder: Path | None = None
    split: str | None = None
    count: int = 0
    objects: Literal["true", "estimated"] = "true"

    def __post_init__(self) -> None:
        if self.folder is None and self.split is not None:
            raise PeerattnError("a split is one of a folder's clips: give the folder too")

    def files(self) -> tuple[LabelledFile, ...]:
        """The clips of the folder; raises PeerattnError when there are none."""
        assert self.folder is not None
        return labelled_files(self.folder, split=self.split)

    def examples(self, loaded: Checkpoint, *, told: Told | None = None, remembered: bool = False) -> Readable:
        """The clips as a network reads them, `remembered` for another pass as far as memory lasts.

        `told` hears of those that cannot be read. Raises PeerattnError when its classes are not those of the
        clips, or its segmenter does not fit it.
        """
        if self.folder is not None:
            files = with_maps(self.files(), self.objects)
            reader = reader_for(files, loaded)
            return of_files(files, loaded.class_names, reader, told=told, remembered=remembered)
        reader = loaded.reader(segmenter_of(loaded) if self.objects == "estimated" else None)
        return generated(self.count, loaded.class_names, reader, remembered=remembered)


def with_maps(files: Sequence[LabelledFile], objects: str) -> tuple[LabelledFile, ...]:
    """The same clips, without their own object maps where all maps are to be estimated."""
    return tuple(replace(file, objects=None) for file in files) if objects == "estimated" else tuple(files)


def reader_for(files: Sequence[LabelledFile], loaded: Checkpoint) -> Reader:
    """What reads these clips for a network; its segmenter is loaded where some of them have no maps."""
    estimates = any(file.objects is None for file in files)
    return loaded.reader(segmenter_of(loaded) if estimates else None)


def of_files(
    files: Sequence[LabelledFile],
    class_names: Sequence[str],
    reader: Reader,
    *,
    told: Told | None = None,
    remembered: bool = False,
) -> Readable:
    """Labelled files as examples, each with the numbers of its classes among these names.

    Raises PeerattnError when a class is not among them.
    """
    made = FolderExamples(files, class_names, **reader.settled)
    return Readable(Remembered(made) if remembered else made, files, told=told)


def generated(
    count: int, class_names: Sequence[str], reader: Reader, *, remembered: bool = False
) -> Readable:
    """So many generated clips that nothing was trained on; raises PeerattnError for other class names."""
    made = GeneratedExamples(count, class_names, **reader.settled)
    return Readable(Remembered(made) if remembered else made)
