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
    Objects,
    allowed_precision,
    as_folder,
    chosen_device,
    command_line,
    report,
)
from peerattn.errors import PeerattnError

CheckpointOption = Annotated[str, typer.Option(help="The name of a checkpoint.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        help="A folder of labelled clips, or a zip of one; without it, generated test clips.",
        callback=as_folder,
    ),
]
SplitOption = Annotated[str | None, typer.Option(help="The split of the data (default: test, else val).")]
ClipsOption = Annotated[int, typer.Option(help="How many generated test clips.", min=1)]
ObjectsOption = Annotated[
    Objects, typer.Option(help="Object maps: the true ones (a folder's own), or estimated ones.")
]
AttentionOption = Annotated[str | None, typer.Option(help="Of a published structure: peer, self or none.")]
ObjectClassesOption = Annotated[int | None, typer.Option(help="Of a published structure.")]
ClipWidthOption = Annotated[
    int | None, typer.Option(help="Pixels for which a published lite is built; 0: its true channels.")
]


def structure_command(
    name: Annotated[
        str,
        typer.Argument(help="A published structure, a checkpoint, or a JSON file: a structure, or a list."),
    ],
    threshold: Annotated[float, typer.Option(help="Remove connections of lower weight.")] = 0.0,
    frames: Annotated[
        int | None, typer.Option(help="Frames of the clip that costs are counted for.", min=1)
    ] = None,
    size: Annotated[int | None, typer.Option(help="Pixels per side of that clip.", min=1)] = None,
    classes: Annotated[int | None, typer.Option(help="How many classes the network tells.", min=1)] = None,
    attention: AttentionOption = None,
    object_classes: ObjectClassesOption = None,
    clip_width: ClipWidthOption = None,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """The level graph, what a threshold would remove from it, and what it costs; needs no trained filters."""
    from peerattn.checkpoints.structure_facts import structure_facts
    from peerattn.checkpoints.weighted_structure import resolve_structure
    from peerattn.cli import structure_report

    options = _published_options(attention, object_classes, clip_width)
    sizes = _given(frames=frames, height=size, width=size, classes=classes)
    shown = dataclasses.replace(resolve_structure(name, **options), **sizes)
    result = structure_facts(shown, threshold)
    report(result, structure_report.table(result), json_file)


def convert_command(
    name: Annotated[str, typer.Argument(help="A published structure, or a JSON file of one.")],
    variables: Annotated[Path, typer.Argument(help="An .npz, or a TensorFlow checkpoint.")],
    out: Annotated[str, typer.Option(help="The name of the checkpoint to make.")],
    classes: Annotated[
        Path | None, typer.Option(help="A text file with the names of the classes, one a line.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Pixels per side of the clips that the network reads (224).")
    ] = None,
    window: Annotated[int, typer.Option(help="Frames over which it gives an answer.", min=3)] = 32,
    attention: AttentionOption = None,
    object_classes: ObjectClassesOption = None,
    clip_width: ClipWidthOption = None,
    answer: Annotated[
        str | None,
        typer.Option(help="What it is asked: classes (one a clip) or labels (usual for Charades' 157)."),
    ] = None,
) -> None:
    """Official TensorFlow variables of a published network as a checkpoint."""
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
            f"lite built for clips {clip_width} px wide cannot read {size} px: give one of them"
        )
    structure = resolve_structure(name, **options).structure
    names = _class_names(classes) if classes else None
    asked = Answer(answer) if answer else None
    network = convert.network_from_tf_variables(structure, convert.read_tf_variables(variables), names, asked)
    card = {"command": command_line(), "description": f"{name}, from the variables of {variables.name}"}
    checkpoints.save(folder, network, settings, card)
    print(f"{folder}: {name}, {len(network.class_names)} {network.structure.answer.kind}")


def evaluate_command(
    checkpoint: CheckpointOption = "actionworld",
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 640,
    objects: ObjectsOption = Objects.true,
    against: Annotated[
        str | None, typer.Option(help="Another checkpoint, measured on the same clips: how far it is behind.")
    ] = None,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """Accuracy with its 95 % interval, per class too."""
    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import measuring, reports

    names = (checkpoint, against) if against else (checkpoint,)
    measured, skipped = [], []
    for name in names:
        loaded = resolve(name, chosen_device(device))
        examples = measuring.examples(loaded, data, split, clips=clips, objects=objects)
        with allowed_precision(fast):
            measured.append(measuring.evaluated(loaded, examples))
        skipped.append(list(examples.skipped))
    if against and skipped[0] != skipped[1]:
        raise PeerattnError(
            f"{checkpoint} and {against} cannot read the same clips: leave out those that one cannot read"
        )
    result = measured[0].to_json() | (reports.against(measured[0], measured[1], against) if against else {})
    result["skipped"] = skipped[0]
    report(result, reports.evaluation_table(measured[0], checkpoint, result), json_file)


def prune_command(
    threshold: Annotated[float, typer.Option(help="Remove connections of lower weight.", min=0, max=1)],
    checkpoint: CheckpointOption = "actionworld",
    out: Annotated[str | None, typer.Option(help="Save the smaller network under this name.")] = None,
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 640,
    objects: ObjectsOption = Objects.true,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """A smaller network without the weak connections: what it costs in accuracy, what it saves."""
    from peerattn.checkpoints import checkpoint as checkpoints
    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import measuring, reports
    from peerattn.network.latency import measure_latencies
    from peerattn.pruning.threshold import prune

    folder = checkpoints.new_folder(out) if out else None
    loaded = resolve(checkpoint, chosen_device(device))
    smaller = dataclasses.replace(loaded, network=prune(loaded.network, threshold))
    examples = measuring.examples(loaded, data, split, clips=clips, objects=objects, passes=2)
    settings = loaded.settings
    with allowed_precision(fast):
        before, after = (measuring.evaluated(one, examples) for one in (loaded, smaller))
        timed = measure_latencies(
            [loaded.network, smaller.network], frames=settings.window, size=settings.size
        )
    result = reports.pruned(loaded, smaller, threshold, (before, after), timed)
    if folder:
        card = checkpoints.pruned_card(loaded, threshold, command_line())
        card["metrics"] = {"after_pruning": reports.accuracy(after)}
        checkpoints.save(folder, smaller.network, settings, card)
    report(result, reports.pruned_table(result, checkpoint), json_file)


def _published_options(
    attention: str | None, object_classes: int | None, clip_width: int | None
) -> dict[str, Any]:
    """Fields of `Options` that were given; lite's true channels have no clip width."""
    options = _given(attention=attention, object_classes=object_classes, clip_width=clip_width)
    return {**options, "clip_width": None} if clip_width == 0 else options


def _class_names(path: Path) -> list[str]:
    """The names in a text file, one a line; raises PeerattnError where a checkpoint could not have them."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise PeerattnError(
            f"{path} is not a text file: give the names of the classes, one a line"
        ) from error
    names = [line.strip() for line in lines if line.strip()]
    if len(set(names)) < max(len(names), 1):
        raise PeerattnError(f"{path} holds no name, or one twice: give each class a name of its own")
    return names


def _given(**values: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in values.items() if value is not None}
