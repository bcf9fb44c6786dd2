"""Small parts that both screens use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st


def chart(figure: go.Figure, key: str, description: str) -> None:
    """A figure without plotly's tool bar."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False, "displaylogo": False}, alt=description)


def tables_with_downloads(makers: Mapping[str, Callable[[], pd.DataFrame]], *, stem: str) -> None:
    """One of several tables at a time, and its CSV."""
    chosen = st.segmented_control(
        "Table", list(makers), default=next(iter(makers)), label_visibility="collapsed"
    )
    if chosen is None:
        return
    table = makers[chosen]()
    st.dataframe(table, hide_index=True, height=320, alt=chosen)
    name = f"{stem}-{chosen.lower().replace(' ', '-')}.csv"
    st.download_button(
        f"{chosen} (CSV)",
        table.to_csv(index=False),
        name,
        "text/csv",
        on_click="ignore",
        key=f"csv-{stem}-{chosen}",
    )
