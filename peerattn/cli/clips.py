"""The commands that run one clip: `record`, `report`, `export`.

What the options and the header of the clip already forbid is refused before torch is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peerattn.cli.asked import Asked, Table
from peerattn.cli.console import Device, DeviceOption, FastOption, JsonOption, report
from peerattn.errors import PeerattnError

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
    fast: FastOption = False,
    json_file: JsonOption = None,
) -> None:
    """Predictions for a clip, and the trace of every connection while it ran."""
    asked = Asked(clip, checkpoint, objects, hold, (start, stop), device, segmenter, fast)
    asked.check()

    from peerattn.cli import reports
    from peerattn.cli.clip_run import run
    from peerattn.scores.verdict import verdict

    ran = run(asked)
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
    fast: FastOption = False,
) -> None:
    """One HTML file to see inside the network with: it opens by double-click and needs no network."""
    _check_suffix(out, (".html", ".htm"))
    asked = Asked(clip, checkpoint, objects, hold, (start, stop), device, segmenter, fast)
    asked.check()

    from peerattn.cli.clip_reports import html
    from peerattn.cli.clip_run import run

    out.write_text(html(run(asked)), encoding="utf-8")
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
    fast: FastOption = False,
) -> None:
    """A film of a clip and its level graph, a table or the trace, by the ending of the file's name."""
    from peerattn.figures import film

    suffix = _check_suffix(out, (".json", ".csv", *film.SUFFIXES))
    film.check_timing(speed, frame_rate)
    asked = Asked(clip, checkpoint, objects, hold, (start, stop), device, segmenter, fast)
    asked.check()

    from peerattn.cli.clip_reports import TABLES, write_film
    from peerattn.cli.clip_run import run

    ran = run(asked)
    if suffix == ".json":
        ran.trace.save(out)
    elif suffix == ".csv":
        TABLES[table](ran.trace).to_csv(out, index=False)
    else:
        shown = film.schedule(ran.trace.times, speed=speed, frame_rate=frame_rate)
        write_film(out, ran, shown, dark=dark)
    print(out)


def _check_suffix(out: Path, allowed: tuple[str, ...]) -> str:
    suffix = out.suffix.lower()
    if suffix not in allowed:
        raise PeerattnError(f"{out} does not end in {', '.join(allowed[:-1])} or {allowed[-1]}: name it so")
    if not out.absolute().parent.is_dir():
        raise PeerattnError(f"{out.parent} is not a folder: make it first, or choose another")
    return suffix
