"""Small parts that the screens use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.words import plain
from peerattn.trace import Trace


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


def table_with_csv(
    makers: Mapping[str, Callable[[], pd.DataFrame]], *, stem: str, key: str = "csv"
) -> DeltaGenerator:
    """One of several tables at a time, and its CSV; returns the row of the download."""
    chosen = next(iter(makers))
    if len(makers) > 1:
        chosen = st.segmented_control(
            "Table",
            list(makers),
            default=chosen,
            required=True,
            key=f"{key}-of",
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
        key="trace",
    )
