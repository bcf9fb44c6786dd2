"""Labelled clips: one example, and folders of real ones.

A folder holds one folder a class, or a `manifest.csv` with columns path, label and split, and optionally
group (the source video: clips of one group are not independent) and mask_path (an object-map file).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.modalities import Clip, ClipSettings, Segmenter, estimate_objects, prepare, read_objects
from peerattn.structure import Modality
from peerattn.video import decode

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif")
SPLITS = ("test", "val")
"""Which split is evaluated when none is chosen: the first that the manifest has."""


@dataclass(frozen=True)
class Example:
    """A labelled clip: modality → (1, C, T, H, W), and the group whose clips are not independent of it."""

    label: int
    tensors: Mapping[str, Tensor]
    group: str


@dataclass(frozen=True)
class LabelledFile:
    """A video file, its class, and what else a manifest says of it."""

    path: Path
    label: str
    group: str
    split: str = ""
    objects: Path | None = None


def labelled_files(folder: Path, *, split: str | None = None) -> tuple[LabelledFile, ...]:
    """The clips of a folder; raises PeerattnError when there are none, or the manifest cannot be read."""
    if not folder.is_dir():
        raise PeerattnError(f"{folder} is not a folder: give one with a folder a class, or a manifest.csv")
    manifest = folder / "manifest.csv"
    files = _from_manifest(manifest) if manifest.is_file() else _from_folders(folder)
    splits = {file.split for file in files}
    if split is None and splits - {""}:
        split = next((name for name in SPLITS if name in splits), None)
        if split is None:
            found = ", ".join(sorted(splits - {""}))
            raise PeerattnError(f"{folder} has neither a test nor a val split: choose among {found}")
    if split is not None:
        files = [file for file in files if file.split == split]
    if not files:
        raise PeerattnError(f"{folder} has no labelled clips{f' of split {split!r}' if split else ''}")
    return tuple(files)


def _from_folders(folder: Path) -> list[LabelledFile]:
    """<class>/<clip>, or <split>/<class>/<clip>."""
    files = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in VIDEO_SUFFIXES:
            parents = path.relative_to(folder).parent.parts
            objects = path.with_suffix(".npz")
            if len(parents) in (1, 2):
                split = parents[0] if len(parents) == 2 else ""
                maps = objects if objects.is_file() else None
                files.append(LabelledFile(path, parents[-1], str(path), split, maps))
    return files


def _from_manifest(manifest: Path) -> list[LabelledFile]:
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets begin with a mark
            rows = list(csv.DictReader(file))
        return [_row(manifest.parent, row, line) for line, row in enumerate(rows, start=2)]
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise PeerattnError(f"{manifest} needs the columns path, label and split ({error})") from error


def _row(folder: Path, row: Mapping[str, str | None], line: int) -> LabelledFile:
    path, label, mask = row["path"], row["label"], row.get("mask_path")
    if not path or not label:
        raise PeerattnError(f"line {line} of the manifest needs a path and a label: fill both in")
    return LabelledFile(
        path=_inside(folder, path),
        label=label,
        group=row.get("group") or path,
        split=row.get("split") or "",
        objects=_inside(folder, mask) if mask else None,
    )


def _inside(folder: Path, name: str) -> Path:
    if "\0" in name:
        raise PeerattnError(f"the manifest names {name!r}, which is no file's name")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PeerattnError(f"the manifest names {name!r}, which lies outside its folder")
    return path


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
        unknown = sorted({file.label for file in files} - set(class_names))
        if unknown:
            raise PeerattnError(
                f"the folder has classes that this network does not know ({', '.join(unknown[:5])}): "
                f"it knows {', '.join(class_names)}"
            )
        self.files, self.class_names = files, tuple(class_names)
        self.modalities, self.settings, self.segmenter = modalities, settings, segmenter

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        file = self.files[index]
        clip = read_clip(
            file.path, self.modalities, self.settings, objects=file.objects, segmenter=self.segmenter
        )
        return Example(self.class_names.index(file.label), clip.tensors, file.group)
