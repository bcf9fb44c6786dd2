"""A clip opens from the Effect screen at the frame where the component that was changed mattered most."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from app import keys
from app.explorer.component import Selection
from app.parts.words import percent, plain
from app.state import clips
from app.state.opened import Opened, OpenedClip
from peerattn.graph.components import names
from peerattn.recording.interventions import removed_keys
from peerattn.recording.leaving_out import leave_out_while
from peerattn.recording.windows import windows

SPANS = 24
"""Into at most so many spans a clip is split."""


@dataclass(frozen=True)
class Asked:
    """The id of the clip that a button of the Effect screen opened, and the component that was changed."""

    source: str
    of: str
    name: str


@dataclass(frozen=True)
class Span:
    """Frames first ≤ t < last, in which leaving a component out changes the probability of a class most."""

    first: int
    last: int
    class_name: str
    before: float
    after: float


def ask(of: str, name: str) -> None:
    """Let the clip that was just opened start where this component matters most."""
    source = keys.NEWEST_CLIP.get()
    if source is not None:
        keys.MATTERED.value = Asked(source, of, name)
        keys.MATTERED_SHOWN.pop()


def seek(opened: Opened) -> None:
    """Move to the frame where the component mattered most, once, and say what was found."""
    asked = keys.MATTERED.get()
    if asked is None or asked.source != opened.choice.source.id or not isinstance(opened, OpenedClip):
        return
    if asked.name not in names(opened.checkpoint.structure, asked.of):
        return
    span = _span((*opened.choice.key, asked), opened, asked)
    if span is None:
        return
    if keys.MATTERED_SHOWN.get() != asked:
        keys.MATTERED_SHOWN.value = asked
        token = keys.RESTORED_SESSIONS.value = keys.RESTORED_SESSIONS.get(0) + 1
        keys.START_VIEW.value = {"token": token, "query": urlencode({"frame": span.first + 1})}
        if asked.of in ("block", "connection"):
            keys.SELECTED.value = Selection("block" if asked.of == "block" else "connection", asked.name)
    st.caption(plain(_sentence(span, asked.name, float(opened.clip.times[span.first]))))


def _sentence(span: Span, name: str, seconds: float) -> str:
    frames = f"frame {span.first + 1}"
    if span.last > span.first + 1:
        frames = f"frames {span.first + 1} to {span.last}"
    return (
        f"Opened at frame {span.first + 1} ({seconds:.2f} s). If {name} is left out in {frames} only, the "
        f"probability of {span.class_name} changes from {percent(span.before)} to {percent(span.after)}; in "
        "no other span of that length is the change greater."
    )


@st.cache_resource(max_entries=16, show_spinner="Finding where it mattered …")
def _span(key: tuple[object, ...], _opened: OpenedClip, _asked: Asked) -> Span | None:
    """Return the span that matters most; None if none changes anything, or it would take long to find out."""
    loaded, frames = _opened.checkpoint, len(_opened.clip.times)
    if _asked.of == "attention" or frames < 2 or not clips.is_quick_to_leave_out(_opened):
        return None
    known = {spec.key for spec in loaded.structure.connections}
    left_out = sorted(known & removed_keys(loaded.structure, {_asked.of: (_asked.name,)}))
    spans = windows(frames, -(-frames // SPANS))
    found = leave_out_while(
        loaded.network, _opened.clip, window=loaded.settings.window, connections=left_out, spans=spans
    )
    label = _opened.choice.source.label
    class_name = label if label in found.class_names else found.best
    changes = list(found.changes(class_name).values())
    most = max(range(len(spans)), key=lambda number: abs(changes[number]))
    if changes[most] == 0:
        return None
    before = float(found.before[found.class_names.index(class_name)])
    return Span(*spans[most], class_name, before, before + changes[most])
