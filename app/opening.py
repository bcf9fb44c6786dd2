"""What a visitor's file becomes: a clip, a trace, or a session put in place of what is on the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from app import address, network_choice, state
from app.files import Bytes, Source
from app.session import SUFFIX, Session
from app.traces import read_trace
from peerattn.data import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.trace import Trace

NEAR = 1e-4  # another machine rounds otherwise


def read(name: str, content: Bytes, checkpoint: str, checkpoints: Iterable[str]) -> Source:
    """The clip or trace that a file holds; raises PeerattnError with the line that says why not.

    A session's choices are put in place by `restore`, on the next run.
    """
    suffix = Path(name).suffix.lower()
    try:
        if suffix == SUFFIX:
            return _session(Session.from_bytes(content), set(checkpoints), checkpoint)
        return _trace(name, content) if suffix == ".json" else _clip(name, content, checkpoint)
    except PeerattnError as error:
        raise PeerattnError(f"{name}: {error}") from error


def bring(file: LabelledFile) -> None:
    """A clip of a folder becomes the visitor's own, its object maps attached; Explore then shows it.

    Raises PeerattnError where one of its files cannot be read any more.
    """
    shelf = state.shelf()
    try:
        source = replace(shelf.clip(file.path.name, file.path.read_bytes()), label=" | ".join(file.labels))
        if file.objects:
            declared = file.objects.with_suffix(".json")  # of a video of class ids
            beside = [declared] if declared.is_file() and file.objects.suffix != ".npz" else []
            parts = [(path.name, path.read_bytes()) for path in (file.objects, *beside)]
            st.session_state.setdefault("attached", {})[source.id] = shelf.objects(parts)
    except OSError as error:
        raise PeerattnError(f"{file.path.name} cannot be read any more: check the folder again") from error
    network_choice.keep()  # the one that was measured on it
    st.session_state.setdefault("clips", {})[source.id] = source
    st.session_state.setdefault("brought", {})[source.id] = source
    st.session_state.newest = source.id


def restore() -> None:
    """A session that was just read: its choices, before anything that shows them is drawn."""
    if "restoring" not in st.session_state:
        return
    session, source = st.session_state.pop("restoring")
    st.session_state.newest = source.id
    st.session_state.selected = address.selection(session.view.get("pin"))
    query = {name: value for name, value in session.view.items() if name not in ("checkpoint", "clip", "pin")}
    token = st.session_state.restored = st.session_state.get("restored", 0) + 1
    st.session_state.start = {"token": token, "query": urlencode(query)}
    if address.is_share(threshold := session.view.get("threshold", "")):
        st.session_state.threshold = float(threshold)
    if not source.trace:
        st.session_state.checkpoint = session.checkpoint
        network_choice.keep()
        _put_stretch(session, source)
        _put_objects(session, source)


def notices(source: Source) -> list[str]:
    """What is to be known of a clip that came in a session."""
    found: Mapping[str, list[str]] = st.session_state.get("notices", {})
    return found.get(source.id, [])


def compare(shown: state.Shown) -> None:
    """Note where the numbers that come out here are not those that were saved."""
    saved: str | None = st.session_state.get("saved-traces", {}).pop(shown.choice.source.id, None)
    if saved is not None and not _near(shown.trace, read_trace(saved)):
        line = (
            f"The numbers are not those saved in the session: the checkpoint {shown.choice.checkpoint} here "
            "is another, or the file it was saved from is."
        )
        notices(shown.choice.source).append(line)


def _clip(name: str, content: Bytes, checkpoint: str) -> Source:
    source = state.shelf().clip(name, content)
    try:
        state.frames(state.Choice(checkpoint, source))
    except PeerattnError as error:
        raise PeerattnError(source.refusal(error).removeprefix(f"{name}: ")) from error
    return source


def _trace(name: str, content: Bytes) -> Source:
    try:
        text = bytes(content).decode()
    except UnicodeDecodeError as error:
        raise PeerattnError("this is not a trace file: it is not text") from error
    read_trace(text)
    return state.shelf().trace(name, text)


def _session(session: Session, checkpoints: set[str], current: str) -> Source:
    """The session's clip with the network it ran through; where one of them is not here, its trace."""
    read_trace(session.trace)
    if session.objects:
        state.object_maps(state.shelf().objects(session.objects))
    absent = [*_absent(session, checkpoints)]
    if absent:
        source = state.shelf().trace(f"{session.clip_name} (trace)", session.trace)
    elif session.clip is not None:
        source = _clip(session.clip_name, session.clip, current)
    else:
        source = next(sample for sample in state.sample_clips() if sample.id == session.sample)
    lines = [
        f"The session's {what} is not here: its saved trace is shown, without frames." for what in absent
    ]
    st.session_state.setdefault("notices", {})[source.id] = lines
    if not absent:
        st.session_state.setdefault("saved-traces", {})[source.id] = session.trace
    st.session_state.restoring = (session, source)
    return source


def _absent(session: Session, checkpoints: set[str]) -> Iterator[str]:
    samples = {sample.id: sample.digest for sample in state.sample_clips()}
    if session.checkpoint not in checkpoints:
        yield f"checkpoint {session.checkpoint}"
    if session.clip is None and samples.get(session.sample or "") != session.clip_digest:
        yield f"clip {session.clip_name}"


def _put_stretch(session: Session, source: Source) -> None:
    """As the bar's widgets hold it: a slider, or two numbers where the clip's length is unknown."""
    duration, key = state.information(source).duration, f"stretch-{source.id}"
    if duration is None:
        st.session_state[f"{key}-start"] = session.start
        st.session_state[key] = min(max(session.stop - session.start, 0.1), state.LONGEST_STRETCH)
    elif duration > 1.0:
        end = round(duration, 1)
        st.session_state[key] = (min(session.start, end), min(session.stop, end))


def _put_objects(session: Session, source: Source) -> None:
    attached = st.session_state.setdefault("attached", {})
    attached.pop(source.id, None)
    if session.objects:
        attached[source.id] = state.shelf().objects(session.objects)
    st.session_state[f"hold-{source.id}"] = session.hold


def _near(first: Trace, second: Trace) -> bool:
    if first.structure != second.structure or len(first.times) != len(second.times):
        return False
    pairs = [(first.probabilities, second.probabilities)]
    pairs += [
        (one.attention_factors, other.attention_factors)
        for one, other in zip(first.connections, second.connections, strict=True)
    ]
    return all(np.allclose(one, other, atol=NEAR) for one, other in pairs)
