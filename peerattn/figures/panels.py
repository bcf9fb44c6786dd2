"""What is shown below the explorer, as plain data for the browser: of the clip, a connection, a block.

A panel is a dict: `id`, `title`, `about` (its definition), `figure` (plotly's JSON, arrays typed, or None),
`axis` (`time` where x is the clip's time in s), `table` (columns and rows; rows None where the figure holds
them), and where they apply `pins` (what a click on a point names), `orders` (of a heat map's rows), `least`
(width, px), `chain` (the steps inside an attention factor), `remark` (what stands above the figure) and
`missing` (why there is nothing to draw).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from peerattn import tables
from peerattn.errors import PeerattnError
from peerattn.figures.attention import attention_lines, factor_heatmap
from peerattn.figures.chain import chain
from peerattn.figures.peers import attention_weights_bar, choosing, peer_matrix
from peerattn.figures.predictions import prediction_bars, window_strip
from peerattn.figures.shares import ADDED, DELIVERED, arriving_areas, share_areas
from peerattn.figures.spread import activity_line, factors_by_level, joined, joined_connections
from peerattn.trace import Array, ConnectionTrace, Trace

if TYPE_CHECKING:
    from peerattn.inside import Inside

Panel = dict[str, Any]

FACTOR = "An attention factor lies between 0 and 1 and multiplies one channel of a connection in one frame."
SIZES = f"{ADDED} (connection weight times attention factors times source, minus the same on the baseline °, "
SIZES += "summed over channels and places)"
SUMS = f"Shares sum to 1 in every frame in which something arrives. {tables.BASELINE}"
SHARE = (
    f"Modality share of what this clip adds: of each block's input, the share of {SIZES} per incoming "
    f"connection, carried up from the inputs. {SUMS} Changed by peers: the source itself adds nothing, but "
    "its attention factors are others than on the baseline."
)
WINDOWS = "A window is a stretch of the recording, over which an answer is taken."
ABOUT = {
    "modality": f"{FACTOR} Each line is the mean over the connections that leave a modality's input blocks; "
    "mixed: that leave inner blocks.",
    "level": f"{FACTOR} Each line is the mean over the connections that arrive at blocks of a level.",
    "share": f"{SHARE} Here at the output, the mean over the output blocks.",
    "spread": f"{FACTOR} Of all channels and frames of the connections that arrive at a level: the box "
    "from the first to the third quartile, its line the median, dashes the mean, whiskers 5 % and 95 %.",
    "peers": "Attention weights: the softmax share of each peer in a connection's attention; a row sums to "
    "1. Normalised entropy: 1 where all peers of a connection count alike, 0 where one counts alone.",
    "predictions": "The most probable classes of the clip: probabilities are the mean over its windows, "
    f"which the table has one by one. {WINDOWS}",
    "windows": "The probability of each window of the clip, of the classes that lead it or any window of it. "
    f"{WINDOWS}",
    "channels": f"{FACTOR} Channels of the source over the frames; grey: a channel without an object class.",
    "weights": "The softmax share of each peer in this connection's attention, the same in every frame. All "
    "sum to 1; dotted: the weight if all counted alike.",
    "inside": "How one attention factor comes about: the peers' outputs are pooled over space, projected to "
    "one width, weighted, summed, and read by a dense layer, whose sigmoid is the factor.",
    "delivers": f"Of all that this clip adds at the target, the share of {SIZES} of each connection; the "
    f"strong area is this one. {SUMS}",
    "arrives": f"Of all that this clip adds at the block, the share of {SIZES} of each connection. {SUMS}",
    "origins": f"{SHARE} Here of the input of this block.",
    "joined": "What feeds the block, then what it feeds. Bars: connection weight. Diamonds: the mean "
    "attention factor over channels and frames.",
    "activity": "The mean |output| of the block, over channels and places.",
}
OLD_SHARE = (
    f"Of each block's input, the share of {DELIVERED} (connection weight times attention factors times "
    "source, summed over channels and places) per incoming connection, carried up from the inputs. "
    f"{tables.OLD_SHARES}"
)
OLD_ARRIVING = f"Of all that is delivered, the share of {DELIVERED} of each connection. {tables.OLD_SHARES}"
OLD_ABOUT = {
    "share": f"{OLD_SHARE} Here at the output, the mean over the output blocks.",
    "origins": f"{OLD_SHARE} Here of the input of this block.",
    "delivers": f"{OLD_ARRIVING} The strong area is this one.",
    "arrives": OLD_ARRIVING,
}
"""Of a trace from before contributions."""


def clip_panels(trace: Trace) -> list[Panel]:
    """What a whole clip shows, whatever is selected."""
    keys = [connection.key for connection in choosing(trace)]
    least = 420 + 24 * len(trace.structure.blocks)
    pins = [{"kind": "connection", "ids": keys}, {"kind": "connection", "ids": keys}]
    return [
        _of_shares(
            trace,
            _over_time(
                "share", "Modality share", lambda: share_areas(trace), lambda: tables.modality_share(trace)
            ),
        ),
        _lines(trace, "modality", "Attention by modality"),
        _lines(trace, "level", "Attention by level"),
        _panel("spread", "Factors by level", factors_by_level(trace), tables.level_distribution(trace)),
        {
            **_panel("peers", "Peers of every connection", peer_matrix(trace), _matrix(trace)),
            "pins": pins,
            "least": least,
        },
        _panel("predictions", "Predictions", prediction_bars(trace), tables.predictions_table(trace)),
        _panel("windows", "Predictions by window", window_strip(trace), tables.predictions_table(trace)),
    ]


def connection_panels(
    trace: Trace, key: str, inside: Inside | None = None, channels: Sequence[str | None] = ()
) -> list[Panel]:
    """What one connection shows; `channels` name those of its source, None where it shows nothing.

    The steps inside a factor need `inside`, whose arrays they hold as far as `chain.BUDGET` goes.
    """
    connection = trace.connection(key)
    heat = _panel("channels", "Channels × frames", factor_heatmap(connection, trace.times, channels))
    table = tables.channels_table(connection, trace.times)
    heat |= {"axis": "time", "orders": _orders(connection.attention_factors)}
    heat["table"] = {"columns": list(table.columns), "rows": None}  # the figure holds them
    panels = [heat, _weights(trace, connection)]
    if inside is not None:
        steps = _panel("inside", "Inside one factor")
        panels.append({**steps, "chain": chain(trace, inside, channels)})
    areas = _over_time(
        "delivers",
        "What it adds" if tables.contributed(trace) else "What it delivers",
        lambda: arriving_areas(trace, connection.target, marked=key),
        lambda: tables.block_shares(trace, connection.target),
    )
    return [*panels, _of_shares(trace, areas)]


def block_panels(trace: Trace, block: str) -> list[Panel]:
    """What one block shows."""
    rows = joined(trace, block)
    bars = _panel("joined", "What feeds it, what it feeds", joined_connections(trace, block), rows)
    keys = list(rows["connection"])
    bars["pins"] = [{"kind": "connection", "ids": keys}, {"kind": "connection", "ids": keys}]
    activity = pd.DataFrame({"activity": trace.block(block).activity}, index=_frames(trace))
    panels = [bars, _over_time("activity", "Activity", lambda: activity_line(trace, block), lambda: activity)]
    if trace.structure.into(block):
        arrives = _over_time(
            "arrives",
            "What arrives",
            lambda: arriving_areas(trace, block),
            lambda: tables.block_shares(trace, block),
        )
        origins = _over_time(
            "origins",
            "Modality share",
            lambda: share_areas(trace, block),
            lambda: tables.modality_share(trace, block),
        )
        panels += [_of_shares(trace, arrives), _of_shares(trace, origins)]
    return panels


def panel(
    name: str, title: str, about: str, figure: go.Figure | None = None, table: pd.DataFrame | None = None
) -> Panel:
    """A figure and the numbers that it shows."""
    return {
        "id": name,
        "title": title,
        "about": about,
        "figure": None if figure is None else _plotly(figure),
        "axis": None,
        "table": None if table is None else _rows(table),
    }


def _panel(
    name: str, title: str, figure: go.Figure | None = None, table: pd.DataFrame | None = None
) -> Panel:
    return panel(name, title, ABOUT[name], figure, table)


def _over_time(
    name: str, title: str, figure: Callable[[], go.Figure], table: Callable[[], pd.DataFrame]
) -> Panel:
    """A panel over the time of the clip; an old trace may lack what it draws, and then it says so."""
    try:
        values = table()
        panel = _panel(name, title, figure(), _numbered(values))
    except PeerattnError as error:
        return {**_panel(name, title), "missing": str(error)}
    return {**panel, "axis": "time"}


def _of_shares(trace: Trace, panel: Panel) -> Panel:
    """A panel of shares; in a trace from before contributions it says what they are of."""
    if tables.contributed(trace) or "missing" in panel:
        return panel
    return {**panel, "about": OLD_ABOUT[panel["id"]], "remark": tables.OLD_SHARES}


def _lines(trace: Trace, by: tables.Grouping, title: str) -> Panel:
    return _over_time(by, title, lambda: attention_lines(trace, by), lambda: tables.attention_by(trace, by))


def _weights(trace: Trace, connection: ConnectionTrace) -> Panel:
    order = np.argsort(connection.attention_weights, kind="stable")  # as the bars
    weights = tables.attention_weights_table(trace)
    own = weights[weights["connection"] == connection.key].sort_values("attention_weight", ascending=False)
    bars = _panel("weights", "Attention weights", attention_weights_bar(connection, trace.structure), own)
    return {**bars, "pins": [{"kind": "block", "ids": [connection.peers[index] for index in order]}]}


def _matrix(trace: Trace) -> pd.DataFrame:
    """A row a connection: a column for every peer, and the entropies."""
    weights = tables.attention_weights_table(trace)
    wide = weights.pivot_table(index="connection", columns="peer", values="attention_weight", sort=False)
    wide.columns = [f"peer {name}" for name in wide.columns]
    return tables.entropies_table(trace).merge(wide, on="connection", how="left")


def _orders(factors: Array) -> dict[str, list[int]]:
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


def _frames(trace: Trace) -> pd.Index[float]:
    return pd.Index(trace.times, name="time_s")


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    """A table over time with the frame, from 1, and the time as its first columns."""
    numbered = table.reset_index()
    numbered.insert(0, "frame", np.arange(1, len(table) + 1))
    return numbered


def _rows(table: pd.DataFrame) -> dict[str, Any]:
    columns = [_column(table.iloc[:, place]) for place in range(table.shape[1])]
    return {
        "columns": [str(name) for name in table.columns],
        "rows": [list(row) for row in zip(*columns, strict=True)],
    }


def _column(values: pd.Series) -> list[Any]:
    """Plain values, None where there is none; a float32 as the shortest decimal that reads back as itself."""
    if values.dtype == np.float32:
        values = values.astype(str).astype(np.float64)
    return [None if pd.isna(value) else value for value in values.tolist()]


def _plotly(figure: go.Figure) -> dict[str, Any]:
    """Data and layout without plotly's template: the page gives colours and font."""
    drawn: dict[str, Any] = json.loads(figure.to_json())
    drawn["layout"].pop("template", None)
    return drawn
