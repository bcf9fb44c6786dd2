"""What replacing all attention factors costs, beside random deviations, as a table.

Differences are in percentage points; scores are shares.
"""

from __future__ import annotations

import math

import pandas as pd

from peerattn.scores.attention_ablation import AblationSummary, Change, Finding
from peerattn.scores.attention_questions import BATCH_NORMS

ABLATION_COLUMNS = (
    "factors",
    "batch_norm",
    "verdict",
    "beyond_points",
    "low_points",
    "high_points",
    "replaced_points",
    "replaced_low",
    "replaced_high",
    "random_points",
    "random_low",
    "random_high",
    "beyond_nats",
    "before",
    "n",
    "conclusion",
)


def ablation_table(summary: AblationSummary) -> pd.DataFrame:
    """Return two rows for each question, batch norm as trained and re-estimated.

    The intervals of what is lost beyond the control hold for all rows at once, the others each on its own.
    """
    rows = [_row(one, summary) for one in summary.findings]
    return pd.DataFrame(rows, columns=pd.Index(ABLATION_COLUMNS))


def _row(one: Finding, summary: AblationSummary) -> dict[str, object]:
    beyond = _points(one.beyond)
    replaced, random = _points(one.by_replacing), _points(one.by_deviating)
    return {
        "factors": one.question.title,
        "batch_norm": BATCH_NORMS[one.batch_norm],
        "verdict": one.verdict,
        **dict(zip(("beyond_points", "low_points", "high_points"), beyond, strict=True)),
        **dict(zip(("replaced_points", "replaced_low", "replaced_high"), replaced, strict=True)),
        **dict(zip(("random_points", "random_low", "random_high"), random, strict=True)),
        "beyond_nats": one.rise_beyond.value,
        "before": one.before,
        "n": summary.n,
        "conclusion": one.words(summary.remark),
    }


def _points(change: Change) -> tuple[float, float, float]:
    low, high = change.interval or (math.nan, math.nan)
    return 100 * change.value, 100 * low, 100 * high
