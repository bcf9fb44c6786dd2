"""The panels below the explorer, as JSON data for the browser: of the clip, a connection or a block.

A panel is a dict with the keys

- `id` and `title`;
- `about`: the explanation of what it shows;
- `figure`: the figure as plotly JSON with typed arrays, or None;
- `axis`: `time` if x is the time of the clip in seconds, otherwise None;
- `table`: columns, their titles, and rows of the numbers, or None; rows are None if the figure holds them;

and if they apply

- `pins`: the connection or block that each point of a trace selects when clicked;
- `orders`: orders in which the rows of a heat map can be sorted;
- `least`: minimum width in pixels;
- `chain`: the steps inside an attention factor;
- `reached`: the number of frames at the start and at the end affected by padding beyond the clip's ends;
- `remark`: a note above the figure;
- `missing`: why there is nothing to draw.
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
from peerattn.figures.left_out import left_out_bars, left_out_over_time, strongest
from peerattn.figures.peers import attention_weights_bar, connections_with_several_peers, peer_matrix
from peerattn.figures.predictions import prediction_bars, window_strip
from peerattn.figures.shares import arriving_areas, share_areas
from peerattn.graph.reach import block_reaches
from peerattn.tables.attention import (
    Grouping,
    attention_by,
    attention_weights_table,
    channels_table,
    entropies_table,
    level_distribution,
)
from peerattn.tables.clip import predictions_table, reached_frames
from peerattn.tables.column_titles import table_titles
from peerattn.tables.left_out import left_out_spans_table, left_out_table
from peerattn.tables.share import OLD_SHARES_NOTE, block_shares, modality_share
from peerattn.traces.arriving import has_contributions
from peerattn.traces.factor_steps import FactorSteps
from peerattn.traces.left_out import LeftOut
from peerattn.traces.trace import Array, ConnectionTrace, Trace

Panel = dict[str, Any]


def clip_panels(trace: Trace) -> list[Panel]:
    """Return the panels of the whole clip, which do not depend on the selection."""
    keys = [connection.key for connection in connections_with_several_peers(trace)]
    min_width = 420 + 24 * len(trace.structure.blocks)
    pins = [{"kind": "connection", "ids": keys}, {"kind": "connection", "ids": keys}]
    shares = _time_panel("share", "Modality share", lambda: share_areas(trace), lambda: modality_share(trace))
    over_time = [
        _with_share_remark(trace, shares),
        _attention_panel(trace, "modality", "Mean attention factor by source modality"),
        _attention_panel(trace, "level", "Mean attention factor by target level"),
    ]
    return [
        *_with_reached_frames(over_time, trace.connections),
        _panel(
            "spread",
            "Distribution of attention factors by target level",
            factors_by_level(trace),
            level_distribution(trace),
        ),
        {
            **_panel("peers", "Peers of every connection", peer_matrix(trace), _peers_table(trace)),
            "pins": pins,
            "least": min_width,
        },
        _prediction_panel("predictions", "Predictions", trace, prediction_bars(trace)),
        _prediction_panel("windows", "Predictions by window", trace, window_strip(trace)),
    ]


def _prediction_panel(name: str, title: str, trace: Trace, figure: go.Figure) -> Panel:
    """Return a panel of predictions, explained for the kind of answer."""
    about = PREDICTION_DEFINITIONS[trace.structure.answer.kind][name]
    return {**_panel(name, title, figure, predictions_table(trace)), "about": about}


def connection_panels(
    trace: Trace, key: str, steps: FactorSteps | None = None, channels: Sequence[str | None] = ()
) -> list[Panel]:
    """Return the panels of one connection.

    `channels` names the content of each channel of the source, None for channels without content. `steps`
    adds the panel of the steps inside a factor, whose arrays are cut to `factor_steps.STEPS_BUDGET` bytes.
    """
    connection = trace.connection(key)
    heat_map = _panel("channels", "Channels × frames", factor_heatmap(connection, trace.times, channels))
    table = channels_table(connection, trace.times)
    heat_map |= {"axis": "time", "orders": _channel_orders(connection.attention_factors)}
    heat_map["table"] = {**_column_names(table), "rows": None}  # the figure holds the numbers
    panels = [*_with_reached_frames([heat_map], [connection]), _attention_weights_panel(trace, connection)]
    if steps is not None:
        steps_panel = _panel("inside", "How a factor is computed")
        panels.append({**steps_panel, "chain": pack_factor_steps(trace, steps, channels)})
    areas = _time_panel(
        "delivers",
        "Share of the target's input",
        lambda: arriving_areas(trace, connection.target, marked=key),
        lambda: block_shares(trace, connection.target),
    )
    arriving = [each for each in trace.connections if each.target == connection.target]
    return [*panels, *_with_reached_frames([_with_share_remark(trace, areas)], arriving)]


def block_panels(trace: Trace, block: str) -> list[Panel]:
    """Return the panels of one block."""
    rows = adjacent_connections_table(trace, block)
    bars = _panel("joined", "Incoming and outgoing connections", adjacent_connections(trace, block), rows)
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
            "Shares of this block's input",
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


def left_out_panel(trace: Trace, left_out: LeftOut) -> Panel:
    """Return the panel of what each connection adds to the answer on a clip."""
    table = left_out_table(trace, left_out)
    figure = left_out_bars(trace, table, left_out.best)
    panel = _panel("left-out", "Without each connection", figure, table)
    return {**panel, "pins": [{"kind": "connection", "ids": list(strongest(table)["connection"])}]}


def slow_left_out_panel() -> Panel:
    """Return the panel of a network that is too large to run again for each of its connections."""
    return {
        **_panel("left-out", "Without each connection"),
        "missing": "This network is large: running it again without each of its connections would take long. "
        "Leave out single parts above the graph.",
    }


def left_out_spans_panel(trace: Trace, left_out: LeftOut, spans: Sequence[tuple[int, int]]) -> Panel:
    """Return the panel of when a connection added to the answer on a clip."""
    table = left_out_spans_table(trace, left_out, spans)
    figure = left_out_over_time(trace, table, spans, left_out.best)
    return {**_panel("left-out-spans", "When it mattered", figure, table), "axis": "time"}


def make_panel(
    name: str, title: str, about: str, figure: go.Figure | None = None, table: pd.DataFrame | None = None
) -> Panel:
    """Return a panel of a figure, its explanation `about` and a table of the numbers that it shows."""
    return {
        "id": name,
        "title": title,
        "about": about,
        "figure": None if figure is None else figure_json(figure),
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
    """Return a panel over the time of the clip; if an old trace lacks the data, the panel says so."""
    try:
        values = table()
        panel = _panel(name, title, figure(), _with_frame_numbers(values))
    except PeerattnError as error:
        return {**_panel(name, title), "missing": str(error)}
    return {**panel, "axis": "time"}


def _reached_frames_of_block(trace: Trace, block: str) -> tuple[int, int] | None:
    """Return the number of frames at both ends of a block's output that are affected by padding.

    None if the trace does not record it.
    """
    if reached_frames(trace.connections) is None:
        return None
    recorded = {each.key for each in trace.connections}
    removed = {spec.key for spec in trace.structure.connections} - recorded
    return block_reaches(trace.structure, removed)[block].within(len(trace.times))


def _with_reached_frames(panels: Sequence[Panel], connections: Iterable[ConnectionTrace]) -> list[Panel]:
    """Mark in panels over time the frames affected by padding, if the trace records them."""
    reached = reached_frames(connections)
    return [{**make_panel, "reached": reached} if reached else make_panel for make_panel in panels]


def _with_share_remark(trace: Trace, panel: Panel) -> Panel:
    """Return a panel of shares; for a trace recorded before contributions, say what the shares divide."""
    if has_contributions(trace) or "missing" in panel:
        return panel
    return {**panel, "about": OLD_DEFINITIONS[panel["id"]], "remark": OLD_SHARES_NOTE}


def _attention_panel(trace: Trace, by: Grouping, title: str) -> Panel:
    return _time_panel(by, title, lambda: attention_lines(trace, by), lambda: attention_by(trace, by))


def _attention_weights_panel(trace: Trace, connection: ConnectionTrace) -> Panel:
    order = np.argsort(connection.attention_weights, kind="stable")  # the order of the bars
    weights = attention_weights_table(trace)
    own = weights[weights["connection"] == connection.key].sort_values("attention_weight", ascending=False)
    bars = _panel("weights", "Attention weights", attention_weights_bar(connection, trace.structure), own)
    return {**bars, "pins": [{"kind": "block", "ids": [connection.peers[index] for index in order]}]}


def _peers_table(trace: Trace) -> pd.DataFrame:
    """Return a table with one row per connection: its entropies, and a column for every peer."""
    weights = attention_weights_table(trace)
    wide = weights.pivot_table(index="connection", columns="peer", values="attention_weight", sort=False)
    wide.columns = [f"peer {name}" for name in wide.columns]
    return entropies_table(trace).merge(wide, on="connection", how="left")


def _channel_orders(factors: Array) -> dict[str, list[int]]:
    """Map the name of each order to the channels of the factors (T, C) in that order.

    `similarity` sorts channels along the first principal component of their deviations from their means over
    time, so channels that vary together are neighbours and those that vary in opposition are at the ends.
    """
    deviations = (factors - factors.mean(axis=0)).T.astype(np.float64)  # (C, T)
    component = np.linalg.eigh(deviations.T @ deviations)[1][:, -1]
    component *= np.sign(component[np.abs(component).argmax()])  # the sign of an eigenvector is arbitrary
    sort_keys = {
        "mean": factors.mean(axis=0),
        "variance": factors.var(axis=0),
        "similarity": deviations @ component,
    }
    orders = {name: np.argsort(-values, kind="stable").tolist() for name, values in sort_keys.items()}
    return {"index": list(range(factors.shape[1])), **orders}


def _time_index(trace: Trace) -> pd.Index[float]:
    return pd.Index(trace.times, name="time_s")


def _with_frame_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table over time with the frame number, from 1, and the time as its first columns."""
    numbered = table.reset_index()
    numbered.insert(0, "frame", np.arange(1, len(table) + 1))
    return numbered


def _table_json(table: pd.DataFrame) -> dict[str, Any]:
    columns = [_column_values(table.iloc[:, index]) for index in range(table.shape[1])]
    return {**_column_names(table), "rows": [list(row) for row in zip(*columns, strict=True)]}


def _column_names(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the columns of a table by their names in a CSV and by their titles on the page."""
    names = [str(name) for name in table.columns]
    return {"columns": names, "titles": list(table_titles(names).values())}


def _column_values(values: pd.Series) -> list[Any]:
    """Return a column as plain values, with None for missing ones.

    A float32 becomes the shortest decimal that reads back as the same float32.
    """
    if values.dtype == np.float32:
        values = values.astype(str).astype(np.float64)
    return [None if pd.isna(value) else value for value in values.tolist()]


def figure_json(figure: go.Figure) -> dict[str, Any]:
    """Return a figure as JSON data without plotly's template: the page sets colours and font."""
    data: dict[str, Any] = json.loads(figure.to_json())
    data["layout"].pop("template", None)
    return data
