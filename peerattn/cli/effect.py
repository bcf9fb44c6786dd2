"""The command `effect`: how much accuracy drops without one of a network's components, or without two."""

from __future__ import annotations

from enum import StrEnum
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
from peerattn.graph.components import check_intervention


class ComponentKind(StrEnum):
    """The kinds of component whose effect can be measured: the values of `--of`."""

    modality = "modality"
    block = "block"
    connection = "connection"
    attention = "attention"


class Intervention(StrEnum):
    """What is done to a component: the values of `--how`."""

    swap = "swap"
    remove = "remove"
    mean = "mean"
    one = "one"
    shuffle = "shuffle"


def effect_command(
    of: Annotated[
        ComponentKind,
        typer.Option(help="The kind of component: every component of this kind is changed in turn."),
    ],
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="Change only this component: a modality, a block, SOURCE_to_TARGET for a connection, or "
            "SOURCE_to_TARGET:PEER for an attention connection, through which a peer attends that connection "
            "(repeat for several; default: all)."
        ),
    ] = None,
    how: Annotated[
        Intervention,
        typer.Option(
            help="What to do to the component. swap: use another clip's. remove: leave it out. shuffle "
            "(modalities and connections): put its frames in another order. mean (connections): hold its "
            "attention factors at their mean over time. one (connections): set its attention factors to 1."
        ),
    ] = Intervention.swap,
    checkpoint: CheckpointOption = "actionworld",
    data: DataOption = None,
    split: SplitOption = None,
    clips: ClipsOption = 192,
    origin: OriginOption = MapOrigin.true,
    seed: Annotated[
        int, typer.Option(help="The seed for choosing donor clips and shuffling frames.", min=0)
    ] = 0,
    pointwise: Annotated[
        bool,
        typer.Option(
            "--pointwise",
            help="Show an interval for each component alone, instead of intervals that hold for all at once.",
        ),
    ] = False,
    pairs: Annotated[
        bool,
        typer.Option(
            "--pairs",
            help="Change two components at once, and measure what that costs beyond the sum of each alone. "
            "Up to ten pairs are all measured; of more, five are chosen on some of the clips and measured "
            "on the others.",
        ),
    ] = False,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """Measure how much accuracy drops without a modality, block, connection or attention connection.

    Components are changed one at a time on the same clips; each drop is reported with a 95 % interval. In a
    swap, each clip gets the component from another clip of the set, preferably of a different class.
    """
    check_intervention(of, how)

    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import effect_pairs_run, effect_run, measuring

    loaded_checkpoint = resolve(checkpoint, torch_device(device))
    # A swap reads clips three times: to choose their donors, to run them, and as donors of others.
    passes = (3 if how is Intervention.swap else 1) + 2 * pairs
    examples = measuring.examples(loaded_checkpoint, data, split, clips=clips, origin=origin, passes=passes)
    if pairs:
        with float_precision(fast):
            found = effect_pairs_run.measure_pairs(
                loaded_checkpoint, examples, of=of, how=how, names=name, seed=seed
            )
        result = effect_pairs_run.to_json(found, examples.skipped)
        report(result, effect_pairs_run.table(found, loaded_checkpoint.name, of, how), json_file)
        return
    with float_precision(fast):
        effects = effect_run.measure_effects(
            loaded_checkpoint, examples, of=of, how=how, names=name, seed=seed
        )
    result = effect_run.to_json(effects, examples.skipped)
    report(result, effect_run.table(result, loaded_checkpoint.name, of, how, pointwise=pointwise), json_file)
