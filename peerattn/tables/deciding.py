"""What a labelled set can decide, a row for each likeness of its clips."""

from __future__ import annotations

from typing import Any

import pandas as pd

from peerattn.scores.deciding import Deciding


def deciding_table(found: Deciding) -> pd.DataFrame:
    """Widths and losses are shares of 1; a loss that is never found in 90 % of the time is not a number."""
    rows: list[dict[str, Any]] = [
        {
            "likeness": one.likeness,
            "smallest_loss": one.loss,
            "difference_width": one.width,
            "accuracy_width": one.accuracy_width,
            "clips_for_half": one.clips_for_half,
        }
        for one in found.decisions
    ]
    columns = ["likeness", "smallest_loss", "difference_width", "accuracy_width", "clips_for_half"]
    return pd.DataFrame(rows, columns=pd.Index(columns))
