"""The commands about one network: `structure`, `convert`, `evaluate`, `prune`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from peerattn.cli.console import (
    Device,
    DeviceOption,
    FastOption,
    JsonOption,
    MapOrigin,
    as_folder,
    command_line,
    float_precision,
    report,
    torch_device,
)
from peerattn.errors import PeerattnError

CheckpointOption = Annotated[str, typer.Option(help="The name of a checkpoint.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        help="A folder of labelled clips, or a zip of one (default: generated test clips).",
        callback=as_folder,
    ),
]
SplitOption = Annotated[
    str | None, typer.Option(help="The split of the data (default: test if there is one, else val).")
]
ClipsOption = Annotated[int, typer.Option(help="How many generated test clips to use.", min=1)]
OriginOption = Annotated[
    MapOrigin,
    typer.Option("--objects", help="Use the true object maps (those of a folder), or estimated ones."),
]
AttentionOption = Annotated[
    str | None, typer.Option(help="The attention of a published structure: peer, self or none.")
]
ObjectClassesOption = Annotated[
    int | None, typer.Option(help="The number of object classes of a published structure.")
]
ClipWidthOption = Annotated[
    int | None,
    typer.Option(help="The clip width in pixels for which asnp_lite is built; 0: its published channels."),
]


def structure_command(
    name: Annotated[
        str,
        typer.Argument(help="A published structure, a checkpoint, or a JSON file of a structure or a list."),
    ],
    threshold: Annotated[
        float, typer.Option(help="Show what is left without connections of a lower weight.")
    ] = 0.0,
    frames: Annotated[
        int | None, typer.Option(help="Length in frames of the clip for which costs are computed.", min=1)
    ] = None,
    size: Annotated[int | None, typer.Option(help="Pixels per side of the same clip.", min=1)] = None,
    classes: Annotated[
        int | None, typer.Option(help="How many classes the network distinguishes.", min=1)
    ] = None,
    attention: AttentionOption = None,
    object_classes: ObjectClassesOption = None,
    clip_width: ClipWidthOption = None,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Show the level graph, what a threshold would remove and what the network costs; needs no weights."""
    from peerattn.checkpoints.structure_facts import structure_facts
    from peerattn.checkpoints.weighted_structure import resolve_structure
    from peerattn.cli import structure_report

    options = _published_options(attention, object_classes, clip_width)
    sizes = _without_none(frames=frames, height=size, width=size, classes=classes)
    described = dataclasses.replace(resolve_structure(name, **options), **sizes)
    result = structure_facts(described, threshold)
    report(result, structure_report.table(result), json_file)


def convert_command(
    name: Annotated[str, typer.Argument(help="A published structure, or a JSON file of a structure.")],
    variables: Annotated[
        Path, typer.Argument(help="An .npz file or a TensorFlow checkpoint with the weights.")
    ],
    out: Annotated[str, typer.Option(help="The name of the checkpoint to make.")],
    classes: Annotated[
        Path | None, typer.Option(help="A text file with the names of the classes, one per line.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Pixels per side of the clips that the network reads (default: 224).")
    ] = None,
    window: Annotated[int, typer.Option(help="Frames per window, over which the heads answer.", min=3)] = 32,
    attention: AttentionOption = None,
    object_classes: ObjectClassesOption = None,
    clip_width: ClipWidthOption = None,
    answer: Annotated[
        str | None,
        typer.Option(help="classes (one per clip) or labels (any number; the default for Charades' 157)."),
    ] = None,
) -> None:
    """Convert the official TensorFlow variables of a published network into a checkpoint."""
    from peerattn.checkpoints import checkpoint as checkpoints
    from peerattn.checkpoints.weighted_structure import resolve_structure
    from peerattn.graph import published
    from peerattn.graph.answers import Answer
    from peerattn.modalities.settings import ClipSettings
    from peerattn.network import convert

    folder = checkpoints.new_folder(out)
    settings = ClipSettings(size=size or clip_width or published.CLIP_WIDTH, window=window)
    options = _published_options(attention, object_classes, clip_width)
    if name == "asnp_lite":
        options.setdefault("clip_width", settings.size)
    if options.get("clip_width") not in (None, settings.size):
        raise PeerattnError(
            f"asnp_lite built for clips {clip_width} px wide cannot read clips of {size} px: "
            "give only one of --clip-width and --size"
        )
    structure = resolve_structure(name, **options).structure
    names = _class_names(classes) if classes else None
    kind = Answer(answer) if answer else None
    network = convert.network_from_tf_variables(structure, convert.read_tf_variables(variables), names, kind)
    card = {"command": command_line(), "description": f"{name}, from the variables of {variables.name}"}
    checkpoints.save(folder, network, settings, card)
    print(f"{folder}: {name}, {len(network.class_names)} {network.structure.answer.kind}")


def evaluate_command(
    checkpoint: CheckpointOption = "actionworld",
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 640,
    origin: OriginOption = MapOrigin.true,
    against: Annotated[
        str | None,
        typer.Option(
            help="Another checkpoint to compare with: the difference is measured on the same clips."
        ),
    ] = None,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """Measure accuracy with its 95 % interval, overall and per class."""
    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import measuring, reports

    names = (checkpoint, against) if against else (checkpoint,)
    measured, skipped = [], []
    for name in names:
        loaded = resolve(name, torch_device(device))
        examples = measuring.examples(loaded, data, split, clips=clips, origin=origin)
        with float_precision(fast):
            measured.append(measuring.evaluate_checkpoint(loaded, examples))
        skipped.append(list(examples.skipped))
    if against and skipped[0] != skipped[1]:
        raise PeerattnError(
            f"{checkpoint} and {against} cannot read the same clips: remove those that only one can read"
        )
    result = measured[0].to_json() | (
        reports.comparison_json(measured[0], measured[1], against) if against else {}
    )
    result["skipped"] = skipped[0]
    report(result, reports.evaluation_table(measured[0], checkpoint, result), json_file)


def prune_command(
    threshold: Annotated[
        float, typer.Option(help="Remove connections whose weight is lower than this.", min=0, max=1)
    ],
    checkpoint: CheckpointOption = "actionworld",
    out: Annotated[str | None, typer.Option(help="Save the smaller network under this name.")] = None,
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 640,
    origin: OriginOption = MapOrigin.true,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """Remove the weak connections of a network, and measure what that costs in accuracy and what it saves."""
    from peerattn.checkpoints import checkpoint as checkpoints
    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import measuring, reports
    from peerattn.network.latency import measure_latencies
    from peerattn.pruning.threshold import prune

    folder = checkpoints.new_folder(out) if out else None
    loaded = resolve(checkpoint, torch_device(device))
    smaller = dataclasses.replace(loaded, network=prune(loaded.network, threshold))
    examples = measuring.examples(loaded, data, split, clips=clips, origin=origin, passes=2)
    settings = loaded.settings
    with float_precision(fast):
        before, after = (measuring.evaluate_checkpoint(one, examples) for one in (loaded, smaller))
        measured = [loaded.network, smaller.network]
        times = measure_latencies(measured, frames=settings.window, size=settings.size)
    result = reports.pruning_json(loaded, smaller, threshold, (before, after), times)
    if folder:
        card = checkpoints.pruned_card(loaded, threshold, command_line())
        card["metrics"] = {"after_pruning": reports.headline_json(after)}
        checkpoints.save(folder, smaller.network, settings, card)
    report(result, reports.pruning_table(result, checkpoint), json_file)


def _published_options(
    attention: str | None, object_classes: int | None, clip_width: int | None
) -> dict[str, Any]:
    """Return the fields of `Options` that the user set; a clip width of 0 means lite's published channels."""
    options = _without_none(attention=attention, object_classes=object_classes, clip_width=clip_width)
    return {**options, "clip_width": None} if clip_width == 0 else options


def _class_names(path: Path) -> list[str]:
    """Return the class names in a text file, one per line. Raises PeerattnError for none or for repeats."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise PeerattnError(
            f"{path} is not a text file: give a file with the names of the classes, one per line"
        ) from error
    names = [line.strip() for line in lines if line.strip()]
    if len(set(names)) < max(len(names), 1):
        raise PeerattnError(f"{path} has no names, or has one twice: give each class a name of its own")
    return names


def _without_none(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}
