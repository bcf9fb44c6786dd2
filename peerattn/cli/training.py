"""The command that trains a network: `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peerattn.cli.console import Device, DeviceOption, JsonOption, torch_device
from peerattn.training.config import CLIPS

OutOption = Annotated[str, typer.Option(help="The name of the checkpoint to create.")]
DataOption = Annotated[
    Path | None, typer.Option(help="A folder of labelled clips to train on (default: generated clips).")
]
TrainSplitOption = Annotated[str, typer.Option(help="The split of the folder to train on.")]
ValSplitOption = Annotated[str, typer.Option(help="The split of the folder to measure the result on.")]
WithoutOption = Annotated[str, typer.Option(help="Classes to leave out, separated by commas.")]
ConfigOption = Annotated[
    Path | None, typer.Option(help="A recipe: a JSON file with the training settings that a card stores.")
]
InitOption = Annotated[str | None, typer.Option(help="Start from the weights of this checkpoint.")]
StructureOption = Annotated[
    str | None,
    typer.Option(
        help="A published structure, a checkpoint, a JSON file, people (the default with --data), or person, "
        "which reads joints and frozen features."
    ),
]
AttentionOption = Annotated[
    str,
    typer.Option(
        help="The attention of the structures people and person, and of generated clips': none, static, "
        "self or peer."
    ),
]
ModalitiesOption = Annotated[
    str | None,
    typer.Option(
        help="The modalities that the structure of people, person or generated clips reads, separated by "
        "commas (default: all)."
    ),
]
EpochsOption = Annotated[
    int | None, typer.Option(help="How many times training goes through all clips.", min=1)
]
BatchOption = Annotated[int | None, typer.Option(help="Clips per update.", min=1)]
RateOption = Annotated[float | None, typer.Option(help="The peak learning rate of the filters.", min=0)]
LossOption = Annotated[
    str | None,
    typer.Option(help="cross_entropy (one class per clip) or binary (any number of labels per clip)."),
]
ClipsOption = Annotated[int, typer.Option(help="How many generated clips per epoch.", min=16)]
TestClipsOption = Annotated[
    int, typer.Option(help="How many generated clips to measure the result on.", min=1)
]
SegmenterOption = Annotated[
    str | None, typer.Option(help="The segmenter checkpoint that estimates missing object maps.")
]
OriginOption = Annotated[
    str,
    typer.Option(
        "--objects",
        help="true: use the object maps that clips have; estimated: estimate the maps of all clips.",
    ),
]
OtherMapsOption = Annotated[
    Path | None,
    typer.Option(
        "--others", help="A folder of more object maps, as cross-fit writes them, which the recipe mixes in."
    ),
]
SeedOption = Annotated[
    int | None, typer.Option(help="The random seed for weights and clips (default: 0).", min=0)
]
WorkersOption = Annotated[
    int | None, typer.Option(help="How many processes prepare clips (default: 1).", min=0)
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Continue an interrupted run from where it stopped, if there is one.")
]
LogsOption = Annotated[Path | None, typer.Option(help="A folder to write TensorBoard logs to.")]


def train_command(
    out: OutOption,
    data: DataOption = None,
    train_split: TrainSplitOption = "train",
    val_split: ValSplitOption = "val",
    without: WithoutOption = "",
    config: ConfigOption = None,
    init: InitOption = None,
    structure: StructureOption = None,
    attention: AttentionOption = "peer",
    modalities: ModalitiesOption = None,
    epochs: EpochsOption = None,
    batch: BatchOption = None,
    rate: RateOption = None,
    loss: LossOption = None,
    clips: ClipsOption = CLIPS,
    test_clips: TestClipsOption = 960,
    segmenter: SegmenterOption = None,
    origin: OriginOption = "true",
    other_maps: OtherMapsOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    resume: ResumeOption = False,
    tensorboard: LogsOption = None,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Train a network on generated clips or on a folder of labelled clips, measure it, and save it."""
    from peerattn.checkpoints.checkpoint import load
    from peerattn.cli.training_run import (
        TrainingRun,
        base_recipe,
        base_structure,
        match_answer_to_loss,
        split_names,
        train,
    )
    from peerattn.training.distributed import joined_processes
    from peerattn.training.training_data import DataSelection

    initial = load(init) if init else None
    changes = {"epochs": epochs, "batch": batch, "seed": seed, "workers": workers}
    parts = {"optimisation": {"rate": rate}, "loss": {"kind": loss}}
    recipe = base_recipe(config, initial, structure).changed({**changes, **parts})
    selection = DataSelection(
        data,
        (train_split, val_split),
        split_names(without),
        (clips, test_clips),
        segmenter,
        origin,
        other_maps,
    )
    default = "people" if data and not initial else None
    graph = base_structure(structure or default, initial, attention, modalities)
    graph, recipe = match_answer_to_loss(graph, recipe, loss=loss, config=config)
    run = TrainingRun(graph, recipe, selection, out, initial, resume, tensorboard)
    with joined_processes(torch_device(device)) as run_on:
        train(run, run_on, json_file)
