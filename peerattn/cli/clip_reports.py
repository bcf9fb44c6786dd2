"""What the commands write of a clip that has been run: one HTML file, tables, a film."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from peerattn.cli.asked import Table
from peerattn.cli.clip_run import Ran
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
from peerattn.traces.trace import Trace

TABLES: Mapping[Table, Callable[[Trace], pd.DataFrame]] = {
    Table.connections: connections_table,
    Table.factors: factors_table,
    Table.attention_weights: attention_weights_table,
    Table.blocks: blocks_table,
    Table.predictions: predictions_table,
}


def html(ran: Ran) -> str:
    """The report: one file to see inside the network with."""
    asked, trace = ran.asked, ran.trace
    stretch = f"{trace.times[0]:.2f} to {frame_ends(trace.times)[-1]:.2f} s"
    about = ReportHeading(asked.clip.name, asked.checkpoint, date.today().isoformat(), {"stretch": stretch})
    panels = report_panels(trace, partial(inside, ran.loaded.network, ran.vectors), ran.clip.object_names)
    return report_html(trace, _recording(ran), about, panels=panels)


def _recording(ran: Ran) -> bytes:
    flow: torch.Tensor | None = ran.clip.tensors.get("flow")
    return pack_recording(
        ran.trace,
        ran.clip.images,
        object_ids=ran.clip.object_ids,
        object_names=ran.clip.object_names,
        flow=None if flow is None else flow[0].cpu().numpy(),
    )


def write_film(out: Path, ran: Ran, shown: film.Schedule, *, dark: bool) -> None:
    """Write the film, with progress on stderr."""
    theme = DARK if dark else LIGHT
    title, subtitle = ran.asked.clip.name, ran.asked.checkpoint
    frames = FilmFrames(ran.trace, ran.clip.images, title=title, subtitle=subtitle, theme=theme)
    with progress_bar("frames") as progress:
        for done, total in film.write_film(out, frames.picture, shown):
            progress(done, total)
