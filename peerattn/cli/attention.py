"""The command `attention`: does attention matter in a network?"""

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
from peerattn.cli.networks import CheckpointOption, ClipsOption, DataOption, OriginOption, SplitOption


def attention_command(
    checkpoint: CheckpointOption = "actionworld",
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 192,
    training_split: Annotated[
        str, typer.Option(help="The split of the data with the clips from which batch norm is estimated.")
    ] = "train",
    training_clips: Annotated[
        int, typer.Option(help="How many of them to use, or to generate: at least 200.", min=1)
    ] = 208,
    origin: OriginOption = MapOrigin.true,
    seed: Annotated[
        int, typer.Option(help="The seed for choosing donor clips and random deviations.", min=0)
    ] = 0,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """Measure whether attention matters: replace all attention factors, beside random deviations.

    The factors are held at their mean over each clip, made the same for all clips, set to 1, or taken from
    another clip. Each loss is reported beside that by random deviations of the same size, with batch norm as
    trained and re-estimated from training clips; only what is lost beyond the control counts.
    """
    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import attention_run
    from peerattn.data.labelled_set import LabelledSet

    loaded = resolve(checkpoint, torch_device(device))
    chosen = LabelledSet(data, split, clips, origin.value)
    with float_precision(fast):
        result = attention_run.measure(
            loaded, chosen, training_split=training_split, training_clips=training_clips, seed=seed
        )
    report(result, attention_run.table(result, loaded.name), json_file)
