"""Tables on the page: their columns get readable titles; a CSV download keeps the original names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.parts.words import between
from peerattn.tables.column_titles import TITLES, table_titles
from peerattn.tables.effects import p_words

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


INTERVAL, REPLACEMENT = "interval", "replacement"
"""Names of columns that show two others as one text: the ends of an interval in points; how attention factors
were replaced, and which batch norm there was."""
WRAPPED, HEADER, MOST_WRAPPED = 66, 38, 8
"""Heights in pixels of a row of three lines (Streamlit wraps the texts of rows higher than 64) and of the
column titles, and the most of such rows that are shown at once."""
SIDES, LETTER, TITLE_LETTER = 18, 6.6, 7.6
"""Widths in pixels, of what a cell has beside its text, of a letter, and of a letter of a title."""


class Shown(NamedTuple):
    """A column that the page shows: its width in pixels (None: that of its texts), and a short title."""

    name: str
    width: int | None = None
    title: str = ""


def show_table(
    table: pd.DataFrame,
    *,
    alt: str,
    height: int | Literal["auto"] = "auto",
    shown: Sequence[Shown] = (),
    wrapped: bool = False,
) -> None:
    """Draw a table whose columns have readable titles; `alt` describes it to screen readers.

    `shown` are the columns to show instead of all: those that matter first, since a narrow page shows only
    them. Long texts can be `wrapped`.
    """
    written = in_words(table)
    look: dict[str, Any] = {"width": "content", "column_order": [one.name for one in shown]} if shown else {}
    if wrapped:
        look["row_height"] = WRAPPED
        height = HEADER + WRAPPED * min(len(table), MOST_WRAPPED)
    config = column_titles(written) | {one.name: _shown_column(written, one) for one in shown}
    st.dataframe(
        written, hide_index=True, height=height, alt=alt, placeholder="–", column_config=config, **look
    )


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with p-values in words, and with some pairs of columns also as one text."""
    written = table.copy()
    if "p" in table:
        written["p"] = table["p"].map(p_words, na_action="ignore")
    if "low_points" in table:
        bounds = zip(table["low_points"], table["high_points"], strict=True)
        written[INTERVAL] = [None if pd.isna(low) else between(low / 100, high / 100) for low, high in bounds]
    if "batch_norm" in table:
        written[REPLACEMENT] = table["factors"] + ", " + table["batch_norm"]
    return written


def _shown_column(table: pd.DataFrame, shown: Shown) -> ColumnConfig:
    values, title = table[shown.name], shown.title or TITLES.get(shown.name, shown.name)
    texts = [] if pd.api.types.is_numeric_dtype(values) else map(str, values)
    letters = max(map(len, ["100.00%", *texts]))
    width = shown.width or round(SIDES + max(TITLE_LETTER * len(title), LETTER * letters))
    if number_format := _number_format(shown.name, values):
        return st.column_config.NumberColumn(title, width=width, format=number_format)
    return st.column_config.Column(title, width=width)


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
