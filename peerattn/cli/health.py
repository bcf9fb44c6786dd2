"""The command `health`: what is wrong with a network."""

from __future__ import annotations

from typing import Annotated

import typer

from peerattn.cli.console import (
    Device,
    DeviceOption,
    FastOption,
    JsonOption,
    MapOrigin,
    float_precision,
    report,
    torch_device,
)
from peerattn.cli.networks import ClipsOption, DataOption, OriginOption, SplitOption


def health_command(
    name: Annotated[
        str,
        typer.Argument(help="A checkpoint, a published structure, or a JSON file of a structure or a list."),
    ],
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 192,
    origin: OriginOption = MapOrigin.true,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """Report what is wrong with a network: parts that never learned, do nothing, or never change.

    Its connection and attention weights are checked, and what it does on labelled clips. A structure without
    trained filters gets the checks of its connections and blocks only.
    """
    from peerattn.checkpoints.weighted_structure import names_structure
    from peerattn.cli import health_run

    if names_structure(name):
        result = health_run.structure_health(name)
    else:
        with float_precision(fast):
            result = health_run.checkpoint_health(
                name, torch_device(device), data, split, clips=clips, origin=origin
            )
    report(result, health_run.table(result), json_file)
