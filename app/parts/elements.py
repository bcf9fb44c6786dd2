"""Small parts that the screens use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import keys
from app.keys import Key
from app.parts.words import plain
from app.work.jobs import Job
from peerattn.traces.trace import Trace


def chart(figure: go.Figure, key: str, description: str) -> None:
    """A figure without plotly's tool bar."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False, "displaylogo": False}, alt=description)


def numbers() -> DeltaGenerator:
    """A row for `number`s, which goes on below where it is too narrow."""
    return st.container(horizontal=True)


def number(row: DeltaGenerator, title: str, value: str | int | None, *notes: str, meaning: str = "") -> None:
    """A number under its title, with notes in small print, and what it means on hover."""
    with row.container(width=168, gap=None):
        st.metric(title, value, help=meaning or None)
        for note in filter(None, notes):
            st.caption(plain(note))


def progress(job: Job, done: str, *, key: Key[bool], every: float = 1.0) -> None:
    """How far a job is, drawn anew until it ends, and its Cancel; then the whole page is drawn.

    `done` says what is counted: `clips read`. `every` is in seconds.
    """
    st.fragment(progress_now, run_every=every)(job, done, key=key)


def progress_now(job: Job, done: str, *, key: Key[bool]) -> None:
    """The same once, for a fragment that draws more beside it."""
    if not job.running:
        st.rerun()
    said = f"{job.done} of {job.total} {done}" if job.total else "Waiting to begin …"
    st.progress(job.done / job.total if job.total else 0.0, said)
    if st.button("Cancel", key=key):
        job.cancel()
        st.rerun()


def table_with_csv(
    makers: Mapping[str, Callable[[], pd.DataFrame]], *, stem: str, key: Key[bool] = keys.CSV
) -> DeltaGenerator:
    """One of several tables at a time, and its CSV; returns the row of the download."""
    chosen = next(iter(makers))
    if len(makers) > 1:
        chosen = st.segmented_control(
            "Table",
            list(makers),
            default=chosen,
            required=True,
            key=key.of("of"),
            label_visibility="collapsed",
        )
    table = makers[chosen]()
    st.dataframe(table, hide_index=True, height=320 if len(table) > 8 else "auto", alt=chosen)
    name = f"{stem}-{chosen.lower().replace(' ', '-')}.csv"
    csv = table.to_csv(index=False)
    row = st.container(horizontal=True)
    row.download_button(f"{chosen} (CSV)", csv, name, "text/csv", on_click="ignore", key=key)
    return row


def table_with_downloads(
    makers: Mapping[str, Callable[[], pd.DataFrame]], trace: Trace, *, stem: str
) -> None:
    """One of several tables at a time, its CSV, and the whole trace."""
    row = table_with_csv(makers, stem=stem)
    row.download_button(
        "Whole trace (JSON)",
        trace.to_json,
        f"{stem}-trace.json",
        "application/json",
        on_click="ignore",
        key=keys.TRACE,
    )
