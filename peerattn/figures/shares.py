"""Plotly figures of contribution shares, frame by frame: by modality, and by connection into a block."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from peerattn.figures.attention import style_time_axis
from peerattn.figures.palette import NOTHING_ARRIVES, escape_label, share_looks
from peerattn.graph.connectivity import source_modality
from peerattn.tables.share import block_shares, modality_share
from peerattn.traces.arriving import has_contributions
from peerattn.traces.trace import Trace

HATCHES = ("", "/", ".", "x", "\\", "-", "+")
"""Hatch patterns that tell areas apart without colour, in the order in which the areas are stacked."""
MAX_NAMED_AREAS = 9
"""With more than one connection beyond this number, the smaller ones share one area."""
ALL_OTHERS = "all others"
CONTRIBUTION_FORMULA = "‖σ(w)·(A⊙X − A°⊙X°)‖₁"
MAGNITUDE_FORMULA = "‖σ(w)·A⊙X‖₁"
"""The quantity that shares divide: contributions, or magnitudes in traces recorded before contributions."""


def share_areas(trace: Trace, block: str | None = None) -> go.Figure:
    """Plot `tables.share.modality_share` as stacked areas: of the outputs, or of the input of `block`.

    Raises PeerattnError if the trace holds no magnitudes.
    """
    figure = go.Figure()
    styles = share_looks([modality.name for modality in trace.structure.modalities])
    for index, (name, shares) in enumerate(with_nothing_arrives(modality_share(trace, block)).items()):
        figure.add_trace(_area(shares, name, color=styles[str(name)].color, hatch=index))
    style_time_axis(figure, trace)
    return figure.update_yaxes(title=f"modality share of {share_basis(trace)}", range=[0, 1])


def arriving_areas(trace: Trace, block: str, *, marked: str | None = None) -> go.Figure:
    """Plot the `tables.share.block_shares` of a block as stacked areas, the largest first.

    An area is named after the source of its connection and has the colour of the modality that the source
    reads. The connection with the key `marked` is emphasised. Raises PeerattnError if the trace holds no
    magnitudes.
    """
    shares = block_shares(trace, block)
    sources = {spec.key: spec.source for spec in trace.structure.into(block)}
    styles = share_looks([modality.name for modality in trace.structure.modalities])
    named, others = _split_by_share(shares, marked)
    figure = go.Figure()
    for index, key in enumerate(named):
        color = styles[source_modality(trace.structure, sources[key])].color
        opacity = 0.5 if marked is None else 0.9 if key == marked else 0.3
        figure.add_trace(_area(shares[key], sources[key], color=color, hatch=index, opacity=opacity))
    if others:
        figure.add_trace(_area(shares[others].sum(axis=1), ALL_OTHERS, color="#7F7F7F", opacity=0.15))
    if NOTHING_ARRIVES in (completed := with_nothing_arrives(shares)):
        look = styles[NOTHING_ARRIVES]
        figure.add_trace(_area(completed[NOTHING_ARRIVES], NOTHING_ARRIVES, color=look.color, hatch=2))
    style_time_axis(figure, trace)
    return figure.update_yaxes(title=f"share of {share_basis(trace)} at {escape_label(block)}", range=[0, 1])


def with_nothing_arrives(shares: pd.DataFrame) -> pd.DataFrame:
    """Return the shares with an added column `NOTHING_ARRIVES`, 1 in frames whose shares are all 0.

    The column is omitted if there are no such frames.
    """
    nothing = ~shares.any(axis=1)
    return shares.assign(**{NOTHING_ARRIVES: nothing.astype(float)}) if nothing.any() else shares


def share_basis(trace: Trace) -> str:
    """Say what the shares of a trace are parts of: contributions or, in older traces, magnitudes."""
    return "what this clip adds" if has_contributions(trace) else "what is delivered"


def _split_by_share(shares: pd.DataFrame, marked: str | None) -> tuple[list[str], list[str]]:
    """Return the keys of connections with an area of their own, by descending mean share, and the other keys.

    A `marked` connection always has its own area.
    """
    order = list(shares.mean().sort_values(ascending=False, kind="stable").index)
    named = order if len(order) <= MAX_NAMED_AREAS + 1 else order[:MAX_NAMED_AREAS]
    if marked is not None and marked not in named:
        named[-1] = marked
    return named, [key for key in order if key not in named]


def _area(shares: pd.Series, name: object, *, color: str, hatch: int = 0, opacity: float = 0.6) -> go.Scatter:
    """Return an area stacked on the previous ones; `hatch` is the index of its pattern in `HATCHES`."""
    return go.Scatter(
        x=shares.index.to_numpy(),
        y=shares.to_numpy(),
        name=escape_label(name),
        mode="lines" if len(shares) > 1 else "markers",
        stackgroup="shares",
        line={"color": color, "width": 1.5},
        fillpattern={
            "shape": HATCHES[hatch % len(HATCHES)],
            "bgcolor": f"rgba({_rgb(color)}, {opacity})",
            "fgcolor": color,
            "size": 9,
            "solidity": 0.14,
        },
        hovertemplate="%{y:.4f}",
    )


def _rgb(color: str) -> str:
    return ", ".join(str(int(color[start : start + 2], 16)) for start in (1, 3, 5))
