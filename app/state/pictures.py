"""The cache of what the explorer draws: packed traces with their frames, and the panels."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.explorer.component import Selection, pack_trace
from app.opening.traces import placeholder_frames
from app.state import clips
from app.state.caches import cached
from app.state.opened import Opened, OpenedClip, OpenedTrace
from peerattn.figures.panels import (
    Panel,
    block_panels,
    connection_panels,
    left_out_panel,
    left_out_spans_panel,
    slow_left_out_panel,
)
from peerattn.figures.panels import clip_panels as panels_of_clip
from peerattn.graph.structure import Structure
from peerattn.recording.altering import Alteration
from peerattn.recording.windows import windows
from peerattn.tables.attention import object_channels
from peerattn.traces.trace import Trace

SPANS = 24
"""Into at most so many spans a clip is split, to see when a connection mattered."""


def packed(opened: Opened) -> bytes:
    """Return the trace and its frames packed for the explorer, with placeholder frames for a trace file."""
    if isinstance(opened, OpenedTrace):
        key = ("packed", opened.choice.source.digest)
        return _packed(key, lambda: pack_trace(opened.trace, placeholder_frames(opened.trace)))
    return _packed(opened.choice.key, lambda: _pack(opened, opened.trace))


@st.cache_resource(max_entries=16, show_spinner=False)
def _packed(key: tuple[object, ...], _make: Callable[[], bytes]) -> bytes:
    return _make()


def packed_on_layout(
    layout: Structure, opened: OpenedClip, trace: Trace, alteration: Alteration | None = None
) -> bytes:
    """Return a packed trace with its frames, laid out on a structure that contains its own.

    `alteration` is that of the network which the trace comes from.
    """
    connections = tuple(spec.key for spec in layout.connections), tuple(one.key for one in trace.connections)
    return _packed_on_layout((*opened.choice.key, *connections, alteration), layout, opened, trace)


@st.cache_resource(max_entries=8, show_spinner=False)
def _packed_on_layout(
    key: tuple[object, ...], _layout: Structure, _opened: OpenedClip, _trace: Trace
) -> bytes:
    return _pack(_opened, _trace, _layout)


def _pack(opened: OpenedClip, trace: Trace, layout: Structure | None = None) -> bytes:
    clip = opened.clip
    return pack_trace(
        trace,
        clip.images,
        object_ids=clip.object_ids,
        object_names=opened.object_names,
        flow=clip.flow,
        flow_step=1 / opened.checkpoint.settings.frame_rate,
        joints=clip.joints,
        layout=layout,
        usual=opened.usual,
    )


def clip_panels(opened: Opened) -> list[Panel]:
    """Return the panels of the whole clip."""
    key = (
        ("panels", *opened.choice.key)
        if isinstance(opened, OpenedClip)
        else ("panels", opened.choice.source.digest)
    )
    return cached(key, lambda: [*panels_of_clip(opened.trace), *_left_out_panels(opened)])


def _left_out_panels(opened: Opened) -> list[Panel]:
    """Return the panel of what each connection adds to the answer, if a network is at hand and is small."""
    if not isinstance(opened, OpenedClip) or not opened.trace.connections:
        return []
    if not clips.is_quick_to_leave_out(opened):
        return [slow_left_out_panel()]
    return [left_out_panel(opened.trace, clips.left_out(opened))]


def selection_panels(opened: Opened, selection: Selection) -> list[Panel]:
    """Return the panels of a connection or block; those of a trace file lack the steps inside a factor."""
    key = (type(opened).__name__, *opened.choice.key, selection.kind, selection.id)
    return _selection_panels(key, opened, selection)


@st.cache_resource(max_entries=32, show_spinner=False)
def _selection_panels(key: tuple[object, ...], _opened: Opened, _selection: Selection) -> list[Panel]:
    trace, name = _opened.trace, _selection.id
    if _selection.kind == "block":
        return block_panels(trace, name)
    source = trace.connection(name).source
    channels = object_channels(trace.structure, source, _opened.object_names)
    steps = clips.inside(_opened, name) if isinstance(_opened, OpenedClip) else None
    return [*connection_panels(trace, name, steps, channels), *_left_out_spans_panels(_opened, name)]


def _left_out_spans_panels(opened: Opened, key: str) -> list[Panel]:
    """Return the panel of when a connection mattered, if a network and several frames are at hand."""
    frames = len(opened.trace.times)
    if not isinstance(opened, OpenedClip) or frames < 2 or not clips.is_quick_to_leave_out(opened):
        return []
    spans = windows(frames, -(-frames // SPANS))
    return [left_out_spans_panel(opened.trace, clips.left_out_while(opened, key, spans), spans)]
