"""What an evaluation found as connections are removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from peerattn.graph.connectivity import Removal
from peerattn.scores.evaluation import Evaluation


def accuracy_table(curve: Iterable[tuple[float, Evaluation, Removal]]) -> pd.DataFrame:
    """One row a threshold, ascending: top-1 accuracy, its 95 % interval, n, connections kept, removed."""
    rows: list[dict[str, Any]] = [
        {
            "threshold": threshold,
            "top1": evaluation.top1,
            "low": evaluation.top1_interval[0],
            "high": evaluation.top1_interval[1],
            "n": evaluation.n,
            "kept": len(removal.kept),
            "removed": len(removal.removed),
        }
        for threshold, evaluation, removal in curve
    ]
    columns = pd.Index(["threshold", "top1", "low", "high", "n", "kept", "removed"])
    return pd.DataFrame(rows, columns=columns).sort_values("threshold", ignore_index=True)
