"""What the explorer draws of a trace, and the panels of what is pinned, kept in memory."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.explorer.component import Selection, pack_trace
from app.opening.traces import no_frames
from app.state.caches import kept
from app.state.clips import inside
from app.state.shown import Opened, Read, Shown
from peerattn.figures.panels import Panel, block_panels, connection_panels
from peerattn.figures.panels import clip_panels as panels_of_clip
from peerattn.graph.structure import Structure
from peerattn.tables.attention import object_channels
from peerattn.traces.trace import Trace


def packed(shown: Shown) -> bytes:
    """The trace and its frames, as the explorer draws them; pictures that say so where there are none."""
    if isinstance(shown, Read):
        key = ("packed", shown.choice.source.digest)
        return _packed(key, lambda: pack_trace(shown.trace, no_frames(shown.trace)))
    return _packed(shown.choice.key, lambda: _pack(shown, shown.trace))


@st.cache_resource(max_entries=16, show_spinner=False)
def _packed(key: tuple[object, ...], _make: Callable[[], bytes]) -> bytes:
    return _make()


def packed_on(layout: Structure, opened: Opened, trace: Trace) -> bytes:
    """A trace of this clip over its frames, drawn on a structure of which its own is a part."""
    keys = tuple(spec.key for spec in layout.connections), tuple(one.key for one in trace.connections)
    return _packed_on((*opened.choice.key, *keys), layout, opened, trace)


@st.cache_resource(max_entries=8, show_spinner=False)
def _packed_on(key: tuple[object, ...], _layout: Structure, _opened: Opened, _trace: Trace) -> bytes:
    return _pack(_opened, _trace, _layout)


def _pack(opened: Opened, trace: Trace, layout: Structure | None = None) -> bytes:
    clip = opened.clip
    flow = clip.tensors.get("flow")
    return pack_trace(
        trace,
        clip.images,
        object_ids=clip.object_ids,
        object_names=opened.object_names,
        flow=None if flow is None else flow[0].numpy(),
        layout=layout,
    )


def clip_panels(shown: Shown) -> list[Panel]:
    """The panels of the whole clip."""
    whole = (
        ("panels", *shown.choice.key) if isinstance(shown, Opened) else ("panels", shown.choice.source.digest)
    )
    return kept(whole, lambda: panels_of_clip(shown.trace))


def selection_panels(shown: Shown, selection: Selection) -> list[Panel]:
    """The panels of a connection or block; without steps inside a factor where there is no network."""
    key = (type(shown).__name__, *shown.choice.key, selection.kind, selection.id)
    return _selection_panels(key, shown, selection)


@st.cache_resource(max_entries=32, show_spinner=False)
def _selection_panels(key: tuple[object, ...], _shown: Shown, _selection: Selection) -> list[Panel]:
    trace, name = _shown.trace, _selection.id
    if _selection.kind == "block":
        return block_panels(trace, name)
    source = trace.connection(name).source
    channels = object_channels(trace.structure, source, _shown.object_names)
    steps = inside(_shown, name) if isinstance(_shown, Opened) else None
    return connection_panels(trace, name, steps, channels)
