"""A segmentation network trained and measured, with progress and what was passed over on stderr."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
import typer
from rich.table import Table
from rich.text import Text

from peerattn.cli.console import progress_bar
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.modalities.objects import write_objects
from peerattn.modalities.segmentation_network import SegmentationNetwork, load_network
from peerattn.segmenter_training.config import START, SegmenterConfig
from peerattn.segmenter_training.crossfit import Held, every_frame, maps_file
from peerattn.segmenter_training.quality import PersonSegmentation, evaluate_persons, person_overlaps
from peerattn.segmenter_training.training import train_segmenter
from peerattn.segmenter_training.videos import PersonVideo, passing_over, read_person_video


class Skipped:
    """Tells on stderr of each clip that is passed over, and in the end how many they were."""

    def __init__(self) -> None:
        self._files = set[Path]()

    def __call__(self, file: LabelledFile, reason: str) -> None:
        self._files.add(file.path)
        typer.echo(f"skipped {file.path}: {reason}", err=True)

    def count(self, asked: int) -> None:
        """How many of those that were asked for, where there are some."""
        if self._files:
            typer.echo(f"{len(self._files)} of {asked} clips were skipped: mend or remove them", err=True)


def config(default: SegmenterConfig, clips: int | None, seed: int) -> SegmenterConfig:
    """The usual settings with what was asked for instead."""
    return dataclasses.replace(default, clips=clips or default.clips, seed=seed)


def begun(name: str | None, seed: int, device: torch.device) -> SegmentationNetwork:
    """The network that then learns people: the one of this name, else one that is trained first."""
    return load_network(name, device) if name else trained(config(START, None, seed), device)


def trained(
    config: SegmenterConfig,
    device: torch.device,
    videos: Sequence[PersonVideo] = (),
    start: SegmentationNetwork | None = None,
) -> SegmentationNetwork:
    """A network that has learnt from generated clips, and people from the videos."""
    with progress_bar("training clips") as bar:

        def progress(done: int, total: int, loss: float) -> None:
            bar(done, total)

        return train_segmenter(config, videos, start=start, device=device, progress=progress)


def read(files: Sequence[LabelledFile], size: int, skipped: Skipped) -> list[PersonVideo]:
    """The videos of people that can be read; raises PeerattnError where none can."""
    videos = []
    with progress_bar("clips") as progress:
        for done, file in enumerate(files, start=1):
            with passing_over(file, skipped):
                videos.append(read_person_video(file, size=size))
            progress(done, len(files))
    if not videos:
        raise PeerattnError("none of the clips can be read: mend them, or choose another folder")
    return videos


def measured(
    segmenter: SegmentationNetwork, files: Sequence[LabelledFile], frame_rate: float, skipped: Skipped
) -> PersonSegmentation:
    """How well a network finds the people of clips that can be read."""
    counts, groups, frames = [], [], 0
    with progress_bar("clips") as progress:
        for done, file in enumerate(files, start=1):
            with passing_over(file, skipped):
                video = read_person_video(file)
                maps = every_frame(video.frames, segmenter, frame_rate)
                counts.append(person_overlaps(maps.ids, video))
                groups.append(file.group)
                frames += len(maps.ids)
            progress(done, len(files))
    return evaluate_persons(counts, groups, frames)


def write_maps(fitted: Iterable[Held], folder: Path, data: Path) -> PersonSegmentation:
    """Write the maps of each clip to its place in the folder; how well they show people."""
    counts, groups, frames = [], [], 0
    for held in fitted:
        path = maps_file(folder, data, held.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_objects(path, held.maps)
        counts.append(held.counts)
        groups.append(held.file.group)
        frames += held.compared
    return evaluate_persons(counts, groups, frames)


def table(name: str, metrics: dict[str, Any]) -> Table:
    """Intersections over union, with the intervals of those that are means."""
    table = Table(title=Text(f"{name}: intersection over union, 95 % intervals"))
    table.add_column("of")
    table.add_column("clips", justify="right")
    table.add_column("intersection over union", justify="right")

    def row(title: str, numbers: dict[str, Any], key: str) -> None:
        interval = numbers[f"{key}_interval"]
        said = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else numbers[f"{key}_interval_remark"]
        table.add_row(title, str(numbers["n"]), f"{numbers[key]:.3f} ({said})")

    if people := metrics.get("people"):
        row("persons of real clips", people, "person_iou")
        row("the same, mean over clips", people, "clip_mean")
        row("persons and background, mean", people, "mean_iou")
    generated = metrics.get("generated", metrics)
    if "classes" in generated:
        row("generated clips, mean over classes", generated, "mean_iou")
        for class_name, iou in generated["classes"].items():
            table.add_row(Text(class_name), str(generated["n"]), f"{iou:.3f}")
    return table
