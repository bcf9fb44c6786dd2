"""The command `effect`: what accuracy loses without a part of a network."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from peerattn.cli.console import (
    Device,
    DeviceOption,
    FastOption,
    JsonOption,
    Objects,
    allowed_precision,
    chosen_device,
    report,
)
from peerattn.cli.networks import CheckpointOption, ClipsOption, DataOption, ObjectsOption, SplitOption
from peerattn.graph.components import check_intervention


class Of(StrEnum):
    modality = "modality"
    block = "block"
    connection = "connection"
    attention = "attention"


class How(StrEnum):
    swap = "swap"
    remove = "remove"
    mean = "mean"
    one = "one"
    shuffle = "shuffle"


def effect_command(
    of: Annotated[Of, typer.Option(help="What to change, one after another.")],
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this one: a modality, a block, SOURCE_to_TARGET, or of attention "
            "SOURCE_to_TARGET:PEER (as often as wanted; without it, all)."
        ),
    ] = None,
    how: Annotated[
        How,
        typer.Option(
            help="Swapped for another clip's, removed, factors at their mean or at 1, frames shuffled."
        ),
    ] = How.swap,
    checkpoint: CheckpointOption = "actionworld",
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 192,
    objects: ObjectsOption = Objects.true,
    seed: Annotated[int, typer.Option(help="Of the donors, and of the order of frames.", min=0)] = 0,
    pointwise: Annotated[
        bool,
        typer.Option(
            "--pointwise", help="Show intervals that hold each for itself, where the table's hold at once."
        ),
    ] = False,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """What accuracy loses without a modality, block, connection or attention connection, with its interval.

    Each is changed alone while the same clips run. To swap, each clip is given what another clip of the set
    has there, one of another class where there is one.
    """
    check_intervention(of, how)

    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import effect_run, measuring

    loaded = resolve(checkpoint, chosen_device(device))
    passes = 3 if how is How.swap else 1  # to choose donors, for the clips, for their donors
    examples = measuring.examples(loaded, data, split, clips=clips, objects=objects, passes=passes)
    with allowed_precision(fast):
        found = effect_run.measured(loaded, examples, of=of, how=how, names=name, seed=seed)
    result = effect_run.to_json(found, examples.skipped)
    report(result, effect_run.table(result, loaded.name, of, how, pointwise=pointwise), json_file)
