"""Labelled clips for evaluation, each read as a whole: a single file, or those of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
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
    """A labelled clip: its class numbers, its tensors (modality → (1, C, T, H, W)), and its group.

    Clips of the same group are not independent. `origin` says where its object maps come from; None without
    maps.
    """

    labels: tuple[int, ...]
    tensors: Mapping[str, Tensor]
    group: str
    origin: Origin | None = None

    @property
    def label(self) -> int:
        """The number of its only class; raises PeerattnError if it has several."""
        if len(self.labels) != 1:
            raise PeerattnError(f"a clip of {self.group} has {len(self.labels)} classes, but one is needed")
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
    """Read a video file as a network with these modalities and settings reads it; see `Reader.file`."""
    return Reader(modalities, settings, segmenter).file(path, objects=objects, stretch=stretch, hold=hold)


class FolderExamples(Sequence[Example]):
    """The clips of a folder as a network reads them, each decoded on access."""

    def __init__(
        self,
        files: Sequence[LabelledFile],
        class_names: Sequence[str],
        *,
        modalities: Sequence[Modality],
        settings: ClipSettings,
        segmenter: Segmenter | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Raise PeerattnError if a clip's class is not one that the network knows."""
        check_classes(files, class_names)
        self.files, self.class_names = files, tuple(class_names)
        self.reader = Reader(modalities, settings, segmenter, device)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        file = self.files[index]
        clip = self.reader.file(file.path, objects=file.objects)
        labels = tuple(self.class_names.index(label) for label in file.labels)
        # Object maps in a labelled folder are taken to be true, since its author has put them there.
        origin: Origin | None = "true" if clip.origin == "attached" else clip.origin
        return Example(labels, clip.tensors, file.group, origin)


def class_targets(
    files: Sequence[LabelledFile], members: Sequence[int], class_names: Sequence[str]
) -> Tensor:
    """Return class numbers (B,), or zeros and ones (B, K) if any of all the files has more than one class."""
    numbers = [[class_names.index(label) for label in files[member].labels] for member in members]
    if all(len(file.labels) == 1 for file in files):
        return torch.tensor([number for (number,) in numbers])
    targets = torch.zeros(len(members), len(class_names))
    for row, classes in zip(targets, numbers, strict=True):
        row[classes] = 1.0
    return targets


def check_classes(files: Sequence[LabelledFile], class_names: Sequence[str]) -> None:
    """Raise PeerattnError if a clip's class is not among these names."""
    unknown = sorted({label for file in files for label in file.labels} - set(class_names))
    if unknown:
        raise PeerattnError(
            f"the folder has classes that this network does not know ({', '.join(unknown[:5])}): "
            f"it knows {', '.join(class_names)}"
        )
