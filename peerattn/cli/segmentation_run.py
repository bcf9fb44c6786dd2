"""Training and measuring a segmentation network, with progress and the skipped clips on stderr."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
import typer
from rich.table import Table
from rich.text import Text

from peerattn.actionworld.clips import CLASS_NAMES_OF
from peerattn.cli.console import progress_bar
from peerattn.data.cache import Cache
from peerattn.data.cache_folder import default_folder
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.files.cards import read_card
from peerattn.files.paths import find_checkpoint
from peerattn.modalities.backbone_segmenter import BackboneSegmenter
from peerattn.modalities.objects import write_objects
from peerattn.modalities.pretrained.loading import BACKBONE, load_backbone
from peerattn.modalities.segmentation_network import SegmentationNetwork, load_network
from peerattn.modalities.segmenter import Segmenter, load_segmenter
from peerattn.segmenter_training.config import START, DecoderConfig, SegmenterConfig
from peerattn.segmenter_training.crossfit import (
    CrossFittedClip,
    maps_of_every_frame,
    maps_path,
    sampling_step,
)
from peerattn.segmenter_training.decoder import iou_on_views, rounded_to_half, train_decoder
from peerattn.segmenter_training.features import views_of_clips
from peerattn.segmenter_training.quality import PersonSegmentation, evaluate_persons, person_overlaps
from peerattn.segmenter_training.training import train_segmenter
from peerattn.segmenter_training.videos import PersonVideo, read_person_video, skip_unreadable

BACKBONE_LIMITS = [
    "It outlines one acting person; other people in the frame count as background.",
    "It looks at each frame by itself, so it does not see who moves; it knows no objects.",
]
"""What a segmenter on a frozen network cannot do, for its card."""


class SkippedClips:
    """Callback that prints each skipped clip to stderr, and counts them for a summary at the end."""

    def __init__(self) -> None:
        self._files = set[Path]()

    def __call__(self, file: LabelledFile, reason: str) -> None:
        self._files.add(file.path)
        typer.echo(f"skipped {file.path}: {reason}", err=True)

    def print_summary(self, total: int) -> None:
        """Print how many of `total` clips were skipped, if any were."""
        if self._files:
            typer.echo(f"{len(self._files)} of {total} clips were skipped: repair or remove them", err=True)


def check_backbone(backbone: str | None, data: Path | None, start: str | None, clips: int | None) -> None:
    """Raise PeerattnError for a frozen network that is unknown, or does not go with the other options."""
    if backbone is None:
        return
    if backbone != BACKBONE:
        raise PeerattnError(f"there is no frozen network {backbone!r}: --backbone {BACKBONE} is the only one")
    if data is None:
        raise PeerattnError("with --backbone, people are learnt from clips with masks: name them with --data")
    if start or clips:
        raise PeerattnError(
            "--start and --clips are for segmenters of objects: leave them out with --backbone"
        )


def backbone_and_cache(device: torch.device) -> dict[str, Any]:
    """Return the frozen network and the cache of what it sees, as keyword arguments."""
    return {"backbone": load_backbone(device), "cache": Cache(default_folder())}


def load_measurable(
    name: str, data: Path | None, device: torch.device
) -> SegmentationNetwork | BackboneSegmenter:
    """Load a segmenter to measure it; raise PeerattnError if it knows only people and there are no clips."""
    segmenter = load_segmenter(name, device)
    if isinstance(segmenter, SegmentationNetwork):
        return segmenter
    if not isinstance(segmenter, BackboneSegmenter):
        raise PeerattnError(
            f"{name} is not a segmenter of this package, and cannot be measured: choose another"
        )
    if data is None:
        raise PeerattnError(f"{name} knows only people: name clips with masks of people with --data")
    return segmenter


def with_options(default: SegmenterConfig, clips: int | None, seed: int) -> SegmenterConfig:
    """Return the default settings with the user's number of clips, if given, and seed."""
    return dataclasses.replace(default, clips=clips or default.clips, seed=seed)


def initial_network(name: str | None, seed: int, device: torch.device) -> SegmentationNetwork:
    """Return the network from which learning people starts: the named one, or one trained now."""
    return load_network(name, device) if name else train(with_options(START, None, seed), device)


def generator_version(name: str) -> int:
    """Return the version of the generator that a segmenter learned from: the first, if its card has none."""
    training = read_card(find_checkpoint(name), "segmenter").get("training")
    version = training.get("generator_version", 1) if isinstance(training, dict) else 1
    if not isinstance(version, int) or version not in CLASS_NAMES_OF:
        raise PeerattnError(
            f"the card of {name}: there is no version {version!r} of the generated clips: "
            "update peerattn, or train the segmenter again"
        )
    return version


def train(
    config: SegmenterConfig,
    device: torch.device,
    videos: Sequence[PersonVideo] = (),
    start: SegmentationNetwork | None = None,
) -> SegmentationNetwork:
    """Train a network on generated clips, and on the people in the videos if there are any."""
    with progress_bar("training clips") as bar:

        def progress(done: int, total: int, loss: float) -> None:
            bar(done, total)

        return train_segmenter(config, videos, start=start, device=device, progress=progress)


def train_on_backbone(
    files: Sequence[LabelledFile], config: DecoderConfig, device: torch.device, skipped: SkippedClips
) -> tuple[BackboneSegmenter, dict[str, Any]]:
    """Train a decoder of what the frozen network sees; return the segmenter as it is stored, and facts.

    The facts are the number of clips, and what storing it in half precision changes.
    """
    frozen = backbone_and_cache(device)
    with progress_bar("clips") as clips_bar, ExitStack() as stack:
        views, readable = stack.enter_context(
            views_of_clips(files, plan=config.views, skip=skipped, progress=clips_bar, **frozen)
        )
        with progress_bar("steps") as bar:

            def progress(done: int, total: int, loss: float) -> None:
                bar(done, total)

            chosen = np.arange(len(views))
            decoder = train_decoder(views, chosen, config, device=device, progress=progress)
        rounded = rounded_to_half(decoder)
        compared = chosen[:: config.views.count]
        ious = [round(iou_on_views(one, views, compared), 6) for one in (decoder, rounded)]
    half = {"iou_before": ious[0], "iou_after": ious[1], "training_frames": len(compared)}
    facts = {"clips": len(readable), "half_precision": half, "limits": BACKBONE_LIMITS}
    return BackboneSegmenter(frozen["backbone"], rounded), facts


def read_videos(files: Sequence[LabelledFile], size: int, skipped: SkippedClips) -> list[PersonVideo]:
    """Read the videos of people, skipping unreadable ones. Raises PeerattnError if none can be read."""
    videos = []
    with progress_bar("clips") as progress:
        for done, file in enumerate(files, start=1):
            with skip_unreadable(file, skipped):
                videos.append(read_person_video(file, size=size))
            progress(done, len(files))
    if not videos:
        raise PeerattnError("none of the clips can be read: repair them, or choose another folder")
    return videos


def evaluate_on_people(
    segmenter: Segmenter, files: Sequence[LabelledFile], frame_rate: float, skipped: SkippedClips
) -> PersonSegmentation:
    """Measure how well a segmenter finds the people in clips, skipping unreadable ones.

    One that looks at each frame by itself is measured on the frames that `frame_rate` samples, others on all
    frames, each with the neighbours that it has when sampled.
    """
    counts, groups, frames = [], [], 0
    with progress_bar("clips") as progress:
        for done, file in enumerate(files, start=1):
            with skip_unreadable(file, skipped):
                video = read_person_video(file)
                if isinstance(segmenter, BackboneSegmenter):
                    video = video.every(sampling_step(video.frames, frame_rate))
                    ids = segmenter.estimate(video.frames.images)
                else:
                    ids = maps_of_every_frame(video.frames, segmenter, frame_rate).ids
                counts.append(person_overlaps(ids, video))
                groups.append(file.group)
                frames += len(ids)
            progress(done, len(files))
    return evaluate_persons(counts, groups, frames)


def write_maps(fitted: Iterable[CrossFittedClip], folder: Path, data: Path) -> PersonSegmentation:
    """Write each clip's maps into the folder, and measure how well they show people."""
    counts, groups, frames = [], [], 0
    for clip in fitted:
        path = maps_path(folder, data, clip.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_objects(path, clip.maps)
        counts.append(clip.counts)
        groups.append(clip.file.group)
        frames += clip.compared
    return evaluate_persons(counts, groups, frames)


def table(name: str, metrics: dict[str, Any]) -> Table:
    """Return a table of the intersections over union, with intervals for those that are means."""
    table = Table(title=Text(f"{name}: intersection over union, 95 % intervals"))
    table.add_column("measured on")
    table.add_column("clips", justify="right")
    table.add_column("intersection over union", justify="right")

    def row(title: str, numbers: dict[str, Any], key: str) -> None:
        interval = numbers[f"{key}_interval"]
        detail = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else numbers[f"{key}_interval_remark"]
        table.add_row(title, str(numbers["n"]), f"{numbers[key]:.3f} ({detail})")

    if people := metrics.get("people"):
        row("people in real clips", people, "person_iou")
        row("people in real clips, mean over clips", people, "clip_mean")
        row("people and background, mean", people, "mean_iou")
    generated = metrics.get("generated", metrics)
    if "classes" in generated:
        row("generated clips, mean over classes", generated, "mean_iou")
        for class_name, iou in generated["classes"].items():
            table.add_row(Text(class_name), str(generated["n"]), f"{iou:.3f}")
    return table
