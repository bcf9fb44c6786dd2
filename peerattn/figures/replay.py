"""What the browser needs to replay how a network learned, as one byte string of `packing`.

A logged step is what a frame is in `recording`: the same graph, lines and cursor show it.
S logged steps, E connections, P candidate peers of one connection.
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
from peerattn.graph.connectivity import Removal, survey
from peerattn.moved import moved
from peerattn.tables.history import entropies, entropies_by_level, learned_by_modality
from peerattn.traces.history import History, attention_weight_count

__getattr__ = moved(__name__)

MIN_STEPS_PER_SECOND = 8.0
"""Logged steps a second at a speed of 1."""
MAX_SECONDS = 20.0  # s that a replay takes at most
_ENTROPY = (
    "mean entropy of the attention weights of the connections that arrive at each level, over ln P: 1 where "
    "all peers count alike, 0 where one counts alone"
)


def pack_replay(history: History) -> bytes:
    """A history, packed; raises PeerattnError for one without a step."""
    if not len(history):
        raise PeerattnError("this training history has no logged step: log one at least")
    body, structure = Body(), history.structure
    weights = dict(zip(history.keys, map(float, history.connection_weights[0]), strict=True))
    removals = list(_removals(history))
    rate = max(MIN_STEPS_PER_SECOND, len(history) / MAX_SECONDS)
    drawn = history_charts(history)
    weighted = {key: None if np.isnan(weight) else weight for key, weight in weights.items()}
    header = {
        **graph_header(structure, weighted),
        "times": (np.arange(len(history)) / rate).tolist(),
        "end": len(history) / rate,
        "steps": history.steps.tolist(),
        "epochs": history.epochs.tolist(),
        "prunings": [_removal_header(start, removal) for start, removal in removals],
        "windows": _stage_headers(history, removals),
        "charts": {name: chart.header for name, chart in drawn.items()},
        "absent": [],
        "connections": _connection_headers(history),
        "blocks": [block_header(structure, block) for block in structure.blocks],
        "heat": {},
        "overlays": [],
        "objects": [],
        "frames": [],
        "arrays": _arrays(history, body)
        | {name: body.array(chart.table.to_numpy().T) for name, chart in drawn.items()},
    }
    return pack(header, body)


def _removals(history: History) -> Iterator[tuple[int, Removal]]:
    """What is removed, and from which row on: at first, and wherever it changes."""
    there = ~np.isnan(history.connection_weights)
    for spec, column in zip(history.structure.connections, there.T, strict=True):
        column[:] |= (
            ~np.isnan(history.attention_weights[spec.key]).any(axis=1)
            if attention_weight_count(spec)
            else False
        )
    told = there.any(axis=0)  # of the others nothing is known, so they stay
    changes = np.flatnonzero((there[1:] != there[:-1]).any(axis=1)) + 1
    for row in (0, *changes.tolist()):
        kept = dict(zip(history.keys, np.where(told, there[row], 1.0).tolist(), strict=True))
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
    """The steps between one pruning and the next, by how many connections are left."""
    stops = [*(start for start, _ in removals[1:]), len(history)]
    return [
        {
            "start": start,
            "stop": stop,
            "name": f"{len(removal.kept)} connections",
            "span": f"steps {history.steps[start]} to {history.steps[stop - 1]}",
            "classes": [],
        }
        for (start, removal), stop in zip(removals, stops, strict=True)
    ]


def _connection_headers(history: History) -> list[dict[str, Any]]:
    """`first` is the row of a connection's first peer among the attention weights of all."""
    first, found = 0, []
    for spec, weights in zip(history.structure.connections, history.connection_weights.T, strict=True):
        weighted = not np.isnan(weights).all()
        peers = spec.peers if attention_weight_count(spec) else ()
        found.append(
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
    return found


def _arrays(history: History, body: Body) -> dict[str, Any]:
    """(rows, S): connection weights and entropies, a row a connection; attention weights, a row a peer."""
    weights = history.connection_weights
    whole = np.isnan(weights).all(axis=0)  # a connection without a weight counts fully
    shares = [history.attention_weights[key] for key in history.keys]
    beside = np.concatenate([np.zeros((len(history), 0), np.float32), *shares], axis=1)
    return {
        "shade": body.array(np.where(whole, np.float32(1), weights).T),
        "entropy": body.array(entropies(history).T),
        "attention": body.array(beside.T),
    }


def history_charts(history: History) -> dict[str, Chart]:
    """Name → lines over the steps: weights, entropies, and the scores that training logged."""
    found = {
        "weights": Chart(
            "connection weights",
            "mean connection weight of what leaves a modality's input blocks; mixed: inner blocks",
            "lines",
            _modality_lines(history, weights := learned_by_modality(history)),
            weights,
            connection_array="shade",
        ),
        "entropies": Chart(
            "attention entropies",
            _ENTROPY,
            "lines",
            _lines(spread := entropies_by_level(history)),
            spread,
            connection_array="entropy",
        ),
    }
    scores = pd.DataFrame(history.metrics, index=pd.Index(history.steps, name="step")).ffill()
    shares = [name for name in history.metrics if _is_share(name, scores[name])]
    measured = {"accuracy": scores[shares], "loss": scores.drop(columns=shares)}
    for name, table in measured.items():
        most = max(1.0, float(np.nanmax(table.to_numpy()))) if table.notna().any(axis=None) else 1.0
        found[name] = Chart(
            name,
            "as logged in training; a value is kept until the next measurement",
            "lines",
            _lines(table),
            table,
            maximum=most,
        )
    return {name: chart for name, chart in found.items() if chart.lines}


def _is_share(name: str, scores: pd.Series[float]) -> bool:
    return "loss" not in name and bool(scores.dropna().between(0, 1).all())


def _modality_lines(history: History, table: pd.DataFrame) -> tuple[Line, ...]:
    styles = looks([modality.name for modality in history.structure.modalities])
    return tuple(Line(name, styles[name].color, styles[name].pattern) for name in map(str, table.columns))


def _lines(table: pd.DataFrame) -> tuple[Line, ...]:
    return tuple(
        Line(str(name), LEVELS[index % len(LEVELS)], PATTERNS[index % len(PATTERNS)])
        for index, name in enumerate(table)
    )
