"""Tables on the page: their columns get readable titles; a CSV download keeps the original names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from peerattn.tables.column_titles import TITLES, table_titles

_SHARES = (
    "accuracy",
    "after",
    "after_high",
    "after_low",
    "average_precision",
    "before",
    "contribution_share",
    "high",
    "low",
    "map",
    "p_true_after",
    "p_true_before",
    "probability",
    "share",
    "share_kept",
    "top1",
    "top5",
)
FORMATS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "beyond_points",
            "difference_points",
            "high_points",
            "low_points",
            "random_high",
            "random_low",
            "random_points",
            "replaced_high",
            "replaced_low",
            "replaced_points",
        ),
        "%+.1f",
    ),
    "p": "%.2g",
    "parameters": "localized",
    "multiply_adds": "localized",
    "output_MiB": "%.1f",
    "start_s": "%.3f",
    "stop_s": "%.3f",
    "threshold": "%.6f",
    "time_s": "%.3f",
    **dict.fromkeys(_SHARES, "percent"),
}
"""Column name → the number format of Streamlit, where it is not the default."""
FRACTIONS = "%.4f"
"""The number format of other columns with fractions; Streamlit's own would drop trailing zeros."""


def show_table(table: pd.DataFrame, *, alt: str, height: int | Literal["auto"] = "auto") -> None:
    """Draw a table whose columns have readable titles; `alt` describes it to screen readers."""
    st.dataframe(
        table, hide_index=True, height=height, alt=alt, placeholder="–", column_config=column_titles(table)
    )


def column_titles(table: pd.DataFrame) -> dict[str, ColumnConfig]:
    """Return Streamlit's configuration of the columns by name: their titles and number formats."""
    names = [str(name) for name in table.columns]
    titles, formats = table_titles(names), {}
    for index, name in enumerate(names):
        formats[name] = _number_format(name, table.iloc[:, index])
    return {name: _column(titles[name], formats[name]) for name in names if name in TITLES or formats[name]}


def _column(title: str, number_format: str | None) -> ColumnConfig:
    if number_format:
        return st.column_config.NumberColumn(title, format=number_format)
    return st.column_config.Column(title)


def _number_format(name: str, values: pd.Series) -> str | None:
    """Return the number format of a column: the same number of decimals in every row."""
    if name in FORMATS or not pd.api.types.is_float_dtype(values):
        return FORMATS.get(name)
    known = values.dropna()
    return None if (known == known.round()).all() else FRACTIONS
