"""Tables of a training history. S logged steps, E connections, P candidate peers of one connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from peerattn.graph.connectivity import MIXED, source_modality
from peerattn.traces.history import History


def connection_history(history: History) -> pd.DataFrame:
    """Return one row per logged step and connection; weight and entropy are NaN once it was pruned.

    The normalised entropy of its attention weights is 1 if all peers have the same weight, 0 if one has all
    of it.
    """
    specs = history.structure.connections
    each = {
        "connection": [spec.key for spec in specs],
        "source": [spec.source for spec in specs],
        "target": [spec.target for spec in specs],
        "modality": [source_modality(history.structure, spec.source) for spec in specs],
    }
    return pd.DataFrame(
        {
            **_step_columns(history, len(specs)),
            **{name: values * len(history) for name, values in each.items()},
            "connection_weight": history.connection_weights.ravel(),
            "normalised_entropy": entropies(history).ravel(),
        }
    )


def attention_history(history: History) -> pd.DataFrame:
    """Return one row per connection, peer and logged step: the peer's attention weight."""
    parts = [
        pd.DataFrame(
            {
                **_step_columns(history, 1),
                "connection": spec.key,
                "peer": peer,
                "attention_weight": column,
            }
        )
        for spec in history.structure.connections
        for peer, column in zip(spec.peers, history.attention_weights[spec.key].T, strict=False)
    ]
    columns = pd.Index(["step", "epoch", "connection", "peer", "attention_weight"])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


METRIC_NAMES: Mapping[str, str] = {
    "loss": "training loss of the step",
    "epoch_loss": "mean training loss of the epoch",
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
    "window_top1": "top-1 accuracy of single windows",
    "macro": "mean per-class accuracy",
    "map": "mean average precision",
}
"""Name of a logged score → in words; other names, from a training loop of one's own, are shown as is."""


def scores_history(history: History) -> pd.DataFrame:
    """Return one row per logged step and one column per score; NaN where it was not measured."""
    return pd.DataFrame({**_step_columns(history, 1), **history.metrics})


def entropies(history: History) -> NDArray[np.float32]:
    """Return −Σ p ln p / ln P of each connection's attention weights (S, E); NaN for fewer than two peers."""
    columns = []
    for key in history.keys:
        shares = history.attention_weights[key].astype(np.float64)
        count = shares.shape[1]
        if count < 2:
            columns.append(np.full(len(history), np.nan))
            continue
        logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
        columns.append(np.abs((shares * logs).sum(axis=1)) / np.log(count))
    return np.array(columns, np.float32).reshape(-1, len(history)).T


def learned_by_modality(history: History) -> pd.DataFrame:
    """Return the mean weight of the remaining connections from each modality's input blocks.

    One row per logged step (index `step`); `mixed` are the connections from all other blocks.
    """
    structure = history.structure
    sources = np.array([source_modality(structure, spec.source) for spec in structure.connections])
    names = (*(modality.name for modality in structure.modalities), MIXED)
    return _means(history, history.connection_weights, {name: sources == name for name in names})


def entropies_by_level(history: History) -> pd.DataFrame:
    """Return the mean normalised entropy of the remaining connections into each level, one row per step."""
    structure = history.structure
    levels = np.array([structure.block(spec.target).level for spec in structure.connections])
    return _means(
        history, entropies(history), {f"level {level}": levels == level for level in structure.levels}
    )


def _means(
    history: History, values: NDArray[np.float32], groups: dict[str, NDArray[np.bool_]]
) -> pd.DataFrame:
    """Return the mean over each group of columns, ignoring NaN; groups without any number are left out."""
    columns = {}
    for name, members in groups.items():
        known = ~np.isnan(values[:, members])
        if known.any():
            sums, counts = np.nansum(values[:, members], axis=1), known.sum(axis=1)
            columns[name] = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return pd.DataFrame(columns, index=pd.Index(history.steps, name="step"))


def _step_columns(history: History, rows: int) -> dict[str, Any]:
    """Return the columns step and epoch (counted from 1), each value repeated for `rows` rows."""
    return {"step": history.steps.repeat(rows), "epoch": history.epochs.repeat(rows) + 1}
