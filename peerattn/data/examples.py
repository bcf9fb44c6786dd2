"""Clips as a network is measured on them: one file, and the labelled ones of a folder, each read whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import Clip
from peerattn.modalities.objects import read_objects
from peerattn.modalities.preparation import prepare
from peerattn.modalities.segmenter import Segmenter, estimate_objects
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode


@dataclass(frozen=True)
class Example:
    """A labelled clip: the numbers of its classes, modality → (1, C, T, H, W), and its group.

    Clips of one group are not independent.
    """

    labels: tuple[int, ...]
    tensors: Mapping[str, Tensor]
    group: str

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
    """A video file as a network reads it: its object maps from a file if one is given, else estimated.

    `stretch` is (start, stop) in seconds; `hold` keeps a map until the next one where some frames have none.
    """
    frames = decode(path, frame_rate=settings.frame_rate, start=stretch[0], stop=stretch[1])
    maps = None
    if any(modality.name == "object" for modality in modalities):
        if objects:
            maps = read_objects(objects)
        elif segmenter:
            maps = estimate_objects(frames, segmenter)
    return prepare(frames, modalities, settings, objects=maps, hold=hold)


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
        self.modalities, self.settings, self.segmenter = modalities, settings, segmenter

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        file = self.files[index]
        clip = read_clip(
            file.path, self.modalities, self.settings, objects=file.objects, segmenter=self.segmenter
        )
        labels = tuple(self.class_names.index(label) for label in file.labels)
        return Example(labels, clip.tensors, file.group)


def check_classes(files: Sequence[LabelledFile], class_names: Sequence[str]) -> None:
    """Raises PeerattnError when a clip's class is not among these."""
    unknown = sorted({label for file in files for label in file.labels} - set(class_names))
    if unknown:
        raise PeerattnError(
            f"the folder has classes that this network does not know ({', '.join(unknown[:5])}): "
            f"it knows {', '.join(class_names)}"
        )
