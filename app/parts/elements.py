"""Small page elements shared by the screens: charts, metrics, progress bars and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.keys import Key
from app.parts.columns import Shown, show_table
from app.parts.words import duration, plain
from app.work.jobs import Job
from peerattn.traces.trace import Trace

CSV_NAMES: Mapping[str, str] = {
    "Mean attention factor by source modality": "attention-by-modality",
    "Mean attention factor by target level": "attention-by-level",
    "Distribution of attention factors by target level": "factors-by-level",
}
"""Title of a table → the end of the name of its CSV file, where that does not follow from the title."""


def metric_row() -> DeltaGenerator:
    """Return a row to which `metric` adds; it wraps on a narrow page."""
    return st.container(horizontal=True)


def metric(row: DeltaGenerator, title: str, value: str | int | None, *notes: str, meaning: str = "") -> None:
    """Add a metric to a row: its title, its value, notes in small print, and its meaning as a tooltip."""
    with row.container(width=168, gap=None):
        st.metric(title, value, help=meaning or None)
        for note in filter(None, notes):
            st.caption(plain(note))


def progress(job: Job, counted: str, *, key: Key[bool], every: float = 1.0) -> None:
    """Draw the progress of a job and a Cancel button until the job ends, then rerun the page.

    `counted` says what is counted, such as `clips read`. It is redrawn `every` so many seconds.
    """
    st.fragment(progress_now, run_every=every)(job, counted, key=key)


def progress_now(job: Job, counted: str, *, key: Key[bool], time_left: bool = False) -> None:
    """Draw the progress once, for a fragment that draws other things too; with the `time_left` if wanted."""
    if not job.running:
        st.rerun()
    text = f"{job.done} of {job.total} {counted}" if job.total else "Waiting to start …"
    if time_left and (seconds := job.seconds_left) is not None:
        text += f", about {duration(seconds)} left"
    st.progress(job.done / job.total if job.total else 0.0, text)
    if st.button("Cancel", key=key):
        job.cancel()
        st.rerun()


def table_with_csv(
    makers: Mapping[str, Callable[[], pd.DataFrame]],
    *,
    stem: str,
    key: Key[bool] = keys.CSV_DOWNLOAD,
    shown: Sequence[Shown] = (),
    wrapped: bool = False,
) -> DeltaGenerator:
    """Draw one of several tables and its CSV download; return the row of the download button.

    `makers` are functions that make the tables, by title; only the chosen table is made. `shown` are the
    columns that the page shows, and long texts are `wrapped` (see `show_table`); the CSV has all columns.
    """
    chosen = next(iter(makers))
    if len(makers) > 1:
        chosen = st.segmented_control(
            "Table",
            list(makers),
            default=chosen,
            required=True,
            key=key.scoped("of"),
            label_visibility="collapsed",
        )
    table = makers[chosen]()
    height: int | Literal["auto"] = 320 if len(table) > 8 else "auto"
    show_table(table, alt=chosen, height=height, shown=shown, wrapped=wrapped)
    name = f"{stem}-{CSV_NAMES.get(chosen, chosen.lower().replace(' ', '-'))}.csv"
    csv = table.to_csv(index=False)
    row = st.container(horizontal=True)
    row.download_button(f"{chosen} (CSV)", csv, name, "text/csv", on_click="ignore", key=key)
    return row


def table_with_downloads(
    makers: Mapping[str, Callable[[], pd.DataFrame]], trace: Trace, *, stem: str
) -> None:
    """Draw one of several tables, with downloads of its CSV and of the whole trace."""
    row = table_with_csv(makers, stem=stem)
    row.download_button(
        "Whole trace (JSON)",
        trace.to_json,
        f"{stem}-trace.json",
        "application/json",
        on_click="ignore",
        key=keys.TRACE_DOWNLOAD,
    )
