"""Two traces side by side: the structure with the parts of both, and what differs between them.

What only one of them has is said to have no counterpart, never taken for zero.
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


def merged(first: Structure, second: Structure) -> Structure:
    """The parts of both, those of the first where both have one: two networks on one layout.

    A block is the same where id, level and modality agree. Raises PeerattnError where two blocks share an
    id only, or where what they have in common cannot be one structure.
    """
    for block in second.blocks:
        other = first.by_id.get(block.id)
        if other and (other.level, other.modality) != (block.level, block.modality):
            raise PeerattnError(
                f"these two networks have no common layout: both have a block {block.id}, at level "
                f"{other.level} "
                f"in one and level {block.level} in the other; compare networks of one family"
            )
    parts: dict[str, Any] = {
        "blocks": _both(first.blocks, second.blocks, "id"),
        "connections": _both(first.connections, second.connections, "key"),
        "outputs": _both(first.outputs, second.outputs, "block"),
        "modalities": _both(first.modalities, second.modalities, "name"),
    }
    if len({output.answer for output in parts["outputs"]}) > 1:
        parts["combination"] = "separate"  # of two networks, each with its own answer
    try:
        return dataclasses.replace(first, **parts)
    except PeerattnError as error:
        raise PeerattnError(
            f"these two networks have no common layout ({error}): compare networks of one family"
        ) from error


def _both(first: tuple[Any, ...], second: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    """Those of the first, then those of the second that it does not have, known by this attribute."""
    known = {getattr(part, name) for part in first}
    return (*first, *(part for part in second if getattr(part, name) not in known))


def on_layout(trace: Trace, layout: Structure) -> Trace:
    """The trace with every part of the layout, in its order; what it does not have is NaN, never zero.

    `layout` is a `merged` structure of which the trace's is a part.
    """
    frames = len(trace.times)
    blocks = {block.block: block for block in trace.blocks}
    connections = {connection.key: connection for connection in trace.connections}
    nothing = np.full((frames, 1), np.nan, np.float32)
    return dataclasses.replace(
        trace,
        structure=layout,
        blocks=tuple(
            blocks.get(block.id, BlockTrace(block.id, nothing[:, 0], nothing[..., None]))
            for block in layout.blocks
        ),
        connections=tuple(
            connections.get(
                spec.key,
                ConnectionTrace(spec.source, spec.target, (), None, np.zeros(0, np.float32), nothing),
            )
            for spec in layout.connections
        ),
    )


def absent(trace: Trace, layout: Structure) -> tuple[str, ...]:
    """The connections and blocks of the layout that the trace does not have, by key and id."""
    here = {part.block for part in trace.blocks} | {part.key for part in trace.connections}
    parts = [spec.key for spec in layout.connections] + [block.id for block in layout.blocks]
    return tuple(part for part in parts if part not in here)


def comparison_table(first: Trace, second: Trace) -> pd.DataFrame:
    """One row a connection of either: weights and mean attention factors of both, and second minus first.

    `counterpart` is `both`, `first only` or `second only`; what is not there is empty.
    """
    ours, theirs = ({one.key: one for one in trace.connections} for trace in (first, second))
    rows = [_row(ours.get(key), theirs.get(key)) for key in dict.fromkeys((*ours, *theirs))]
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
    """NaN where there is no connection, or none that has a weight."""
    if connection is None or connection.connection_weight is None:
        return float("nan")
    return connection.connection_weight


def _factor(connection: ConnectionTrace | None) -> float:
    return float("nan") if connection is None else float(connection.attention_factors.mean(dtype=np.float64))


def predictions_comparison(first: Trace, second: Trace) -> pd.DataFrame:
    """One row a class or label of either, the likeliest first; what one of them does not know is empty."""
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
