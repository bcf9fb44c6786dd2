"""The commands about segmentation networks: `train-objects`, `evaluate-objects`, `cross-fit`."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peerattn.cli.console import (
    Device,
    DeviceOption,
    JsonOption,
    command_line,
    progress_bar,
    report,
    torch_device,
)

if TYPE_CHECKING:
    from peerattn.modalities.backbone_segmenter import BackboneSegmenter
    from peerattn.modalities.segmentation_network import SegmentationNetwork
    from peerattn.segmenter_training.config import DecoderConfig, SegmenterConfig

FRAME_RATE = 15.0
"""The default frame rate, in frames/s, at which clips of people are sampled."""

TrainSplitOption = Annotated[
    str, typer.Option("--split", help="The split with the clips to learn people from.")
]
StartOption = Annotated[
    str | None,
    typer.Option(help="The segmenter to start from before learning people (default: train one first)."),
]
GeneratedOption = Annotated[
    int | None,
    typer.Option(
        help="How many generated clips to train on, each seen once (default: 16000, with --data 1600).",
        min=16,
    ),
]
BackboneOption = Annotated[
    str | None,
    typer.Option(
        help="Learn from what this frozen network sees (efficientnet-lite0). Such a segmenter finds people "
        "more exactly, and knows no objects. Needs --data."
    ),
]
SeedOption = Annotated[int, typer.Option(help="The random seed for weights and clips.", min=0)]


def train_objects_command(
    out: Annotated[str, typer.Option(help="The name of the checkpoint to create.")],
    data: Annotated[
        Path | None, typer.Option(help="A folder of clips with person masks, to learn people from as well.")
    ] = None,
    split: TrainSplitOption = "train",
    test_split: Annotated[str, typer.Option(help="The split to measure the result on.")] = "val",
    about: Annotated[
        str, typer.Option(help="A description of the data and its licence, to store on the card.")
    ] = "",
    backbone: BackboneOption = None,
    start: StartOption = None,
    clips: GeneratedOption = None,
    seed: SeedOption = 0,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Train a segmenter, measure it, and save it with its card."""
    from peerattn.checkpoints.checkpoint import new_folder
    from peerattn.cli import segmentation_run as run
    from peerattn.data.folder import labelled_files
    from peerattn.segmenter_training.config import DECODER, GENERATED, PEOPLE, START
    from peerattn.segmenter_training.quality import evaluate_segmenter
    from peerattn.segmenter_training.saving import metrics_of, save_segmenter
    from peerattn.segmenter_training.videos import with_masks

    run.check_backbone(backbone, data, start, clips)
    run_on, folder = torch_device(device), new_folder(out)
    kinds = "objects of generated clips" if data is None else "people of real clips, generated objects"
    if backbone:
        kinds = f"the acting person in real clips, from what {backbone} sees"
    facts: dict[str, Any] = {"description": f"Object maps: {kinds}"} | ({"data": about} if about else {})
    config: SegmenterConfig | DecoderConfig
    segmenter: SegmentationNetwork | BackboneSegmenter
    if backbone and data:
        config = dataclasses.replace(DECODER, seed=seed)
        train_files, test_files = (with_masks(labelled_files(data, split=one)) for one in (split, test_split))
        skipped = run.SkippedClips()
        segmenter, learnt = run.train_on_backbone(train_files, config, run_on, skipped)
        people = run.evaluate_on_people(segmenter, test_files, FRAME_RATE, skipped)
        metrics = metrics_of(None, people)
        facts |= {"clips": {split: learnt.pop("clips"), test_split: people.n}, **learnt}
        skipped.print_summary(len(train_files) + len(test_files))
    elif data is None:
        config = run.with_options(GENERATED, clips, seed)
        segmenter = run.train(config, run_on)
        metrics = metrics_of(evaluate_segmenter(segmenter))
    else:
        config = run.with_options(PEOPLE, clips, seed)
        train_files, test_files = (with_masks(labelled_files(data, split=one)) for one in (split, test_split))
        facts["start"] = start or dataclasses.asdict(run.with_options(START, None, seed))
        skipped = run.SkippedClips()
        videos = run.read_videos(train_files, config.size, skipped)
        segmenter = run.train(config, run_on, videos, run.initial_network(start, seed, run_on))
        people = run.evaluate_on_people(segmenter, test_files, FRAME_RATE, skipped)
        metrics = metrics_of(evaluate_segmenter(segmenter), people)
        facts["clips"] = {split: len(videos), test_split: people.n}
        skipped.print_summary(len(train_files) + len(test_files))
    facts["command"] = command_line()
    save_segmenter(folder, segmenter, config=config, metrics=metrics, facts=facts)
    report(metrics, run.table(out, metrics), json_file)


def evaluate_objects_command(
    checkpoint: Annotated[str, typer.Option(help="The name or folder of a segmenter.")],
    data: Annotated[
        Path | None, typer.Option(help="A folder of clips with person masks, to measure on people as well.")
    ] = None,
    test_split: Annotated[
        str, typer.Option("--split", help="The split of the folder to measure on.")
    ] = "val",
    clips: Annotated[int, typer.Option(help="How many generated clips to measure on.", min=1)] = 200,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Measure the intersection over union of a segmenter, on generated clips and on people in a folder.

    A segmenter that was trained with `--backbone` knows no objects, and is measured on people only.
    """
    from peerattn.cli import segmentation_run as run
    from peerattn.data.folder import labelled_files
    from peerattn.modalities.segmentation_network import SegmentationNetwork
    from peerattn.segmenter_training.quality import evaluate_segmenter
    from peerattn.segmenter_training.saving import metrics_of
    from peerattn.segmenter_training.videos import with_masks

    segmenter, people, generated = run.load_measurable(checkpoint, data, torch_device(device)), None, None
    if data is not None:
        files, skipped = with_masks(labelled_files(data, split=test_split)), run.SkippedClips()
        people = run.evaluate_on_people(segmenter, files, FRAME_RATE, skipped)
        skipped.print_summary(len(files))
    if isinstance(segmenter, SegmentationNetwork):
        version = run.generator_version(checkpoint)
        generated = evaluate_segmenter(segmenter, clips=clips, version=version)
    metrics = metrics_of(generated, people)
    report(metrics, run.table(checkpoint, metrics), json_file)


def cross_fit_command(
    data: Annotated[Path, typer.Option(help="A folder of clips with person masks.")],
    out: Annotated[
        Path, typer.Option(help="The folder to write the maps to, under the same paths as their clips.")
    ],
    folds: Annotated[int, typer.Option(help="How many folds, each with a network of its own.", min=2)] = 3,
    split: TrainSplitOption = "train",
    frame_rate: Annotated[
        float, typer.Option(help="The frame rate, in frames/s, at which the maps will be read.", min=1)
    ] = FRAME_RATE,
    backbone: BackboneOption = None,
    start: StartOption = None,
    clips: GeneratedOption = None,
    seed: SeedOption = 0,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Estimate object maps of labelled clips, each by a network that never saw the clip's source video."""
    from peerattn.cli import segmentation_run as run
    from peerattn.data.folder import labelled_files
    from peerattn.segmenter_training.config import DECODER, PEOPLE
    from peerattn.segmenter_training.crossfit import cross_fit, cross_fit_decoders
    from peerattn.segmenter_training.saving import atomic_folder
    from peerattn.segmenter_training.videos import with_masks

    run.check_backbone(backbone, data, start, clips)
    run_on = torch_device(device)
    files, skipped = with_masks(labelled_files(data, split=split)), run.SkippedClips()
    asked: dict[str, Any] = {"folds": folds, "frame_rate": frame_rate, "skip": skipped}
    with atomic_folder(out) as folder:
        if backbone:
            frozen = {**run.backbone_and_cache(run_on), "config": dataclasses.replace(DECODER, seed=seed)}
            fit = partial(cross_fit_decoders, files, **frozen, **asked)
        else:
            initial = run.initial_network(start, seed, run_on)
            fit = partial(cross_fit, files, run.with_options(PEOPLE, clips, seed), start=initial, **asked)
        with progress_bar("training") as progress:
            people = run.write_maps(fit(progress=progress), folder, data)
    metrics = {"people": people.to_json()}
    report(metrics, run.table(f"{folds} folds", metrics), json_file)
    skipped.print_summary(len(files))
