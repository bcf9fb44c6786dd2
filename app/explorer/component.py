"""The one browser component: frame player, level graph, timeline and numbers under one cursor.

It shows a clip's trace, or without the player how a network learned.

Three mounts, so that a rerun sends what changed and nothing else: the scripts (constant), the recording
(constant for a clip and checkpoint) and the explorer itself (what is removed, what is selected). Moving the
cursor runs no Python; a click on a block or connection does.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from peerattn.graph.connectivity import Removal
from peerattn.graph.structure import Structure
from peerattn.traces.history import History
from peerattn.traces.trace import Trace

DIGEST = 24
"""Characters of a recording's digest, which stands before it on the wire."""


@dataclass(frozen=True)
class Selection:
    """What was clicked: `id` is the block's id or the connection's key."""

    kind: Literal["connection", "block"]
    id: str


@dataclass(frozen=True)
class SecondTrace:
    """A second trace over its frames, and what the two are called."""

    packed: bytes
    names: tuple[str, str]


_scripts = st.components.v2.component(
    "peerattn_scripts",
    html="<span hidden></span>",
    js=browser_script() + "\nexport default () => { globalThis.dispatchEvent(new Event('peerattn-part')); };",
)
_recording = st.components.v2.component(
    "peerattn_recording",
    html="<span hidden></span>",
    js=f"""export default ({{ data }}) => {{
  const recordings = (globalThis.peerattnRecordings ??= new Map());
  const name = new TextDecoder().decode(data.subarray(0, {DIGEST}));
  const known = recordings.get(name);
  recordings.delete(name); // what is shown again becomes the newest
  recordings.set(name, known ?? data.slice({DIGEST}));
  if (known) return;
  if (recordings.size > 4) recordings.delete(recordings.keys().next().value);
  globalThis.dispatchEvent(new Event("peerattn-part"));
}};""",
)
_explorer = st.components.v2.component(
    "peerattn_explorer",
    html="<div class='explorer'></div>",
    js="""export default (component) => {
  const root = component.parentElement.querySelector(".explorer");
  root.latest = component;
  if (!root.show) {
    root.show = () => globalThis.peerattnExplorer?.show(root);
    globalThis.addEventListener("peerattn-part", root.show);
  }
  root.show();
  return () => {
    globalThis.removeEventListener("peerattn-part", root.show);
    globalThis.peerattnExplorer?.remove(root);
  };
};""",
)


def load_script() -> None:
    """Bring the explorer's script to the page: once, outside any fragment that draws an explorer."""
    _scripts(key=keys.PEERATTN_SCRIPTS)


def show_explorer(
    shown: Trace | History,
    packed: bytes,
    *,
    key: Key[ComponentState],
    removal: Removal | None = None,
    selected: Selection | None = None,
    start: Mapping[str, Any] | None = None,
    other: SecondTrace | None = None,
    about: Mapping[str, str] | None = None,
) -> Selection | None:
    """Draw a trace over its frames, or a history; returns what the user clicked last, if it still exists.

    `packed` is what `pack` and `pack_history` make of them. What `removal` takes is drawn faint and nothing
    moves. `selected` counts until something is clicked.
    `other` is compared with it: both are packed on one layout. `about` names clip and checkpoint in pictures.
    The page needs `script` too.
    `start` is how a saved session was looked at: its `token`, and the `query` of its address, which then
    counts in place of the page's own.
    """
    key = key.scoped(start["token"]) if start else key  # anew: what was clicked before counts no more
    first = asdict(selected) if selected else None
    chosen = key.get({}).get("selected", first)
    with st.container(gap=None):
        _recording(key=key.scoped("recording"), data=packed)
        if other:
            _recording(key=key.scoped("other"), data=other.packed)
        result = _explorer(
            key=key,
            data={
                "recording": packed[:DIGEST].decode(),
                "selected": chosen,
                "start": start,
                "about": about,
                "other": other.packed[:DIGEST].decode() if other else None,
                "names": other.names if other else None,
                "replay": isinstance(shown, History),
                **_marks(removal),
            },
            default={"selected": first},
            on_selected_change=lambda: None,
        )
    return _selection(result.get("selected"), shown.structure)


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


def _selection(found: Any, structure: Structure) -> Selection | None:
    if not found:
        return None
    known = {spec.key for spec in structure.connections}
    if found["kind"] == "block":
        known = set(structure.by_id)
    return Selection(found["kind"], found["id"]) if found["id"] in known else None


def pack_history(history: History) -> bytes:
    """A training history for the browser, behind its digest."""
    packed = pack_replay(history)
    return digest(packed).encode() + packed


def pack_trace(
    trace: Trace,
    clip_images: NDArray[np.uint8],
    *,
    object_ids: NDArray[np.uint8] | None = None,
    object_names: Mapping[int, str] | None = None,
    flow: NDArray[np.float32] | None = None,
    layout: Structure | None = None,
) -> bytes:
    """A trace and its frames (T, h, w, 3) for the browser, behind their digest.

    `object_ids` (T, h, w) and `flow` (2, T, H, W) can be laid over the frames; `layout` is a greater
    structure to draw on. Packing encodes every frame: keep what it returns.
    """
    packed = pack_recording(
        trace,
        clip_images,
        object_ids=object_ids,
        object_names=object_names,
        flow=flow,
        layout=layout,
    )
    return digest(packed).encode() + packed
