"""The commands of `peerattn`, as one program."""

from __future__ import annotations

import typer

from peerattn.cli import data
from peerattn.cli.attention import attention_command
from peerattn.cli.calibration import calibrate_command
from peerattn.cli.clips import export_command, record_command, report_command
from peerattn.cli.effect import effect_command
from peerattn.cli.health import health_command
from peerattn.cli.networks import convert_command, evaluate_command, prune_command, structure_command
from peerattn.cli.segmentation import cross_fit_command, evaluate_objects_command, train_objects_command
from peerattn.cli.training import train_command
from peerattn.cli.usual import usual_command

app = typer.Typer(help="Peer-attention video networks: build, train, record, prune.")
app.command("record")(record_command)
app.command("report")(report_command)
app.command("export")(export_command)
app.add_typer(data.app, name="data")
app.command("train")(train_command)
app.command("train-objects")(train_objects_command)
app.command("evaluate-objects")(evaluate_objects_command)
app.command("cross-fit")(cross_fit_command)
app.command("calibrate")(calibrate_command)
app.command("structure")(structure_command)
app.command("convert")(convert_command)
app.command("evaluate")(evaluate_command)
app.command("prune")(prune_command)
app.command("effect")(effect_command)
app.command("attention")(attention_command)
app.command("health")(health_command)
app.command("usual")(usual_command)
