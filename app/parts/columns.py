"""Tables on the page: their columns get readable titles; a CSV download keeps the original names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

TITLES: Mapping[str, str] = {
    "a_peer_of": "Peer of (connections)",
    "accuracy": "Accuracy",
    "all": "All",
    "at_initialisation": "At initialisation",
    "attention": "Attention",
    "attention_weight": "Attention weight",
    "average_precision": "Average precision",
    "block": "Block",
    "candidates": "Attention candidates",
    "change_over_frames": "Change over frames (SD)",
    "class": "Class",
    "class or label": "Class or label",
    "clips": "Clips",
    "connection": "Connection",
    "connection_weight": "Connection weight",
    "connections": "Connections",
    "contribution_share": "Share of contributions",
    "counterpart": "Present in",
    "difference": "Difference (B − A)",
    "entropy": "Entropy (nats)",
    "epoch": "Epoch",
    "factor_difference": "Factor difference (B − A)",
    "factor_first": "Mean factor A",
    "factor_second": "Mean factor B",
    "fed_by": "Incoming connections",
    "feeds": "Outgoing connections",
    "frame": "Frame",
    "greatest": "Maximum",
    "high": "95 % interval, upper",
    "kept": "Kept",
    "kind": "Kind",
    "label": "Label",
    "label or class": "Label or class",
    "least": "Minimum",
    "level": "Level",
    "loss": "Loss",
    "low": "95 % interval, lower",
    "map": "Mean average precision",
    "max_factor": "Maximum factor",
    "max_weight": "Maximum connection weight",
    "mean": "Mean",
    "mean_activity": "Mean activity",
    "mean_factor": "Mean factor",
    "mean_weight": "Mean connection weight",
    "median": "Median",
    "min_factor": "Minimum factor",
    "min_weight": "Minimum connection weight",
    "modality": "Modality",
    "multiply_adds": "Multiply-adds",
    "n": "n",
    "normalised_entropy": "Normalised entropy",
    "of": "Clip or window",
    "output": "Output (C × T × H × W)",
    "output_MiB": "Output (MiB)",
    "p5": "5th percentile",
    "p95": "95th percentile",
    "parameters": "Parameters",
    "part": "Part",
    "peer": "Peer",
    "peers": "Peers",
    "place": "Where",
    "predicted": "Predicted class",
    "probability": "Probability",
    "probability_first": "Probability A",
    "probability_second": "Probability B",
    "q1": "First quartile",
    "q3": "Third quartile",
    "rank": "Rank",
    "remark": "Remark",
    "removed": "Removed",
    "share": "Share",
    "source": "Source block",
    "start_s": "Start (s)",
    "state": "State",
    "step": "Step",
    "stop_s": "End (s)",
    "target": "Target block",
    "temporal_dilation": "Temporal dilation (frames)",
    "temporal_dilation_frames": "Temporal dilation (frames)",
    "threshold": "Threshold",
    "time_padding": "Time padding",
    "time_s": "Time (s)",
    "times_uniform": "Attention weight × peers (1 is uniform)",
    "top1": "Top-1 accuracy",
    "top5": "Top-5 accuracy",
    "true": "True class",
    "weight_difference": "Weight difference (B − A)",
    "weight_first": "Connection weight A",
    "weight_second": "Connection weight B",
    "what": "What is wrong",
    "width": "Width (channels)",
    "width_channels": "Width (channels)",
    "window": "Window",
}
"""Column name → its title on the page. Other names, such as those of modalities, stand as they are."""
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
    st.dataframe(table, hide_index=True, height=height, alt=alt, column_config=column_titles(table))


def column_titles(table: pd.DataFrame) -> dict[str, ColumnConfig]:
    """Return Streamlit's configuration of each column, by its name in the table."""
    return {name: _column(name) for name in map(str, table.columns) if name in TITLES}


def _column(name: str) -> ColumnConfig:
    if number_format := FORMATS.get(name):
        return st.column_config.NumberColumn(TITLES[name], format=number_format)
    return st.column_config.Column(TITLES[name])
