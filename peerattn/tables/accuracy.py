"""Accuracy as connections are removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from peerattn.graph.connectivity import Removal
from peerattn.scores.kinds import HEADLINES, AnyEvaluation, headline
from peerattn.tables.evaluation import interval_columns

HEADLINES_BY_COLUMN = {known.name: known for known in HEADLINES.values()}
"""Column of a score → the score's titles."""


def accuracy_table(curve: Iterable[tuple[float, AnyEvaluation, Removal]]) -> pd.DataFrame:
    """Return one row per threshold, ascending: score, 95 % interval, n, numbers of kept and removed
    connections.

    The score's column is the headline score of the kind of answer: `top1` or `map`.
    """
    points = list(curve)
    name = HEADLINES[points[0][1].kind].name if points else "top1"
    rows: list[dict[str, Any]] = []
    for threshold, evaluation, removal in points:
        score = headline(evaluation)
        rows.append(
            {
                "threshold": threshold,
                name: score.value,
                **interval_columns(score.interval, score.remark),
                "n": score.n,
                "kept": len(removal.kept),
                "removed": len(removal.removed),
            }
        )
    columns = pd.Index(["threshold", name, "low", "high", "remark", "n", "kept", "removed"])
    return pd.DataFrame(rows, columns=columns).sort_values("threshold", ignore_index=True)
