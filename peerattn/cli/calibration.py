"""The command `calibrate`: probabilities that mean what they say, and when the answer is "none of these"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from peerattn.cli.console import Device, DeviceOption, JsonOption, Objects, as_folder, chosen_device, report
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS


def calibrate_command(
    checkpoint: Annotated[str, typer.Option(help="The checkpoint; its weights and card are written anew.")],
    data: Annotated[
        Path,
        typer.Option(
            help="A folder of labelled clips that it was not trained on, or a zip of one.", callback=as_folder
        ),
    ],
    split: Annotated[str | None, typer.Option(help="The split (default: test, else val).")] = None,
    sister: Annotated[
        str | None,
        typer.Option(help="A checkpoint of the same recipe that was trained without some of the classes."),
    ] = None,
    objects: Annotated[
        Objects, typer.Option(help="Object maps: estimated, as for clips without, or a folder's own.")
    ] = Objects.estimated,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Fit the temperature of a checkpoint; with a sister, measure how well it can say "none of these".

    Without one, what the card says of that stays, its threshold fitted anew at the new temperature. Of labels
    a threshold for each is fitted too, where enough of the clips have it and enough lack it.
    """
    from peerattn.checkpoints import checkpoint as checkpoints
    from peerattn.checkpoints.resolving import resolve
    from peerattn.cli import calibration_run
    from peerattn.network.temperature import divide_logits
    from peerattn.scores.calibration import NoneOfThese

    loaded = resolve(checkpoint, chosen_device(device))
    if loaded.folder is None:
        raise PeerattnError(f"{checkpoint} is no checkpoint but an untrained network: train it first")
    answer = loaded.structure.answer
    several = ANSWERS[answer.kind].several
    if sister and several:
        raise PeerattnError(
            f"{checkpoint} answers with {answer.kind}, which may be none for any clip: leave out --sister"
        )
    own = calibration_run.answers_of(loaded, data, split, objects)
    known = own.truth(loaded.class_names).known
    by = own.temperature(loaded.class_names, known)
    card = {**loaded.card, "calibration": calibration_run.calibration(own, loaded.class_names, by)}
    if sister:
        other = resolve(sister, chosen_device(device))
        answered = calibration_run.answers_of(other, data, split, objects)
        rule: NoneOfThese | None = calibration_run.none_of_these(answered, other)
    else:
        rule = None if several else NoneOfThese.from_card(loaded.card)
    if rule:  # its threshold is one of probabilities at this very temperature
        card["none_of_these"] = rule.at(own.probabilities(by)[known].max(axis=1)).to_json()
    elif several:
        card.pop("none_of_these", None)
    thresholds = calibration_run.thresholds(own, loaded.class_names, by)
    if thresholds != answer.thresholds:
        loaded.network.structure = loaded.structure.with_answer(replace(answer, thresholds=thresholds))
    divide_logits(loaded.network, by)
    checkpoints.save(loaded.folder, loaded.network, loaded.settings, card)
    result: dict[str, Any] = {name: card[name] for name in ("calibration", "none_of_these") if name in card}
    if thresholds:
        result["thresholds"] = dict(zip(loaded.class_names, thresholds, strict=True))
    report(result, calibration_run.table(result, checkpoint), json_file)
