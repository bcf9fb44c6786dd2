"""What an evaluation found as connections are removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import pandas as pd


class Accuracy(Protocol):
    """What the tables read of an evaluation: examples, top-1 and its 95 % interval."""

    @property
    def n(self) -> int: ...
    @property
    def top1(self) -> float: ...
    @property
    def top1_interval(self) -> tuple[float, float]: ...


class Remaining(Protocol):
    """What the tables read of a pruning: the connections it keeps and removes."""

    @property
    def kept(self) -> Sequence[str]: ...
    @property
    def removed(self) -> Sequence[str]: ...


def accuracy_table(curve: Iterable[tuple[float, Accuracy, Remaining]]) -> pd.DataFrame:
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
