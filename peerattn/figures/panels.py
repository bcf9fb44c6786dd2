"""What is shown below the explorer, as plain data for the browser: of the clip, a connection, a block.

A panel is a dict: `id`, `title`, `about` (its definition), `figure` (plotly's JSON, arrays typed, or None),
`axis` (`time` where x is the clip's time in s), `table` (columns and rows; rows None where the figure holds
them), and where they apply `pins` (what a click on a point names), `orders` (of a heat map's rows), `least`
(width, px), `chain` (the steps inside an attention factor), `reached` (frames at the start and at the end of
the time that an end of the clip reaches), `remark` (what stands above the figure) and `missing` (why there is
nothing to draw).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from peerattn.errors import PeerattnError
from peerattn.figures.attention import attention_lines, factor_heatmap, factors_by_level
from peerattn.figures.blocks import (
    activity_line,
    adjacent_connections,
    adjacent_connections_table,
)
from peerattn.figures.definitions import DEFINITIONS, OLD_DEFINITIONS, PREDICTION_DEFINITIONS
from peerattn.figures.factor_steps import pack_factor_steps
from peerattn.figures.peers import attention_weights_bar, connections_with_several_peers, peer_matrix
from peerattn.figures.predictions import prediction_bars, window_strip
from peerattn.figures.shares import arriving_areas, share_areas
from peerattn.graph.reach import block_reaches
from peerattn.moved import moved
from peerattn.tables.attention import (
    Grouping,
    attention_by,
    attention_weights_table,
    channels_table,
    entropies_table,
    level_distribution,
)
from peerattn.tables.clip import predictions_table, reached_frames
from peerattn.tables.share import OLD_SHARES, block_shares, contributed, modality_share
from peerattn.traces.factor_steps import FactorSteps
from peerattn.traces.trace import Array, ConnectionTrace, Trace

__getattr__ = moved(__name__)

Panel = dict[str, Any]


def clip_panels(trace: Trace) -> list[Panel]:
    """What a whole clip shows, whatever is selected."""
    keys = [connection.key for connection in connections_with_several_peers(trace)]
    least = 420 + 24 * len(trace.structure.blocks)
    pins = [{"kind": "connection", "ids": keys}, {"kind": "connection", "ids": keys}]
    shares = _time_panel("share", "Modality share", lambda: share_areas(trace), lambda: modality_share(trace))
    over_time = [
        _with_share_remark(trace, shares),
        _attention_panel(trace, "modality", "Attention by modality"),
        _attention_panel(trace, "level", "Attention by level"),
    ]
    return [
        *_with_reached_frames(over_time, trace.connections),
        _panel("spread", "Factors by level", factors_by_level(trace), level_distribution(trace)),
        {
            **_panel("peers", "Peers of every connection", peer_matrix(trace), _peers_table(trace)),
            "pins": pins,
            "least": least,
        },
        _prediction_panel("predictions", "Predictions", trace, prediction_bars(trace)),
        _prediction_panel("windows", "Predictions by window", trace, window_strip(trace)),
    ]


def _prediction_panel(name: str, title: str, trace: Trace, figure: go.Figure) -> Panel:
    """A panel of what was predicted, in the words of what was asked."""
    about = PREDICTION_DEFINITIONS[trace.structure.answer.kind][name]
    return {**_panel(name, title, figure, predictions_table(trace)), "about": about}


def connection_panels(
    trace: Trace, key: str, inside: FactorSteps | None = None, channels: Sequence[str | None] = ()
) -> list[Panel]:
    """What one connection shows; `channels` name those of its source, None where it shows nothing.

    The steps inside a factor need `inside`, whose arrays they hold as far as `chain.BUDGET` goes.
    """
    connection = trace.connection(key)
    heat = _panel("channels", "Channels × frames", factor_heatmap(connection, trace.times, channels))
    table = channels_table(connection, trace.times)
    heat |= {"axis": "time", "orders": _channel_orders(connection.attention_factors)}
    heat["table"] = {"columns": list(table.columns), "rows": None}  # the figure holds them
    panels = [*_with_reached_frames([heat], [connection]), _attention_weights_panel(trace, connection)]
    if inside is not None:
        steps = _panel("inside", "Inside one factor")
        panels.append({**steps, "chain": pack_factor_steps(trace, inside, channels)})
    areas = _time_panel(
        "delivers",
        "What it adds" if contributed(trace) else "What it delivers",
        lambda: arriving_areas(trace, connection.target, marked=key),
        lambda: block_shares(trace, connection.target),
    )
    arriving = [each for each in trace.connections if each.target == connection.target]
    return [*panels, *_with_reached_frames([_with_share_remark(trace, areas)], arriving)]


def block_panels(trace: Trace, block: str) -> list[Panel]:
    """What one block shows."""
    rows = adjacent_connections_table(trace, block)
    bars = _panel("joined", "What feeds it, what it feeds", adjacent_connections(trace, block), rows)
    keys = list(rows["connection"])
    bars["pins"] = [{"kind": "connection", "ids": keys}, {"kind": "connection", "ids": keys}]
    activity = pd.DataFrame({"activity": trace.block(block).activity}, index=_time_index(trace))
    line = _time_panel("activity", "Activity", lambda: activity_line(trace, block), lambda: activity)
    panels = [
        bars,
        {**line, "reached": reached} if (reached := _reached_frames_of_block(trace, block)) else line,
    ]
    if trace.structure.into(block):
        arrives = _time_panel(
            "arrives",
            "What arrives",
            lambda: arriving_areas(trace, block),
            lambda: block_shares(trace, block),
        )
        origins = _time_panel(
            "origins",
            "Modality share",
            lambda: share_areas(trace, block),
            lambda: modality_share(trace, block),
        )
        arriving = [each for each in trace.connections if each.target == block]
        panels += _with_reached_frames(
            [_with_share_remark(trace, each) for each in (arrives, origins)], arriving
        )
    return panels


def make_panel(
    name: str, title: str, about: str, figure: go.Figure | None = None, table: pd.DataFrame | None = None
) -> Panel:
    """A figure and the numbers that it shows."""
    return {
        "id": name,
        "title": title,
        "about": about,
        "figure": None if figure is None else _figure_json(figure),
        "axis": None,
        "table": None if table is None else _table_json(table),
    }


def _panel(
    name: str, title: str, figure: go.Figure | None = None, table: pd.DataFrame | None = None
) -> Panel:
    return make_panel(name, title, DEFINITIONS[name], figure, table)


def _time_panel(
    name: str, title: str, figure: Callable[[], go.Figure], table: Callable[[], pd.DataFrame]
) -> Panel:
    """A panel over the time of the clip; an old trace may lack what it draws, and then it says so."""
    try:
        values = table()
        panel = _panel(name, title, figure(), _with_frame_numbers(values))
    except PeerattnError as error:
        return {**_panel(name, title), "missing": str(error)}
    return {**panel, "axis": "time"}


def _reached_frames_of_block(trace: Trace, block: str) -> tuple[int, int] | None:
    """Frames at the start and at the end of a block's output that an end of the clip reaches, if recorded."""
    if reached_frames(trace.connections) is None:
        return None
    run = {each.key for each in trace.connections}
    removed = {spec.key for spec in trace.structure.connections} - run
    return block_reaches(trace.structure, removed)[block].within(len(trace.times))


def _with_reached_frames(panels: Sequence[Panel], connections: Iterable[ConnectionTrace]) -> list[Panel]:
    """Panels over time that say which of their frames an end of the clip reaches, where that was recorded."""
    reached = reached_frames(connections)
    return [{**make_panel, "reached": reached} if reached else make_panel for make_panel in panels]


def _with_share_remark(trace: Trace, panel: Panel) -> Panel:
    """A panel of shares; in a trace from before contributions it says what they are of."""
    if contributed(trace) or "missing" in panel:
        return panel
    return {**panel, "about": OLD_DEFINITIONS[panel["id"]], "remark": OLD_SHARES}


def _attention_panel(trace: Trace, by: Grouping, title: str) -> Panel:
    return _time_panel(by, title, lambda: attention_lines(trace, by), lambda: attention_by(trace, by))


def _attention_weights_panel(trace: Trace, connection: ConnectionTrace) -> Panel:
    order = np.argsort(connection.attention_weights, kind="stable")  # as the bars
    weights = attention_weights_table(trace)
    own = weights[weights["connection"] == connection.key].sort_values("attention_weight", ascending=False)
    bars = _panel("weights", "Attention weights", attention_weights_bar(connection, trace.structure), own)
    return {**bars, "pins": [{"kind": "block", "ids": [connection.peers[index] for index in order]}]}


def _peers_table(trace: Trace) -> pd.DataFrame:
    """A row a connection: a column for every peer, and the entropies."""
    weights = attention_weights_table(trace)
    wide = weights.pivot_table(index="connection", columns="peer", values="attention_weight", sort=False)
    wide.columns = [f"peer {name}" for name in wide.columns]
    return entropies_table(trace).merge(wide, on="connection", how="left")


def _channel_orders(factors: Array) -> dict[str, list[int]]:
    """Name → the channels of (T, C) factors in that order.

    Similarity: along the first principal component of the channels' courses about their means, so that
    channels that move together lie together and those that move against each other lie at the ends.
    """
    courses = (factors - factors.mean(axis=0)).T.astype(np.float64)  # (C, T)
    component = np.linalg.eigh(courses.T @ courses)[1][:, -1]
    component *= np.sign(component[np.abs(component).argmax()])  # else the sign would be chance
    by = {
        "mean": factors.mean(axis=0),
        "variance": factors.var(axis=0),
        "similarity": courses @ component,
    }
    orders = {name: np.argsort(-values, kind="stable").tolist() for name, values in by.items()}
    return {"index": list(range(factors.shape[1])), **orders}


def _time_index(trace: Trace) -> pd.Index[float]:
    return pd.Index(trace.times, name="time_s")


def _with_frame_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """A table over time with the frame, from 1, and the time as its first columns."""
    numbered = table.reset_index()
    numbered.insert(0, "frame", np.arange(1, len(table) + 1))
    return numbered


def _table_json(table: pd.DataFrame) -> dict[str, Any]:
    columns = [_column_values(table.iloc[:, place]) for place in range(table.shape[1])]
    return {
        "columns": [str(name) for name in table.columns],
        "rows": [list(row) for row in zip(*columns, strict=True)],
    }


def _column_values(values: pd.Series) -> list[Any]:
    """Plain values, None where there is none; a float32 as the shortest decimal that reads back as itself."""
    if values.dtype == np.float32:
        values = values.astype(str).astype(np.float64)
    return [None if pd.isna(value) else value for value in values.tolist()]


def _figure_json(figure: go.Figure) -> dict[str, Any]:
    """Data and layout without plotly's template: the page gives colours and font."""
    drawn: dict[str, Any] = json.loads(figure.to_json())
    drawn["layout"].pop("template", None)
    return drawn
