"""Small parts that both screens use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from peerattn.trace import Trace


def chart(figure: go.Figure, key: str, description: str) -> None:
    """A figure without plotly's tool bar."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False, "displaylogo": False}, alt=description)


def table_with_downloads(
    makers: Mapping[str, Callable[[], pd.DataFrame]], trace: Trace, *, stem: str
) -> None:
    """One of several tables at a time, its CSV, and the whole trace."""
    chosen = st.segmented_control(
        "Table", list(makers), default=next(iter(makers)), required=True, label_visibility="collapsed"
    )
    table = makers[chosen]()
    st.dataframe(table, hide_index=True, height=320, alt=chosen)
    with st.container(horizontal=True):
        name = f"{stem}-{chosen.lower().replace(' ', '-')}.csv"
        csv = table.to_csv(index=False)
        st.download_button(f"{chosen} (CSV)", csv, name, "text/csv", on_click="ignore", key="csv")
        st.download_button(
            "Whole trace (JSON)",
            trace.to_json,
            f"{stem}-trace.json",
            "application/json",
            on_click="ignore",
            key="trace",
        )
