"""Clips as a network is measured on them: one file, and the labelled ones of a folder, each read whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import Clip, Origin
from peerattn.modalities.reading import Reader
from peerattn.modalities.segmenter import Segmenter
from peerattn.modalities.settings import ClipSettings


@dataclass(frozen=True)
class Example:
    """A labelled clip: the numbers of its classes, modality → (1, C, T, H, W), and its group.

    Clips of one group are not independent. `objects` says where its object maps come from, if it has some.
    """

    labels: tuple[int, ...]
    tensors: Mapping[str, Tensor]
    group: str
    objects: Origin | None = None

    @property
    def label(self) -> int:
        """Its only class; raises PeerattnError where it has several."""
        if len(self.labels) != 1:
            raise PeerattnError(f"a clip of {self.group} has {len(self.labels)} classes where one is needed")
        return self.labels[0]


def read_clip(
    path: Path,
    modalities: Sequence[Modality],
    settings: ClipSettings,
    *,
    objects: Path | None = None,
    segmenter: Segmenter | None = None,
    stretch: tuple[float, float | None] = (0.0, None),
    hold: bool = False,
) -> Clip:
    """A video file as a network reads it: `Reader.file`, in one call."""
    return Reader(modalities, settings, segmenter).file(path, objects=objects, stretch=stretch, hold=hold)


class FolderExamples(Sequence[Example]):
    """The clips of a folder as a network reads them, each decoded when it is asked for."""

    def __init__(
        self,
        files: Sequence[LabelledFile],
        class_names: Sequence[str],
        *,
        modalities: Sequence[Modality],
        settings: ClipSettings,
        segmenter: Segmenter | None = None,
    ) -> None:
        """Raises PeerattnError when a clip's class is not one that the network knows."""
        check_classes(files, class_names)
        self.files, self.class_names = files, tuple(class_names)
        self.reader = Reader(modalities, settings, segmenter)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        file = self.files[index]
        clip = self.reader.file(file.path, objects=file.objects)
        labels = tuple(self.class_names.index(label) for label in file.labels)
        # The maps that lie in a labelled folder are what its maker says is true.
        origin: Origin | None = "true" if clip.objects == "attached" else clip.objects
        return Example(labels, clip.tensors, file.group, origin)


def check_classes(files: Sequence[LabelledFile], class_names: Sequence[str]) -> None:
    """Raises PeerattnError when a clip's class is not among these."""
    unknown = sorted({label for file in files for label in file.labels} - set(class_names))
    if unknown:
        raise PeerattnError(
            f"the folder has classes that this network does not know ({', '.join(unknown[:5])}): "
            f"it knows {', '.join(class_names)}"
        )
