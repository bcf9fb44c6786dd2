"""The command `calibrate`: calibrated probabilities, and when the answer is "none of these"."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peerattn.cli.console import Device, DeviceOption, JsonOption, MapOrigin, as_folder, report, torch_device
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS


def calibrate_command(
    checkpoint: Annotated[
        str, typer.Option(help="The checkpoint to calibrate; its weights and card are overwritten.")
    ],
    data: Annotated[
        Path,
        typer.Option(
            help="A folder, or a zip of one, of labelled clips that the network was not trained on.",
            callback=as_folder,
        ),
    ],
    split: Annotated[
        str | None, typer.Option(help="The split to use (default: test if there is one, else val).")
    ] = None,
    sister: Annotated[
        str | None,
        typer.Option(help="A checkpoint trained by the same recipe without some of the classes."),
    ] = None,
    origin: Annotated[
        MapOrigin,
        typer.Option("--objects", help="Use estimated object maps, or the true ones that the folder has."),
    ] = MapOrigin.estimated,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Fit the temperature of a checkpoint; with --sister, also measure how well it can say "none of these".

    Without --sister, an earlier measurement of "none of these" stays on the card, and only its threshold is
    fitted again, at the new temperature. For a network that answers with labels, a threshold is also fitted
    for each label that at least 5 clips have and at least 5 do not.
    """
    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import calibration_run

    loaded = resolve(checkpoint, torch_device(device))
    if loaded.folder is None:
        raise PeerattnError(f"{checkpoint} is an untrained network, not a checkpoint: train it first")
    kind = loaded.structure.answer.kind
    if sister and ANSWERS[kind].several:
        raise PeerattnError(
            f'{checkpoint} answers with {kind}, so "none of these" needs no rule: leave out --sister'
        )
    answers = calibration_run.answers_on_folder(loaded, data, split, origin)
    rule = None
    if sister:
        other = resolve(sister, torch_device(device))
        sister_answers = calibration_run.answers_on_folder(other, data, split, origin)
        rule = calibration_run.none_of_these(sister_answers, other)
    result = calibration_run.calibrate(loaded, answers, rule)
    report(result, calibration_run.table(result, checkpoint), json_file)
