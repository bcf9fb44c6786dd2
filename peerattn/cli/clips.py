"""The commands that run one clip: `record`, `report`, `export`.

Invalid options, and clips that their header already shows to be unreadable, are reported before torch loads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peerattn.cli.clip_request import ClipRequest, ExportTable
from peerattn.cli.console import Device, DeviceOption, FastOption, JsonOption, report
from peerattn.errors import PeerattnError
from peerattn.files.paths import REAL_CLIPS_CHECKPOINT

ClipArgument = Annotated[Path, typer.Argument(help="A video file.")]
NetworkOption = Annotated[
    str,
    typer.Option(
        help="A checkpoint; or a published network or a JSON structure, which run with untrained filters."
    ),
]
MapsOption = Annotated[
    Path | None, typer.Option(help="A file of object maps for the clip (otherwise they are estimated).")
]
SegmenterOption = Annotated[
    str | None,
    typer.Option(
        help="The segmenter that estimates object maps: a checkpoint, segformer:NAME or segformer:FOLDER "
        "(default: the one that the network was trained with)."
    ),
]
HoldOption = Annotated[
    bool, typer.Option(help="Repeat each object map for the following frames that have none.")
]
StartOption = Annotated[float, typer.Option(help="Where in the clip to start, in seconds.", min=0)]
StopOption = Annotated[
    float | None, typer.Option(help="Where in the clip to stop, in seconds (default: its end).")
]


def record_command(
    clip: ClipArgument,
    checkpoint: NetworkOption = REAL_CLIPS_CHECKPOINT,
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
    """Predict what a clip shows, and record the trace of every connection while the network runs."""
    request = ClipRequest(clip, checkpoint, objects, hold, (start, stop), device, segmenter, fast)
    request.check()

    from peerattn.cli import reports
    from peerattn.cli.clip_run import run_clip
    from peerattn.scores.verdict import verdict

    run = run_clip(request)
    if out:
        run.trace.save(out)
    table = reports.predictions_table(run.trace, clip.name, verdict(run.trace, run.loaded.card))
    report(run.trace.to_json(), table, json_file)


def report_command(
    clip: ClipArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write.")],
    checkpoint: NetworkOption = REAL_CLIPS_CHECKPOINT,
    objects: MapsOption = None,
    segmenter: SegmenterOption = None,
    hold: HoldOption = False,
    start: StartOption = 0.0,
    stop: StopOption = None,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
) -> None:
    """Write one HTML file that shows what happens inside the network; it opens in any browser, offline."""
    _check_suffix(out, (".html", ".htm"))
    request = ClipRequest(clip, checkpoint, objects, hold, (start, stop), device, segmenter, fast)
    request.check()

    from peerattn.cli.clip_reports import report_page
    from peerattn.cli.clip_run import run_clip

    out.write_text(report_page(run_clip(request)), encoding="utf-8")
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def export_command(
    clip: ClipArgument,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="The file to write: a film (.mp4, .gif), a table (.csv) or the trace (.json)."
        ),
    ],
    table: Annotated[
        ExportTable, typer.Option(help="The table to write to a .csv file.")
    ] = ExportTable.connections,
    dark: Annotated[bool, typer.Option("--dark", help="Draw the film on a dark background.")] = False,
    speed: Annotated[float, typer.Option(help="How many times faster than the clip the film plays.")] = 1.0,
    frame_rate: Annotated[
        float | None,
        typer.Option(
            help="Frames per second of the film (default: one for each frame that the network read)."
        ),
    ] = None,
    checkpoint: NetworkOption = REAL_CLIPS_CHECKPOINT,
    objects: MapsOption = None,
    segmenter: SegmenterOption = None,
    hold: HoldOption = False,
    start: StartOption = 0.0,
    stop: StopOption = None,
    device: DeviceOption = Device.auto,
    fast: FastOption = False,
) -> None:
    """Write a film of a clip and its level graph, a table, or the trace, depending on the file's suffix."""
    from peerattn.figures import film

    suffix = _check_suffix(out, (".json", ".csv", *film.SUFFIXES))
    film.check_timing(speed, frame_rate)
    request = ClipRequest(clip, checkpoint, objects, hold, (start, stop), device, segmenter, fast)
    request.check()

    from peerattn.cli.clip_reports import TABLES, write_film
    from peerattn.cli.clip_run import run_clip

    run = run_clip(request)
    if suffix == ".json":
        run.trace.save(out)
    elif suffix == ".csv":
        TABLES[table](run.trace).to_csv(out, index=False)
    else:
        schedule = film.schedule(run.trace.times, speed=speed, frame_rate=frame_rate)
        write_film(out, run, schedule, dark=dark)
    print(out)


def _check_suffix(out: Path, allowed: tuple[str, ...]) -> str:
    """Return the suffix. Raises PeerattnError if it is not allowed, or if the folder does not exist."""
    suffix = out.suffix.lower()
    if suffix not in allowed:
        endings = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        raise PeerattnError(f"{out} does not end in {endings}: choose such a name")
    if not out.absolute().parent.is_dir():
        raise PeerattnError(f"{out.parent} is not a folder: create it first, or choose another")
    return suffix
