"""The report that the command `health` makes, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from rich.table import Table
from rich.text import Text

from peerattn.actionworld.clips import version_of
from peerattn.checkpoints.resolving import resolve
from peerattn.checkpoints.weighted_structure import resolve_structure
from peerattn.cli import measuring
from peerattn.cli.console import MapOrigin, progress_bar
from peerattn.pruning.health.findings import KINDS, notes
from peerattn.pruning.health.report import examine, examine_structure, examine_weights

NO_CLIPS = "there are no generated clips of its classes: give a folder of labelled clips with --data"


def structure_health(name: str) -> dict[str, Any]:
    """Return the report of a structure without trained filters, as JSON."""
    shown = resolve_structure(name)
    return {"name": shown.name, **examine_structure(shown.structure, shown.weights).to_json(), "skipped": []}


def checkpoint_health(
    name: str, device: torch.device, data: Path | None, split: str | None, *, clips: int, origin: MapOrigin
) -> dict[str, Any]:
    """Return the report of a checkpoint as JSON, on labelled clips if there are any of its classes."""
    loaded = resolve(name, device)
    if data is None and split is None and version_of(loaded.class_names) is None:
        found = examine_weights(loaded.network, no_clips=NO_CLIPS)
        return {"name": loaded.name, **found.to_json(), "skipped": []}
    examples = measuring.examples(loaded, data, split, clips=clips, origin=origin, passes=4)
    measuring.print_precision(loaded)
    with progress_bar("clips read and run") as progress:
        found = examine(loaded.network, examples, window=loaded.settings.window, progress=progress)
    return {"name": loaded.name, **found.to_json(), "skipped": list(examples.skipped)}


def table(result: Mapping[str, Any]) -> Table:
    """Return a table of the findings, with what they mean and what was not checked below it."""
    findings = result["findings"]
    clips = f", {result['n']} clips" if result["n"] else ""
    rows = Table(
        title=Text(f"{result['name']}: {len(findings)} finding{'s' * (len(findings) != 1)}{clips}"),
        caption=Text("\n".join(_lines(result))),
        caption_justify="left",
    )
    for column in ("finding", "where", "value", "limit"):
        rows.add_column(column, justify="right" if column in ("value", "limit") else "left")
    for one in findings:
        numbers = (f"{one['value']:.3g}", f"{one['limit']:g}")
        rows.add_row(KINDS[one["kind"]].title, Text(one["place"]), *numbers)
    return rows


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    yield from notes(result)
    if result["skipped"]:
        yield f"clips left out: {len(result['skipped'])}, listed by --json"
