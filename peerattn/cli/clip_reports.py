"""What the commands write about a clip that has been run: an HTML report, tables, a film."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd

from peerattn.cli.clip_request import ExportTable
from peerattn.cli.clip_run import ClipRun
from peerattn.cli.console import progress_bar
from peerattn.figures import film
from peerattn.figures.film_frames import FilmFrames
from peerattn.figures.film_layout import DARK, LIGHT
from peerattn.figures.recording import pack_recording
from peerattn.figures.report import ReportHeading, report_html
from peerattn.figures.report_panels import report_panels
from peerattn.recording.inside import inside
from peerattn.tables.attention import attention_weights_table, connections_table, factors_table
from peerattn.tables.clip import blocks_table, frame_ends, predictions_table
from peerattn.tables.moments import moments_table
from peerattn.traces.trace import Trace
from peerattn.traces.usual import load_usual

TABLES: Mapping[ExportTable, Callable[[Trace], pd.DataFrame]] = {
    ExportTable.connections: connections_table,
    ExportTable.factors: factors_table,
    ExportTable.attention_weights: attention_weights_table,
    ExportTable.moments: moments_table,
    ExportTable.blocks: blocks_table,
    ExportTable.predictions: predictions_table,
}


def report_page(run: ClipRun) -> str:
    """Return the report: one HTML page that shows what happened inside the network."""
    request, trace = run.request, run.trace
    stretch = f"{trace.times[0]:.2f} to {frame_ends(trace.times)[-1]:.2f} s"
    about = ReportHeading(
        request.clip.name, request.checkpoint, date.today().isoformat(), {"stretch": stretch}
    )
    panels = report_panels(trace, partial(inside, run.loaded.network, run.vectors), run.clip.object_names)
    return report_html(trace, _recording(run), about, panels=panels)


def _recording(run: ClipRun) -> bytes:
    """Return what the report's browser component needs: the trace, the images and the optical flow."""
    return pack_recording(
        run.trace,
        run.clip.images,
        object_ids=run.clip.object_ids,
        object_names=run.clip.object_names,
        flow=run.clip.flow,
        flow_step=1 / run.loaded.settings.frame_rate,
        joints=run.clip.joints,
        usual=load_usual(run.loaded.folder, run.loaded.structure),
    )


def write_film(out: Path, run: ClipRun, schedule: film.Schedule, *, dark: bool) -> None:
    """Write the film, with progress on stderr."""
    theme = DARK if dark else LIGHT
    title, subtitle = run.request.clip.name, run.request.checkpoint
    frames = FilmFrames(run.trace, run.clip.images, title=title, subtitle=subtitle, theme=theme)
    with progress_bar("frames") as progress:
        for done, total in film.write_film(out, frames.picture, schedule):
            progress(done, total)
