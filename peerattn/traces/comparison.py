"""Comparison of two traces: a common structure with the parts of both, and tables of their differences.

A part that only one trace has is reported as having no counterpart, and never counted as zero.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS
from peerattn.graph.structure import Structure
from peerattn.traces.trace import BlockTrace, ConnectionTrace, Trace

COLUMNS = (
    "connection",
    "source",
    "target",
    "counterpart",
    "weight_first",
    "weight_second",
    "weight_difference",
    "factor_first",
    "factor_second",
    "factor_difference",
)


def merge_structures(first: Structure, second: Structure) -> Structure:
    """Return one structure with the parts of both, so that two networks can share a layout.

    Where both have a part, that of the first is used. Two blocks are the same if id, level and modality
    agree. Raises PeerattnError if two blocks share only their id, or if the parts cannot form one structure.
    """
    for block in second.blocks:
        other = first.by_id.get(block.id)
        if other and (other.level, other.modality) != (block.level, block.modality):
            raise PeerattnError(
                f"these two networks have no common layout, since block {block.id} differs between them "
                f"(level {other.level} and level {block.level}): compare networks of the same family"
            )
    parts: dict[str, Any] = {
        "blocks": _both(first.blocks, second.blocks, "id"),
        "connections": _both(first.connections, second.connections, "key"),
        "outputs": _both(first.outputs, second.outputs, "block"),
        "modalities": _both(first.modalities, second.modalities, "name"),
    }
    if len({output.answer for output in parts["outputs"]}) > 1:
        parts["combination"] = "separate"  # the two networks have different answers
    try:
        return dataclasses.replace(first, **parts)
    except PeerattnError as error:
        raise PeerattnError(
            f"these two networks have no common layout ({error}): compare networks of the same family"
        ) from error


def _both(first: tuple[Any, ...], second: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    """Return the parts of the first, then those that only the second has; the attribute `name` identifies
    them.
    """
    known = {getattr(part, name) for part in first}
    return (*first, *(part for part in second if getattr(part, name) not in known))


def align_to_layout(trace: Trace, layout: Structure) -> Trace:
    """Return the trace with every part of the layout, in its order; parts that it lacks are NaN, never zero.

    `layout` is the result of `merge_structures` for the trace's structure and another.
    """
    frames = len(trace.times)
    blocks = {block.block: block for block in trace.blocks}
    connections = {connection.key: connection for connection in trace.connections}
    missing = np.full((frames, 1), np.nan, np.float32)
    return dataclasses.replace(
        trace,
        structure=layout,
        blocks=tuple(
            blocks.get(block.id, BlockTrace(block.id, missing[:, 0], missing[..., None]))
            for block in layout.blocks
        ),
        connections=tuple(
            connections.get(
                spec.key,
                ConnectionTrace(spec.source, spec.target, (), None, np.zeros(0, np.float32), missing),
            )
            for spec in layout.connections
        ),
    )


def missing_parts(trace: Trace, layout: Structure) -> tuple[str, ...]:
    """Return the keys of connections, then the ids of blocks, that the layout has but the trace does not."""
    recorded = {part.block for part in trace.blocks} | {part.key for part in trace.connections}
    parts = [spec.key for spec in layout.connections] + [block.id for block in layout.blocks]
    return tuple(part for part in parts if part not in recorded)


def comparison_table(first: Trace, second: Trace) -> pd.DataFrame:
    """Return one row per connection: the weights and mean attention factors of both, and second minus first.

    `counterpart` is `both`, `first only` or `second only`; missing values are NaN.
    """
    left, right = ({one.key: one for one in trace.connections} for trace in (first, second))
    rows = [_row(left.get(key), right.get(key)) for key in dict.fromkeys((*left, *right))]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _row(first: ConnectionTrace | None, second: ConnectionTrace | None) -> dict[str, Any]:
    one = first or second
    assert one is not None
    weights = [_weight(first), _weight(second)]
    factors = [_factor(first), _factor(second)]
    return {
        "connection": one.key,
        "source": one.source,
        "target": one.target,
        "counterpart": "both" if first and second else "first only" if first else "second only",
        "weight_first": weights[0],
        "weight_second": weights[1],
        "weight_difference": weights[1] - weights[0],
        "factor_first": factors[0],
        "factor_second": factors[1],
        "factor_difference": factors[1] - factors[0],
    }


def _weight(connection: ConnectionTrace | None) -> float:
    """Return the connection weight, or NaN if there is no connection or it has no weight."""
    if connection is None or connection.connection_weight is None:
        return float("nan")
    return connection.connection_weight


def _factor(connection: ConnectionTrace | None) -> float:
    """Return the mean attention factor, or NaN if there is no connection."""
    return float("nan") if connection is None else float(connection.attention_factors.mean(dtype=np.float64))


def predictions_comparison(first: Trace, second: Trace) -> pd.DataFrame:
    """Return one row per class or label, most probable first; NaN where a trace does not have it."""
    nouns = dict.fromkeys(ANSWERS[trace.structure.answer.kind].noun for trace in (first, second))
    noun = " or ".join(nouns)
    shares = [
        dict(zip(trace.class_names, trace.probabilities.tolist(), strict=True)) for trace in (first, second)
    ]
    names = dict.fromkeys((*first.class_names, *second.class_names))
    rows = [
        {
            noun: name,
            "probability_first": shares[0].get(name, float("nan")),
            "probability_second": shares[1].get(name, float("nan")),
        }
        for name in names
    ]
    table = pd.DataFrame(rows)
    table["difference"] = table["probability_second"] - table["probability_first"]
    order = table[["probability_first", "probability_second"]].max(axis=1)
    return table.iloc[np.argsort(-order.to_numpy(), kind="stable")].reset_index(drop=True)
