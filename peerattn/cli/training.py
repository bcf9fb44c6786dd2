"""The command that trains a network: `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peerattn.cli.console import Device, DeviceOption, JsonOption, chosen_device
from peerattn.training.config import CLIPS

OutOption = Annotated[str, typer.Option(help="The name of the checkpoint to make.")]
DataOption = Annotated[
    Path | None, typer.Option(help="A folder of labelled clips; without it, generated ones.")
]
TrainSplitOption = Annotated[str, typer.Option(help="The split of the folder to train on.")]
ValSplitOption = Annotated[str, typer.Option(help="The split of the folder that measures the result.")]
WithoutOption = Annotated[str, typer.Option(help="Classes to leave out, separated by commas.")]
ConfigOption = Annotated[Path | None, typer.Option(help="A recipe's JSON file, as a card holds it.")]
InitOption = Annotated[str | None, typer.Option(help="Start from the weights of this checkpoint.")]
StructureOption = Annotated[
    str | None,
    typer.Option(
        help="A published structure, a checkpoint, a JSON file, or people (what a folder's clips get)."
    ),
]
AttentionOption = Annotated[
    str, typer.Option(help="Of people and generated clips: none, static, self or peer.")
]
ModalitiesOption = Annotated[
    str, typer.Option(help="Of people and generated clips: which modalities, separated by commas.")
]
EpochsOption = Annotated[int | None, typer.Option(help="How often all clips are seen.", min=1)]
BatchOption = Annotated[int | None, typer.Option(help="Clips an update.", min=1)]
RateOption = Annotated[float | None, typer.Option(help="The filters' greatest learning rate.", min=0)]
LossOption = Annotated[
    str | None, typer.Option(help="cross_entropy (one class a clip) or binary (any labels).")
]
ClipsOption = Annotated[int, typer.Option(help="How many generated clips an epoch.", min=16)]
TestClipsOption = Annotated[int, typer.Option(help="How many generated clips measure the result.", min=1)]
SegmenterOption = Annotated[
    str | None, typer.Option(help="The checkpoint that estimates the object maps that are not given.")
]
ObjectsOption = Annotated[
    str, typer.Option(help="Object maps: true, those that are given; or estimated, all of them.")
]
OthersOption = Annotated[
    Path | None,
    typer.Option(help="A folder of other object maps, as cross-fit makes them: the recipe mixes them in."),
]
SeedOption = Annotated[int | None, typer.Option(help="The seed of weights and clips (0).", min=0)]
WorkersOption = Annotated[int | None, typer.Option(help="How many processes make clips (1).", min=0)]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on where an interrupted run stopped, if there is one.")
]
LogsOption = Annotated[Path | None, typer.Option(help="A folder for logs that TensorBoard shows.")]


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
    modalities: ModalitiesOption = "rgb,flow,object",
    epochs: EpochsOption = None,
    batch: BatchOption = None,
    rate: RateOption = None,
    loss: LossOption = None,
    clips: ClipsOption = CLIPS,
    test_clips: TestClipsOption = 960,
    segmenter: SegmenterOption = None,
    objects: ObjectsOption = "true",
    others: OthersOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    resume: ResumeOption = False,
    tensorboard: LogsOption = None,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Train a network on generated clips or a folder of labelled ones; measure it, save it with its card."""
    from peerattn.checkpoints.checkpoint import load
    from peerattn.cli.training_run import Run, agreed, recipe_of, structure_of, train, words
    from peerattn.training.distributed import started
    from peerattn.training.material import Choice

    begin = load(init) if init else None
    changes = {"epochs": epochs, "batch": batch, "seed": seed, "workers": workers}
    parts = {"optimisation": {"rate": rate}, "loss": {"kind": loss}}
    recipe = recipe_of(config, begin).changed({**changes, **parts})
    splits = (train_split, val_split)
    choice = Choice(data, splits, words(without), (clips, test_clips), segmenter, objects, others)
    graph = structure_of(
        structure or ("people" if data and not begin else None), begin, attention, modalities
    )
    graph, recipe = agreed(graph, recipe, loss=loss, config=config)
    run = Run(graph, recipe, choice, out, begin, resume, tensorboard)
    with started(chosen_device(device)) as where:
        train(run, where, json_file)
