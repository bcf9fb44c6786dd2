"""The commands that run one clip: `record`, `report`, `export`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer

from peerattn.checkpoints import untrained
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli import reports
from peerattn.cli.console import Device, DeviceOption, JsonOption, chosen_device, progress_bar, report
from peerattn.data.examples import read_clip
from peerattn.errors import PeerattnError
from peerattn.figures import film
from peerattn.figures.film_frames import FilmFrames
from peerattn.figures.film_layout import DARK, LIGHT
from peerattn.figures.recording import recording
from peerattn.figures.report import About, report_html
from peerattn.figures.report_panels import report_panels
from peerattn.modalities.clip import Clip
from peerattn.modalities.objects import read_objects
from peerattn.modalities.segmenter import Segmenter, segmenter_for, segmenter_name
from peerattn.recording.inside import inside
from peerattn.recording.recorder import Vectors, record_inside
from peerattn.scores.verdict import verdict
from peerattn.tables.attention import attention_weights_table, connections_table, factors_table
from peerattn.tables.clip import blocks_table, frame_ends, predictions_table
from peerattn.traces.trace import Trace

ClipArgument = Annotated[Path, typer.Argument(help="A video file.")]
NetworkOption = Annotated[
    str, typer.Option(help="A checkpoint, or with untrained filters: a published network, a JSON file.")
]
MapsOption = Annotated[Path | None, typer.Option(help="A file of object maps that goes with the clip.")]
SegmenterOption = Annotated[
    str | None,
    typer.Option(
        help="What estimates object maps (the network's own): a checkpoint, segformer:NAME, segformer:FOLDER."
    ),
]
HoldOption = Annotated[bool, typer.Option(help="Keep a map for the frames after it that have none.")]
StartOption = Annotated[float, typer.Option(help="Where to start, in seconds.", min=0)]
StopOption = Annotated[float | None, typer.Option(help="Where to stop, in seconds.")]


class Table(StrEnum):
    connections = "connections"
    factors = "factors"
    attention_weights = "attention-weights"
    blocks = "blocks"
    predictions = "predictions"


TABLES: Mapping[Table, Callable[[Trace], pd.DataFrame]] = {
    Table.connections: connections_table,
    Table.factors: factors_table,
    Table.attention_weights: attention_weights_table,
    Table.blocks: blocks_table,
    Table.predictions: predictions_table,
}
FILES = (".json", ".csv", *film.SUFFIXES)


@dataclass(frozen=True)
class Asked:
    """A clip, and how it is to be run."""

    clip: Path
    checkpoint: str
    objects: Path | None
    hold: bool
    stretch: tuple[float, float | None]
    device: Device
    segmenter: str | None = None


@dataclass(frozen=True)
class Ran:
    """A clip that has been run."""

    asked: Asked
    loaded: Checkpoint
    clip: Clip
    trace: Trace
    vectors: Vectors
    object_names: Mapping[int, str]


def record_command(
    clip: ClipArgument,
    checkpoint: NetworkOption = "actionworld",
    objects: MapsOption = None,
    segmenter: SegmenterOption = None,
    hold: HoldOption = False,
    start: StartOption = 0.0,
    stop: StopOption = None,
    out: Annotated[Path | None, typer.Option(help="Write the whole trace to this JSON file.")] = None,
    device: DeviceOption = Device.auto,
    json_file: JsonOption = None,
) -> None:
    """Predictions for a clip, and the trace of every connection while it ran."""
    ran = _run(Asked(clip, checkpoint, objects, hold, (start, stop), device, segmenter))
    if out:
        ran.trace.save(out)
    said = verdict(ran.trace, ran.loaded.card)
    report(ran.trace.to_json(), reports.predictions_table(ran.trace, clip.name, said), json_file)


def report_command(
    clip: ClipArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write.")],
    checkpoint: NetworkOption = "actionworld",
    objects: MapsOption = None,
    segmenter: SegmenterOption = None,
    hold: HoldOption = False,
    start: StartOption = 0.0,
    stop: StopOption = None,
    device: DeviceOption = Device.auto,
) -> None:
    """One HTML file to see inside the network with: it opens by double-click and needs no network."""
    _check_suffix(out, (".html", ".htm"))
    ran = _run(Asked(clip, checkpoint, objects, hold, (start, stop), device, segmenter))
    about = About(clip.name, checkpoint, date.today().isoformat(), _stretch(ran.trace))
    steps = partial(inside, ran.loaded.network, ran.vectors)
    panels = report_panels(ran.trace, steps, ran.object_names)
    out.write_text(report_html(ran.trace, _recording(ran), about, panels=panels), encoding="utf-8")
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def export_command(
    clip: ClipArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="What to write: a film (.mp4, .gif), .csv or .json (trace).")
    ],
    table: Annotated[Table, typer.Option(help="Which table a .csv holds.")] = Table.connections,
    dark: Annotated[bool, typer.Option("--dark", help="A film on a dark ground.")] = False,
    speed: Annotated[float, typer.Option(help="How many times faster a film plays.")] = 1.0,
    frame_rate: Annotated[
        float | None, typer.Option(help="Frames a second of a film (those the network read).")
    ] = None,
    checkpoint: NetworkOption = "actionworld",
    objects: MapsOption = None,
    segmenter: SegmenterOption = None,
    hold: HoldOption = False,
    start: StartOption = 0.0,
    stop: StopOption = None,
    device: DeviceOption = Device.auto,
) -> None:
    """A film of a clip and its level graph, a table or the trace, by the ending of the file's name."""
    suffix = _check_suffix(out, FILES)
    film.check(speed, frame_rate)
    ran = _run(Asked(clip, checkpoint, objects, hold, (start, stop), device, segmenter))
    if suffix == ".json":
        ran.trace.save(out)
    elif suffix == ".csv":
        TABLES[table](ran.trace).to_csv(out, index=False)
    else:
        shown = film.schedule(ran.trace.times, speed=speed, frame_rate=frame_rate)
        _write_film(out, ran, shown, dark=dark)
    print(out)


def segmenter_of(loaded: Checkpoint, name: str | None = None) -> Segmenter | None:
    """What estimates object maps, where a network reads them: the one of this name, else its card's.

    It runs where the network does.
    """
    name = name or segmenter_name(loaded.card)
    return segmenter_for(name, loaded.structure.read_modalities, loaded.device)


def _run(asked: Asked) -> Ran:
    loaded = untrained.opened(asked.checkpoint, chosen_device(asked.device))
    estimates = None if asked.objects else segmenter_of(loaded, asked.segmenter)
    clip = read_clip(
        asked.clip,
        loaded.structure.read_modalities,
        loaded.settings,
        objects=asked.objects,
        segmenter=estimates,
        stretch=asked.stretch,
        hold=asked.hold,
    )
    with progress_bar("blocks") as progress:
        trace, vectors = record_inside(
            loaded.network,
            clip,
            window=loaded.settings.window,
            baselines=loaded.settings.baselines,
            remarks=loaded.remarks,
            progress=progress,
        )
    classes = read_objects(asked.objects) if asked.objects and clip.objects else estimates
    names = dict(zip(classes.class_ids, classes.class_names, strict=True)) if classes else {}
    return Ran(asked, loaded, clip, trace, vectors, names)


def _recording(ran: Ran) -> bytes:
    flow: torch.Tensor | None = ran.clip.tensors.get("flow")
    return recording(
        ran.trace,
        ran.clip.images,
        object_ids=ran.clip.object_ids,
        object_names=ran.object_names,
        flow=None if flow is None else flow[0].cpu().numpy(),
    )


def _write_film(out: Path, ran: Ran, shown: film.Schedule, *, dark: bool) -> None:
    theme = DARK if dark else LIGHT
    title, subtitle = ran.asked.clip.name, ran.asked.checkpoint
    frames = FilmFrames(ran.trace, ran.clip.images, title=title, subtitle=subtitle, theme=theme)
    with progress_bar("frames") as progress:
        for done, total in film.write_film(out, frames.picture, shown):
            progress(done, total)


def _stretch(trace: Trace) -> dict[str, str]:
    return {"stretch": f"{trace.times[0]:.2f} to {frame_ends(trace.times)[-1]:.2f} s"}


def _check_suffix(out: Path, allowed: tuple[str, ...]) -> str:
    suffix = out.suffix.lower()
    if suffix not in allowed:
        raise PeerattnError(f"{out} does not end in {', '.join(allowed[:-1])} or {allowed[-1]}: name it so")
    if not out.absolute().parent.is_dir():
        raise PeerattnError(f"{out.parent} is not a folder: make it first, or choose another")
    return suffix
