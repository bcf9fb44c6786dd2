"""Tables on the page: their columns get readable titles; a CSV download keeps the original names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from peerattn.tables.column_titles import TITLES

_SHARES = (
    "accuracy",
    "average_precision",
    "contribution_share",
    "high",
    "low",
    "map",
    "probability",
    "share",
    "top1",
    "top5",
)
FORMATS: Mapping[str, str] = {
    "parameters": "localized",
    "multiply_adds": "localized",
    "output_MiB": "%.1f",
    **dict.fromkeys(_SHARES, "percent"),
}
"""Column name → the number format of Streamlit, where it is not the default."""


def show_table(table: pd.DataFrame, *, alt: str, height: int | Literal["auto"] = "auto") -> None:
    """Draw a table whose columns have readable titles; `alt` describes it to screen readers."""
    st.dataframe(
        table, hide_index=True, height=height, alt=alt, placeholder="–", column_config=column_titles(table)
    )


def column_titles(table: pd.DataFrame) -> dict[str, ColumnConfig]:
    """Return Streamlit's configuration of each column, by its name in the table."""
    return {name: _column(name) for name in map(str, table.columns) if name in TITLES}


def _column(name: str) -> ColumnConfig:
    if number_format := FORMATS.get(name):
        return st.column_config.NumberColumn(TITLES[name], format=number_format)
    return st.column_config.Column(TITLES[name])
