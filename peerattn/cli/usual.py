"""The command `usual`: what a network usually does, with which pictures of one clip are compared."""

from __future__ import annotations

from typing import Annotated

import typer

from peerattn.cli.console import Device, DeviceOption, JsonOption, MapOrigin, report, torch_device
from peerattn.cli.networks import DataOption, OriginOption


def usual_command(
    name: Annotated[str, typer.Argument(help="A checkpoint.")],
    data: DataOption = None,
    split: Annotated[str, typer.Option(help="The split of the data.")] = "train",
    clips: Annotated[int, typer.Option(help="How many clips to record, drawn at random.", min=1)] = 200,
    origin: OriginOption = MapOrigin.true,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Record many clips, and save beside the checkpoint what its network usually does.

    The range of each measure of attention, over all connections, is the scale on which pictures of a clip are
    drawn. The mean heat map of each block shows what comes from the padding of its convolutions.
    """
    from peerattn.checkpoints.checkpoint import load
    from peerattn.cli import usual_run
    from peerattn.data.labelled_set import LabelledSet
    from peerattn.files.paths import folder_of

    loaded = load(folder_of(name) or name, torch_device(device))
    chosen = LabelledSet(data, split if data else None, origin=origin.value)
    usual = usual_run.measure(loaded, chosen, clips=clips, split=split)
    report(usual.to_json(), usual_run.table(usual, loaded.name), json_file)
