"""The one browser component: frame player, level graph, timeline and numbers under one cursor.

Three mounts, so that a rerun sends what changed and nothing else: the scripts (constant), the recording
(constant for a clip and checkpoint) and the explorer itself (what is removed, what is selected). Moving the
cursor runs no Python; a click on a block or connection does.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from peerattn.figures.recording import digest, recording
from peerattn.figures.scripts import script
from peerattn.trace import Trace

if TYPE_CHECKING:
    from peerattn.pruning import Pruning

DIGEST = 24
"""Characters of a recording's digest, which stands before it on the wire."""


@dataclass(frozen=True)
class Selection:
    """What was clicked: `id` is the block's id or the connection's key."""

    kind: Literal["connection", "block"]
    id: str


_scripts = st.components.v2.component(
    "peerattn_scripts",
    html="<span hidden></span>",
    js=script() + "\nexport default () => { globalThis.dispatchEvent(new Event('peerattn-part')); };",
)
_recording = st.components.v2.component(
    "peerattn_recording",
    html="<span hidden></span>",
    js=f"""export default ({{ data }}) => {{
  const recordings = (globalThis.peerattnRecordings ??= new Map());
  recordings.set(new TextDecoder().decode(data.subarray(0, {DIGEST})), data.slice({DIGEST}));
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


def explorer(
    trace: Trace,
    clip_images: NDArray[np.uint8],
    *,
    key: str,
    object_ids: NDArray[np.uint8] | None = None,
    object_names: Mapping[int, str] | None = None,
    pruning: Pruning | None = None,
    selected: Selection | None = None,
) -> Selection | None:
    """Draw the trace over its frames (T, h, w, 3); returns what the user clicked last, if it still exists.

    `object_ids` (T, h, w) can be laid over the frames. What `pruning` removes is drawn faint and
    nothing moves. `selected` counts until something is clicked.
    """
    first = asdict(selected) if selected else None
    chosen = st.session_state.get(key, {}).get("selected", first)
    payload = _payload(trace, clip_images, object_ids, object_names)
    with st.container(gap=None):
        _scripts(key="peerattn-scripts")
        _recording(key=f"{key}-recording", data=payload)
        result = _explorer(
            key=key,
            data={"recording": payload[:DIGEST].decode(), "selected": chosen, **_marks(pruning)},
            default={"selected": first},
            on_selected_change=lambda: None,
        )
    return _selection(result.get("selected"), trace)


def _marks(pruning: Pruning | None) -> dict[str, Any]:
    if pruning is None:
        return {"pruned": False, "removed": [], "dead": [], "peerOnly": [], "starved": []}
    return {
        "pruned": True,
        "removed": list(pruning.removed),
        "dead": list(pruning.dead_blocks),
        "peerOnly": list(pruning.peer_only),
        "starved": list(pruning.starved),
    }


def _selection(found: Any, trace: Trace) -> Selection | None:
    if not found:
        return None
    parts = trace.connections if found["kind"] == "connection" else trace.structure.blocks
    known = {part.key if found["kind"] == "connection" else part.id for part in parts}
    return Selection(found["kind"], found["id"]) if found["id"] in known else None


def _content(array: NDArray[Any]) -> str:
    return f"{array.shape} {zlib.crc32(np.ascontiguousarray(array).data)}"


def _trace_content(trace: Trace) -> str:
    factors = [_content(connection.attention_factors) for connection in trace.connections]
    return f"{trace.structure} {trace.class_names} {trace.windows} {_content(trace.times)} {factors}"


@st.cache_resource(
    max_entries=16, show_spinner=False, hash_funcs={Trace: _trace_content, np.ndarray: _content}
)
def _payload(
    trace: Trace,
    images: NDArray[np.uint8],
    object_ids: NDArray[np.uint8] | None,
    object_names: Mapping[int, str] | None,
) -> bytes:
    """The recording behind its digest, kept because a rerun would spend its time on encoding the frames."""
    packed = recording(trace, images, object_ids=object_ids, object_names=object_names)
    return digest(packed).encode() + packed
