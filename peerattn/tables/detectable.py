"""The differences that a labelled set can detect, one row for each assumed correlation of its clips."""

from __future__ import annotations

from typing import Any

import pandas as pd

from peerattn.scores.detectable import DetectableDifferences

COLUMNS = (
    "likeness",
    "smallest loss, points",
    "width of a difference, points",
    "width of an accuracy, points",
    "clips that halve the first width",
)


def detectable_table(found: DetectableDifferences) -> pd.DataFrame:
    """Return losses and widths in percentage points; the loss is missing if none is detected 90 % of the
    time.
    """
    rows: list[tuple[Any, ...]] = [
        (
            one.likeness,
            round(100 * one.loss, 1) if one.loss else None,
            round(100 * one.width, 1),
            round(100 * one.accuracy_width, 1),
            one.clips_for_half,
        )
        for one in found.decisions
    ]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))
