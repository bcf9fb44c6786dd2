"""What a labelled set can decide, a row for each likeness of its clips."""

from __future__ import annotations

from typing import Any

import pandas as pd

from peerattn.scores.deciding import Deciding

COLUMNS = (
    "likeness",
    "smallest loss, points",
    "width of a difference, points",
    "width of an accuracy, points",
    "clips that halve the first width",
)


def deciding_table(found: Deciding) -> pd.DataFrame:
    """Widths and losses in points; a loss that is never found in 90 % of the time is not a number."""
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
