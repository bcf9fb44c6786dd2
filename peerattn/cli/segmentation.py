"""The commands that train a segmentation network: `train-objects`, `cross-fit`."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.table import Table
from rich.text import Text

from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.cli.console import Device, DeviceOption, JsonOption, chosen_device, progress_bar, report
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.errors import PeerattnError
from peerattn.modalities.objects import write_objects
from peerattn.modalities.segmentation_network import SegmentationNetwork, load_network
from peerattn.segmentation.config import GENERATED, PEOPLE, START, SegmenterConfig
from peerattn.segmentation.crossfit import cross_fitted, every_frame, maps_file
from peerattn.segmentation.quality import (
    PersonSegmentation,
    evaluate_persons,
    evaluate_segmenter,
    person_overlaps,
)
from peerattn.segmentation.saving import metrics_of, save_segmenter, whole_folder
from peerattn.segmentation.training import train_segmenter
from peerattn.segmentation.videos import PersonVideo, passing_over, read_person_video, with_masks

FRAME_RATE = 15.0
"""Frames/s at which clips of people are sampled, where nothing else is said."""

LearntOption = Annotated[str, typer.Option("--split", help="The split that people are learnt from.")]
StartOption = Annotated[
    str | None,
    typer.Option(help="The segmenter whose weights people's begins with (else one is trained first)."),
]
GeneratedOption = Annotated[
    int | None,
    typer.Option(help="How many generated clips, each seen once (16000; beside people, 1600).", min=16),
]
SeedOption = Annotated[int, typer.Option(help="The seed of weights and clips.", min=0)]


def train_objects_command(
    out: Annotated[str, typer.Option(help="The name of the checkpoint to make.")],
    data: Annotated[
        Path | None, typer.Option(help="A folder of clips with person masks: learn people from them, too.")
    ] = None,
    split: LearntOption = "train",
    test_split: Annotated[str, typer.Option(help="The split that the result is measured on.")] = "val",
    about: Annotated[str, typer.Option(help="What the card says of the data, and of its licence.")] = "",
    start: StartOption = None,
    clips: GeneratedOption = None,
    seed: SeedOption = 0,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Train a small segmentation network on generated frames, measure it, and save it with its card."""
    where, folder = chosen_device(device), checkpoints.new_folder(out)
    kinds = "objects of generated clips" if data is None else "people of real clips, generated objects"
    facts: dict[str, Any] = {"description": f"Object maps: {kinds}"} | ({"data": about} if about else {})
    if data is None:
        config = _config(GENERATED, clips, seed)
        segmenter = _trained(config, where)
        metrics = metrics_of(evaluate_segmenter(segmenter))
    else:
        config = _config(PEOPLE, clips, seed)
        learnt, tested = (with_masks(labelled_files(data, split=one)) for one in (split, test_split))
        facts["start"] = start or dataclasses.asdict(dataclasses.replace(START, seed=seed))
        skipped = Skipped()
        videos = _read(learnt, config.size, skipped)
        segmenter = _trained(config, where, videos, _start(start, seed, where))
        people = _measured(segmenter, tested, skipped)
        metrics = metrics_of(evaluate_segmenter(segmenter), people)
        facts["clips"] = {split: len(videos), test_split: people.n}
        skipped.count(len(learnt) + len(tested))
    facts["command"] = shlex.join(["peerattn", *sys.argv[1:]])
    save_segmenter(folder, segmenter, config=config, metrics=metrics, facts=facts)
    report(metrics, _table(out, metrics), json_file)


def cross_fit_command(
    data: Annotated[Path, typer.Option(help="A folder of clips with person masks.")],
    out: Annotated[Path, typer.Option(help="The folder to write the maps to, each at its clip's place.")],
    folds: Annotated[int, typer.Option(help="How many networks share the clips.", min=2)] = 3,
    split: LearntOption = "train",
    frame_rate: Annotated[
        float, typer.Option(help="Frames/s at which the maps will be read.", min=1)
    ] = FRAME_RATE,
    start: StartOption = None,
    clips: GeneratedOption = None,
    seed: SeedOption = 0,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Object maps of labelled clips, each by a network that never saw its source video."""
    where = chosen_device(device)
    files, skipped = with_masks(labelled_files(data, split=split)), Skipped()
    counts, groups, frames = [], [], 0
    with whole_folder(out) as folder:
        begun = _start(start, seed, where)
        with progress_bar("training clips") as progress:
            for held in cross_fitted(
                files,
                _config(PEOPLE, clips, seed),
                start=begun,
                folds=folds,
                frame_rate=frame_rate,
                skip=skipped,
                progress=progress,
            ):
                path = maps_file(folder, data, held.file)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_objects(path, held.maps)
                counts.append(held.counts)
                groups.append(held.file.group)
                frames += held.compared
        people = evaluate_persons(counts, groups, frames)
    metrics = {"people": dataclasses.asdict(people)}
    report(metrics, _table(f"{folds} folds", metrics), json_file)
    skipped.count(len(files))


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


def _config(default: SegmenterConfig, clips: int | None, seed: int) -> SegmenterConfig:
    return dataclasses.replace(default, clips=clips or default.clips, seed=seed)


def _start(name: str | None, seed: int, device: torch.device) -> SegmentationNetwork:
    return load_network(name, device) if name else _trained(dataclasses.replace(START, seed=seed), device)


def _trained(
    config: SegmenterConfig,
    device: torch.device,
    videos: Sequence[PersonVideo] = (),
    start: SegmentationNetwork | None = None,
) -> SegmentationNetwork:
    with progress_bar("training clips") as bar:

        def progress(done: int, total: int, loss: float) -> None:
            bar(done, total)

        return train_segmenter(config, videos, start=start, device=device, progress=progress)


def _read(files: Sequence[LabelledFile], size: int, skipped: Skipped) -> list[PersonVideo]:
    videos = []
    with progress_bar("clips") as progress:
        for done, file in enumerate(files, start=1):
            with passing_over(file, skipped):
                videos.append(read_person_video(file, size=size))
            progress(done, len(files))
    if not videos:
        raise PeerattnError("none of the clips can be read: mend them, or choose another folder")
    return videos


def _measured(
    segmenter: SegmentationNetwork, files: Sequence[LabelledFile], skipped: Skipped
) -> PersonSegmentation:
    counts, groups, frames = [], [], 0
    with progress_bar("clips") as progress:
        for done, file in enumerate(files, start=1):
            with passing_over(file, skipped):
                video = read_person_video(file)
                maps = every_frame(video.frames, segmenter, FRAME_RATE)
                counts.append(person_overlaps(maps.ids, video))
                groups.append(file.group)
                frames += len(maps.ids)
            progress(done, len(files))
    return evaluate_persons(counts, groups, frames)


def _table(name: str, metrics: dict[str, Any]) -> Table:
    """Intersections over union, with the intervals of those that are means."""
    table = Table(title=Text(f"{name}: intersection over union, 95 % intervals"))
    table.add_column("of")
    table.add_column("clips", justify="right")
    table.add_column("intersection over union", justify="right")

    def row(title: str, numbers: dict[str, Any], key: str) -> None:
        low, high = numbers[f"{key}_interval"]
        table.add_row(title, str(numbers["n"]), f"{numbers[key]:.3f} ({low:.3f} to {high:.3f})")

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
