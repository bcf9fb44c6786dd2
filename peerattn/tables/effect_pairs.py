"""Pairs of components as a table: what both cost, and what is beyond the sum of each alone."""

from __future__ import annotations

import math

import pandas as pd

from peerattn.scores.effect_pairs import PairEffects

PAIR_COLUMNS = (
    "pair",
    "sum_of_rises_nats",
    "rise_of_both_nats",
    "beyond_sum_nats",
    "low_nats",
    "high_nats",
    "difference_points",
    "low_points",
    "high_points",
    "n",
    "conclusion",
)


def pairs_table(found: PairEffects) -> pd.DataFrame:
    """Return one row per pair, those that cost most beyond the sum first.

    Rises are those of −log p of what is true, in nats. `difference_points` is the change of the score with
    both changed. The intervals of a column hold jointly.
    """
    rows = []
    for pair in found.pairs:
        low, high = pair.interval or (math.nan, math.nan)
        low_points, high_points = pair.change.interval or (math.nan, math.nan)
        rows.append(
            {
                "pair": pair.name,
                "sum_of_rises_nats": pair.alone,
                "rise_of_both_nats": pair.both,
                "beyond_sum_nats": pair.beyond,
                "low_nats": low,
                "high_nats": high,
                "difference_points": 100 * pair.change.value,
                "low_points": 100 * low_points,
                "high_points": 100 * high_points,
                "n": pair.change.n,
                "conclusion": pair.conclusion,
            }
        )
    return pd.DataFrame(rows, columns=pd.Index(PAIR_COLUMNS))
