"""The explorer, a browser component: frame player, level graph, timeline and numbers, sharing one time
cursor.

It shows the trace of a clip or, without the player, how a network learned.

It is mounted as three Streamlit components, so that a rerun sends only what changed: the scripts (constant),
the recording (constant for a clip and checkpoint), and the explorer itself (what is removed and selected).
Moving the cursor runs no Python; clicking a block or connection does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import keys
from app.keys import ComponentState, Key
from peerattn.figures.recording import digest, pack_recording
from peerattn.figures.replay import pack_replay
from peerattn.figures.scripts import explorer_script as browser_script
from peerattn.figures.scripts import read_part
from peerattn.graph.connectivity import Removal
from peerattn.graph.structure import Structure
from peerattn.traces.history import History
from peerattn.traces.trace import Trace
from peerattn.traces.usual import Usual

DIGEST_LENGTH = 24
"""Length of the digest that is prepended to a packed recording, in characters."""


@dataclass(frozen=True)
class Selection:
    """The selected block or connection; `id` is the id of the block or the key of the connection."""

    kind: Literal["connection", "block"]
    id: str


FrameSpan = tuple[int, int]
"""The first frame of a span, and the frame after the last."""


@dataclass(frozen=True)
class LeftOutFrames:
    """The frames in which the second network lacks a part (None: all), and what follows another choice."""

    frames: FrameSpan | None
    on_choice: Callable[[FrameSpan | None], None]


@dataclass(frozen=True)
class Comparison:
    """The second trace of a comparison, packed by `pack_trace`, and the names of the first and second.

    With `left_out`, users can choose on the timeline in which frames a part is left out.
    """

    packed: bytes
    names: tuple[str, str]
    left_out: LeftOutFrames | None = None


_scripts = st.components.v2.component(
    "peerattn_scripts",
    html="<span hidden></span>",
    js=f"{browser_script()}\n{read_part('streamlit/explorer_script.js')}",
)
_recording = st.components.v2.component(
    "peerattn_recording",
    html="<span hidden></span>",
    js=f"const DIGEST_LENGTH = {DIGEST_LENGTH};\n{read_part('streamlit/recording.js')}",
)
_explorer = st.components.v2.component(
    "peerattn_explorer", html="<div class='explorer'></div>", js=read_part("streamlit/explorer.js")
)


def load_script() -> None:
    """Send the explorer's script to the page; call it once, outside the fragments that show an explorer."""
    _scripts(key=keys.PEERATTN_SCRIPTS)


def show_explorer(
    trace: Trace | History,
    packed: bytes,
    *,
    key: Key[ComponentState],
    removal: Removal | None = None,
    selected: Selection | None = None,
    initial_view: Mapping[str, Any] | None = None,
    comparison: Comparison | None = None,
    export_names: Mapping[str, str] | None = None,
) -> Selection | None:
    """Show a trace or a training history; return what the user selected last, or None if it no longer exists.

    `packed` is the result of `pack_trace` or `pack_history` for `trace`. Blocks and connections in `removal`
    are drawn faintly; the layout stays the same. `selected` is the selection until the user clicks something.
    `comparison` is a second trace, packed with the same `layout` as the first. `export_names` gives the names
    of clip and checkpoint for saved pictures. `initial_view` is the view of a saved session or tour step: its
    settings are in `query`, the query string of an address, which replaces that of the page's own address; a
    new `token` applies it anew. The page also needs `load_script`.
    """
    if initial_view:
        key = key.scoped(initial_view["token"])  # a new component, which forgets earlier clicks
    initial = asdict(selected) if selected else None
    current = key.get({}).get("selected", initial)
    left_out = comparison.left_out if comparison else None

    def span_chosen() -> None:
        span = key.get({}).get("span")
        if left_out and span is not None:
            left_out.on_choice((span[0], span[1]) if span else None)

    with st.container(gap=None):
        _recording(key=key.scoped("recording"), data=packed)
        if comparison:
            _recording(key=key.scoped("other"), data=comparison.packed)
        result = _explorer(
            key=key,
            data={
                "recording": packed[:DIGEST_LENGTH].decode(),
                "selected": current,
                "start": initial_view,
                "about": export_names,
                "other": comparison.packed[:DIGEST_LENGTH].decode() if comparison else None,
                "names": comparison.names if comparison else None,
                "leftOut": {"frames": left_out.frames} if left_out else None,
                "replay": isinstance(trace, History),
                **_marks(removal),
            },
            default={"selected": initial},
            on_selected_change=lambda: None,
            on_span_change=span_chosen,
        )
    return _selection(result.get("selected"), trace.structure)


def _marks(removal: Removal | None) -> dict[str, Any]:
    if removal is None:
        return {"pruned": False, "removed": [], "dead": [], "peerOnly": [], "starved": []}
    return {
        "pruned": True,
        "removed": list(removal.removed),
        "dead": list(removal.dead_blocks),
        "peerOnly": list(removal.peer_only),
        "starved": list(removal.starved),
    }


def _selection(clicked: Any, structure: Structure) -> Selection | None:
    if not clicked:
        return None
    known = {spec.key for spec in structure.connections}
    if clicked["kind"] == "block":
        known = set(structure.by_id)
    return Selection(clicked["kind"], clicked["id"]) if clicked["id"] in known else None


def pack_history(history: History) -> bytes:
    """Pack a training history for the browser, preceded by its digest.

    Raises PeerattnError if it has no logged step.
    """
    packed = pack_replay(history)
    return digest(packed).encode() + packed


def pack_trace(
    trace: Trace,
    clip_images: NDArray[np.uint8],
    *,
    object_ids: NDArray[np.uint8] | None = None,
    object_names: Mapping[int, str] | None = None,
    flow: NDArray[np.float32] | None = None,
    flow_step: float | None = None,
    joints: NDArray[np.float32] | None = None,
    layout: Structure | None = None,
    usual: Usual | None = None,
) -> bytes:
    """Pack a trace and its frames (T, h, w, 3) for the browser, preceded by their digest.

    `object_ids` (T, h, w), named by `object_names`, and `flow` (2, T, H, W) become overlays of the frames; T
    is the number of frames, h, w is the size of the displayed pictures and H, W that of the network's input.
    The flow is in pixels per step of `flow_step` seconds, joints in pixels of the images.
    `layout` is a structure that contains the trace's own and is laid out instead of it, such as the union of
    two structures that are compared. `usual` is what is usual for the network. Packing encodes every frame,
    so cache the result. Raises PeerattnError unless there is one image, object map and flow field per frame
    of the trace.
    """
    packed = pack_recording(
        trace,
        clip_images,
        object_ids=object_ids,
        object_names=object_names,
        flow=flow,
        flow_step=flow_step,
        joints=joints,
        layout=layout,
        usual=usual,
    )
    return digest(packed).encode() + packed
