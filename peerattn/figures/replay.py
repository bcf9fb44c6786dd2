"""The replay of a training: everything the browser needs to show how a network learned, packed by `packing`.

A logged step takes the place of a frame in `recording`, and is shown by the same graph, lines and cursor.
Shapes: S logged steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from peerattn.errors import PeerattnError
from peerattn.figures.browser_graph import block_header, graph_header
from peerattn.figures.packing import Body, pack
from peerattn.figures.palette import LEVELS, PATTERNS, looks
from peerattn.figures.timeline import Chart, Line
from peerattn.graph.connectivity import Removal, survey, weights_by_modality
from peerattn.tables.history import METRIC_NAMES, entropies, entropies_by_level, learned_by_modality
from peerattn.traces.history import History, attention_weight_count

MIN_STEPS_PER_SECOND = 8.0
"""Minimum number of logged steps shown per second at a speed of 1."""
MAX_SECONDS = 20.0
"""Maximum duration of a replay at a speed of 1, in seconds."""
_ENTROPY = (
    "mean entropy of the attention weights of the connections that arrive at each level, divided by ln P for "
    "P peers: 1 if all peers count equally, 0 if only one counts"
)


def pack_replay(history: History) -> bytes:
    """Pack a training history for the browser. Raises PeerattnError if it has no logged step."""
    if not len(history):
        raise PeerattnError("this training history has no logged steps: log at least one")
    body, structure = Body(), history.structure
    weights = dict(zip(history.keys, map(float, history.connection_weights[0]), strict=True))
    removals = list(_removals(history))
    rate = max(MIN_STEPS_PER_SECOND, len(history) / MAX_SECONDS)
    history_lines = history_charts(history)
    weighted = {key: None if np.isnan(weight) else weight for key, weight in weights.items()}
    header = {
        **graph_header(structure, weighted),
        "times": (np.arange(len(history)) / rate).tolist(),
        "end": len(history) / rate,
        "steps": history.steps.tolist(),
        "epochs": history.epochs.tolist(),
        "prunings": [_removal_header(start, removal) for start, removal in removals],
        "windows": _stage_headers(history, removals),
        "charts": {name: chart.header for name, chart in history_lines.items()},
        "absent": [],
        "connections": _connection_headers(history),
        "blocks": [block_header(structure, block) for block in structure.blocks],
        "heat": {},
        "overlays": [],
        "objects": [],
        "frames": [],
        "arrays": _arrays(history, body)
        | {name: body.array(chart.table.to_numpy().T) for name, chart in history_lines.items()},
    }
    return pack(header, body)


def _removals(history: History) -> Iterator[tuple[int, Removal]]:
    """Yield (logged step, what is removed from it on): for the first step, and wherever that changes."""
    present = ~np.isnan(history.connection_weights)  # (S, connections)
    for spec, column in zip(history.structure.connections, present.T, strict=True):
        column[:] |= (
            ~np.isnan(history.attention_weights[spec.key]).any(axis=1)
            if attention_weight_count(spec)
            else False
        )
    logged = present.any(axis=0)  # a connection that was never logged counts as kept
    changes = np.flatnonzero((present[1:] != present[:-1]).any(axis=1)) + 1
    for row in (0, *changes.tolist()):
        kept = dict(zip(history.keys, np.where(logged, present[row], 1.0).tolist(), strict=True))
        yield row, survey(history.structure, kept, 0.5)


def _removal_header(start: int, removal: Removal) -> dict[str, Any]:
    return {
        "from": start,
        "removed": removal.removed,
        "dead": removal.dead_blocks,
        "peerOnly": removal.peer_only,
        "starved": removal.starved,
    }


def _stage_headers(history: History, removals: Sequence[tuple[int, Removal]]) -> list[dict[str, Any]]:
    """Describe the stages between two prunings, each named by its number of connections."""
    first = len(removals[0][1].kept)
    stops = [*(start for start, _ in removals[1:]), len(history)]
    return [
        {
            "start": start,
            "stop": stop,
            "name": f"{len(removal.kept)} connections, {_pruned_in_words(first - len(removal.kept))}",
            "span": f"steps {history.steps[start]}–{history.steps[stop - 1]}",
            "classes": [],
        }
        for (start, removal), stop in zip(removals, stops, strict=True)
    ]


def _pruned_in_words(count: int) -> str:
    return f"{count} pruned" if count else "nothing pruned"


def _connection_headers(history: History) -> list[dict[str, Any]]:
    """Describe the connections; `first` is the row of a connection's first peer in the array `attention`."""
    first, headers = 0, []
    for spec, weights in zip(history.structure.connections, history.connection_weights.T, strict=True):
        weighted = not np.isnan(weights).all()
        peers = spec.peers if attention_weight_count(spec) else ()
        headers.append(
            {
                "id": spec.key,
                "source": spec.source,
                "target": spec.target,
                "weight": 1.0 if weighted else None,
                "attention": spec.attention,
                "channels": history.structure.block(spec.source).width,
                "peers": peers,
                "attentionWeights": [0.0] * len(peers),
                "first": first,
            }
        )
        first += len(peers)
    return headers


def _arrays(history: History, body: Body) -> dict[str, Any]:
    """Add arrays (rows, S) to the body.

    Connection weights and entropies have one row per connection, attention weights one row per peer.
    """
    weights = history.connection_weights
    unweighted = np.isnan(weights).all(axis=0)  # a connection without a weight counts fully
    shares = [history.attention_weights[key] for key in history.keys]
    attention = np.concatenate([np.zeros((len(history), 0), np.float32), *shares], axis=1)
    return {
        "shade": body.array(np.where(unweighted, np.float32(1), weights).T),
        "entropy": body.array(entropies(history).T),
        "attention": body.array(attention.T),
    }


def history_charts(history: History) -> dict[str, Chart]:
    """Map names to charts over the steps: weights, entropies, and the scores that training logged."""
    result = {
        "weights": Chart(
            "mean connection weight by source modality",
            "mean weight of the connections that leave the input blocks of a modality; mixed: inner blocks; "
            "n: their number at the first step",
            "lines",
            _modality_lines(history, weights := learned_by_modality(history)),
            weights,
            connection_array="shade",
        ),
        "entropies": Chart(
            "mean entropy of the attention weights by target level",
            _ENTROPY,
            "lines",
            _lines(level_entropies := entropies_by_level(history)),
            level_entropies,
            connection_array="entropy",
        ),
    }
    scores = pd.DataFrame(history.metrics, index=pd.Index(history.steps, name="step")).ffill()
    shares = [name for name in history.metrics if _is_share(name, scores[name])]
    measured = {"accuracy": scores[shares], "loss": scores.drop(columns=shares)}
    titles = {"accuracy": "accuracy", "loss": "training loss"}
    for name, table in measured.items():
        maximum = max(1.0, float(np.nanmax(table.to_numpy()))) if table.notna().any(axis=None) else 1.0
        result[name] = Chart(
            titles[name],
            "as logged during training; a value stays until the next measurement",
            "lines",
            _lines(table),
            table,
            maximum=maximum,
        )
    return {name: chart for name, chart in result.items() if chart.lines}


def _is_share(name: str, scores: pd.Series[float]) -> bool:
    return "loss" not in name and bool(scores.dropna().between(0, 1).all())


def _modality_lines(history: History, table: pd.DataFrame) -> tuple[Line, ...]:
    """Return a line for each source modality, with the number of its connections at the first step."""
    styles = looks([modality.name for modality in history.structure.modalities])
    weights = zip(history.keys, map(float, history.connection_weights[0]), strict=True)
    present = {key: weight for key, weight in weights if not np.isnan(weight)}
    groups = weights_by_modality(history.structure, present)
    return tuple(
        Line(name, styles[name].color, styles[name].pattern, connections=len(groups.get(name, ())))
        for name in map(str, table.columns)
    )


def _lines(table: pd.DataFrame) -> tuple[Line, ...]:
    return tuple(
        Line(name, LEVELS[index % len(LEVELS)], PATTERNS[index % len(PATTERNS)], METRIC_NAMES.get(name, ""))
        for index, name in enumerate(map(str, table))
    )
