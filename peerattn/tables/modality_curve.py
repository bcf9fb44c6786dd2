"""Accuracy by the share of a modality's connections that is kept, as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from peerattn.scores.comparison import Difference
from peerattn.scores.kinds import HEADLINES, AnyEvaluation, headline
from peerattn.tables.evaluation import interval_columns

CurvePoint = tuple[Sequence[str], int, AnyEvaluation | None, Difference | None]
"""The connections that are kept, how many there are, the evaluation, and the change from all connections."""
_CHANGE_COLUMNS = ("difference_points", "low_points", "high_points")


def modality_curve_table(curve: Iterable[CurvePoint]) -> pd.DataFrame:
    """Return one row per point with an evaluation, most connections first.

    Columns are the share kept, the headline score with its 95 % interval, and the paired difference from all
    connections in points, whose intervals hold for all points at once.
    """
    rows, name = [], "top1"
    for kept, total, evaluation, change in curve:
        if evaluation is None:
            continue
        score, name = headline(evaluation), HEADLINES[evaluation.kind].name
        low, high = change.interval if change and change.interval else (math.nan, math.nan)
        rows.append(
            {
                "kept": len(kept),
                "share_kept": len(kept) / total,
                name: score.value,
                **interval_columns(score.interval, score.remark),
                "difference_points": 100 * change.value if change else 0.0,
                "low_points": 100 * low,
                "high_points": 100 * high,
                "n": score.n,
                "connections": ", ".join(kept),
            }
        )
    columns = [*("kept", "share_kept", name, "low", "high", "remark"), *_CHANGE_COLUMNS, "n", "connections"]
    return pd.DataFrame(rows, columns=pd.Index(columns))
