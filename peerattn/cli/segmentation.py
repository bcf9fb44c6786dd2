"""The commands about segmentation networks: `train-objects`, `evaluate-objects`, `cross-fit`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from peerattn.cli.console import (
    Device,
    DeviceOption,
    JsonOption,
    chosen_device,
    command_line,
    progress_bar,
    report,
)

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
    from peerattn.checkpoints.checkpoint import new_folder
    from peerattn.cli import segmentation_run as run
    from peerattn.data.folder import labelled_files
    from peerattn.segmenter_training.config import GENERATED, PEOPLE, START
    from peerattn.segmenter_training.quality import evaluate_segmenter
    from peerattn.segmenter_training.saving import metrics_of, save_segmenter
    from peerattn.segmenter_training.videos import with_masks

    where, folder = chosen_device(device), new_folder(out)
    kinds = "objects of generated clips" if data is None else "people of real clips, generated objects"
    facts: dict[str, Any] = {"description": f"Object maps: {kinds}"} | ({"data": about} if about else {})
    if data is None:
        config = run.config(GENERATED, clips, seed)
        segmenter = run.trained(config, where)
        metrics = metrics_of(evaluate_segmenter(segmenter))
    else:
        config = run.config(PEOPLE, clips, seed)
        learnt, tested = (with_masks(labelled_files(data, split=one)) for one in (split, test_split))
        facts["start"] = start or dataclasses.asdict(run.config(START, None, seed))
        skipped = run.Skipped()
        videos = run.read(learnt, config.size, skipped)
        segmenter = run.trained(config, where, videos, run.begun(start, seed, where))
        people = run.measured(segmenter, tested, FRAME_RATE, skipped)
        metrics = metrics_of(evaluate_segmenter(segmenter), people)
        facts["clips"] = {split: len(videos), test_split: people.n}
        skipped.count(len(learnt) + len(tested))
    facts["command"] = command_line()
    save_segmenter(folder, segmenter, config=config, metrics=metrics, facts=facts)
    report(metrics, run.table(out, metrics), json_file)


def evaluate_objects_command(
    checkpoint: Annotated[str, typer.Option(help="The name or folder of a segmenter.")],
    data: Annotated[
        Path | None, typer.Option(help="A folder of clips with person masks: measure people, too.")
    ] = None,
    test_split: Annotated[str, typer.Option("--split", help="The split of the folder.")] = "val",
    clips: Annotated[int, typer.Option(help="How many generated clips.", min=1)] = 200,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Intersection over union of a segmenter's object maps, on generated clips and on people of a folder."""
    from peerattn.cli import segmentation_run as run
    from peerattn.data.folder import labelled_files
    from peerattn.modalities.segmentation_network import load_network
    from peerattn.segmenter_training.quality import evaluate_segmenter
    from peerattn.segmenter_training.saving import metrics_of
    from peerattn.segmenter_training.videos import with_masks

    segmenter, people = load_network(checkpoint, chosen_device(device)), None
    if data is not None:
        files, skipped = with_masks(labelled_files(data, split=test_split)), run.Skipped()
        people = run.measured(segmenter, files, FRAME_RATE, skipped)
        skipped.count(len(files))
    metrics = metrics_of(evaluate_segmenter(segmenter, clips=clips), people)
    report(metrics, run.table(checkpoint, metrics), json_file)


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
    from peerattn.cli import segmentation_run as run
    from peerattn.data.folder import labelled_files
    from peerattn.segmenter_training.config import PEOPLE
    from peerattn.segmenter_training.crossfit import cross_fitted
    from peerattn.segmenter_training.saving import whole_folder
    from peerattn.segmenter_training.videos import with_masks

    where = chosen_device(device)
    files, skipped = with_masks(labelled_files(data, split=split)), run.Skipped()
    with whole_folder(out) as folder:
        begun = run.begun(start, seed, where)
        with progress_bar("training clips") as progress:
            fitted = cross_fitted(
                files,
                run.config(PEOPLE, clips, seed),
                start=begun,
                folds=folds,
                frame_rate=frame_rate,
                skip=skipped,
                progress=progress,
            )
            people = run.write_maps(fitted, folder, data)
    metrics = {"people": people.to_json()}
    report(metrics, run.table(f"{folds} folds", metrics), json_file)
    skipped.count(len(files))
