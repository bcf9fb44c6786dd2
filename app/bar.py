"""The bar above screens of clips: checkpoint, clip, uploads, object maps, stretch, and what is in use."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import state
from app.files import CLIP_TYPES, OBJECT_TYPES, ObjectFile, Source, with_objects
from app.words import OBJECTS, plain
from peerattn.errors import PeerattnError


def show() -> None:
    """Draw the bar; afterwards `opened()` is what the visitor chose, or the last clip that could be read."""
    names = state.checkpoint_names()
    if not names:
        st.error(
            "No checkpoint was found: put one in the folder checkpoints, or name its folder in "
            "PEERATTN_CHECKPOINTS, and reload the page."
        )
        st.stop()
    left, middle, right = st.columns([2, 2, 3])
    choices, alerts = st.container(horizontal=True, vertical_alignment="center"), st.container()
    with left:
        name = _checkpoint(names, alerts)
    with right:
        uploads, refused = _uploads(name)
    with middle:
        source = _clip([*state.sample_clips(), *uploads])
    with choices:
        choice = _options(state.Choice(name, source))
    with alerts:
        for line in refused:
            st.error(plain(line))
        _open(choice)
        if now := opened():
            for remark in now.checkpoint.remarks:
                st.warning(plain(remark[0].upper() + remark[1:] + "."))
    with choices:
        _status()


def away() -> None:
    """A screen without the bar is shown: the uploader loses its files, but they are there on the way back."""
    st.session_state.brought = st.session_state.get("clips", {})


def opened() -> state.Opened | None:
    """What the screens show."""
    return st.session_state.get("opened")


def _checkpoint(names: tuple[str, ...], alerts: DeltaGenerator) -> str:
    """The chosen checkpoint; when it cannot be loaded, the one on the page stays."""
    name = st.selectbox(
        "Checkpoint",
        [*names, *state.UNTRAINED, *state.own_networks(st.session_state.get("own-structures", {}))],
        key="checkpoint",
        bind="query-params",
        persist_state="session",
    )
    try:
        state.checkpoint(name)
    except PeerattnError as error:
        alerts.error(plain(error))
        shown = opened()
        if shown is None:
            st.stop()
        return shown.choice.checkpoint
    return name


def _uploads(checkpoint: str) -> tuple[list[Source], list[str]]:
    """The uploaded clips that can be read, and a line for each that cannot."""
    files = st.file_uploader("Your clips", CLIP_TYPES, accept_multiple_files=True, key="uploads")
    read: dict[str, Source | str] = st.session_state.setdefault("read", {})
    for file in files:
        if file.file_id not in read:
            read[file.file_id] = _read(file, checkpoint)
    here = [read[file.file_id] for file in files]
    brought: dict[str, Source] = st.session_state.setdefault("brought", {})
    sources = brought | {item.id: item for item in here if isinstance(item, Source)}
    st.session_state.clips = sources
    state.shelf().keep_only(sources.values())
    return list(sources.values()), [item for item in here if isinstance(item, str)]


def _read(file: UploadedFile, checkpoint: str) -> Source | str:
    """The uploaded clip, chosen at once if it can be read; else the line that says why not."""
    source = state.shelf().clip(file.name, file.getbuffer())
    try:
        state.frames(state.Choice(checkpoint, source))
    except PeerattnError as error:
        return source.refusal(error)
    st.session_state.newest = source.id
    return source


def _clip(sources: list[Source]) -> Source:
    by_label = _labelled(sources)
    newest = st.session_state.pop("newest", None)
    for label, source in by_label.items():
        if source.id == newest:
            st.session_state.clip = label
    if st.session_state.get("clip") not in by_label:
        st.session_state.pop("clip", None)
    return by_label[
        st.selectbox("Clip", list(by_label), key="clip", bind="query-params", persist_state="session")
    ]


def _labelled(sources: list[Source]) -> dict[str, Source]:
    """Label → clip: its name, with a number where several have the same."""
    by_label: dict[str, Source] = {}
    for source in sources:
        others = sum(other.name == source.name for other in by_label.values())
        by_label[f"{source.name} ({others + 1})" if others else source.name] = source
    return by_label


def _options(choice: state.Choice) -> state.Choice:
    source = choice.source
    with st.popover("Stretch and object maps", type="tertiary"):
        start, stop = _stretch(source)
        attached = _attached(source)
    hold = bool(attached and state.covers_some_frames(attached)) and st.checkbox(
        "Hold each object map until the next", key=f"hold-{source.id}", persist_state="session"
    )
    return replace(choice, source=with_objects(source, attached), start=start, stop=stop, hold=hold)


def _stretch(source: Source) -> tuple[float, float]:
    """The chosen stretch in seconds; a clip of unknown length has two plain numbers instead of a slider."""
    duration, first = state.information(source).duration, state.FIRST_STRETCH
    key, label = f"stretch-{source.id}", "Stretch of the clip, in seconds"
    if duration is None:
        start = st.number_input("Start, in seconds", 0.0, key=f"{key}-start", persist_state="session")
        length = st.number_input(
            "Length, in seconds", 0.1, state.LONGEST_STRETCH, first, key=key, persist_state="session"
        )
        return start, start + length
    if duration <= 1.0:
        return 0.0, first
    end = round(duration, 1)
    start, stop = st.slider(
        label, 0.0, end, (0.0, min(end, first)), step=0.1, key=key, persist_state="session", format="%.1f"
    )
    return start, max(duration, first) if stop == end else max(stop, start + 0.1)


def _attached(source: Source) -> ObjectFile | None:
    """The visitor's own object maps for this clip; they stay attached while other clips are looked at."""
    attached: dict[str, ObjectFile] = st.session_state.setdefault("attached", {})
    if source.id in attached:
        st.text(f"Attached: {attached[source.id].name}")
        if st.button("Remove the attached object maps"):
            del attached[source.id]
            st.rerun()
        return attached.get(source.id)
    files = st.file_uploader(
        "Object maps of this clip: one .npz, or a lossless video of class ids with its .json",
        OBJECT_TYPES,
        accept_multiple_files=True,
        key=f"objects-{source.id}",
    )
    if files:
        try:
            maps = state.shelf().objects((file.name, file.getbuffer()) for file in files)
            state.object_maps(maps)
        except PeerattnError as error:
            st.error(plain(error))
        else:
            attached[source.id] = maps
            st.rerun()
    return None


def _open(choice: state.Choice) -> None:
    """Open the chosen clip; when that is refused, one line says why and the page stays as it was."""
    try:
        st.session_state.opened = state.open_clip(choice)
    except PeerattnError as error:
        st.error(plain(choice.source.refusal(error)))
        if shown := opened():
            st.caption(f"Still showing {plain(shown.choice.source.name)}.")


def _status() -> None:
    shown = opened()
    if shown is None:
        return
    trace = shown.trace
    windows = f"{len(trace.windows)} window{'s' * (len(trace.windows) > 1)}"
    objects = OBJECTS.get(trace.objects or "", "none, this checkpoint reads none")
    parts = (f"{len(trace.times)} frames in {windows}", f"Object maps: {objects}", state.device_name())
    shown_below = shown.checkpoint.remarks
    remarks = [remark for remark in trace.remarks if remark not in shown_below]
    st.caption(plain(" · ".join((*parts, *remarks))))
