"""The bar above screens of clips: checkpoint, clip, uploads, object maps, stretch, and what is in use."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import keys
from app.opening.files import OBJECT_TYPES, OWN_TYPES, ObjectFile, Source, with_objects
from app.parts import card, network_choice, visitor_files
from app.parts.words import OBJECTS, plain
from app.state import address, clips, networks
from app.state.shown import FIRST_STRETCH, LONGEST_STRETCH, Choice, Opened, Shown
from peerattn.errors import PeerattnError
from peerattn.traces.trace import Trace

OWN_HELP = "Videos; traces (.json) that `peerattn record` wrote; sessions (.peerattn) saved in Export."


def show() -> None:
    """Draw the bar; afterwards `shown()` is what the visitor chose, or the last clip that could be read."""
    names = networks.checkpoint_names()
    if not names:
        st.error(
            "No checkpoint was found: put one in the folder checkpoints, or name its folder in "
            "PEERATTN_CHECKPOINTS, and reload the page."
        )
        st.stop()
    _arrive()
    visitor_files.restore()
    left, middle, right = st.columns([2, 2, 3])
    choices, alerts = (
        st.container(horizontal=True, vertical_alignment="center"),
        st.container(key=keys.ALERTS),
    )
    with left:
        name = _checkpoint(alerts)
    with right:
        uploads, refused = _uploads(name)
    with middle:
        source = _clip([*clips.sample_clips(), *uploads])
    network_choice.follow(source, name)
    with choices:
        choice = _options(Choice(name, source))
    with alerts:
        for line in (*refused, *visitor_files.notices(source)):
            st.error(plain(line))
        _open(choice)
        _remarks(choice)
    with choices:
        if now := opened():
            card.show(now.checkpoint)
        _status()


def _arrive() -> None:
    """On the first run the address says what to show; widgets pass over what is not here in silence."""
    if keys.ADDRESS.held:
        return
    keys.ADDRESS.value = st.query_params.to_dict()
    keys.SELECTED.value = address.selection(keys.ADDRESS.value.get("pin"))
    if "checkpoint" in keys.ADDRESS.value:
        network_choice.keep()
    known = [source.name for source in clips.sample_clips()]
    lines = address.missing(keys.ADDRESS.value, checkpoints=network_names(), clips=known)
    keys.ABSENT.value = list(lines)


def _remarks(choice: Choice) -> None:
    """What the address names that is not here, until something else is chosen; then the network's remarks."""
    if (now := shown()) is None:
        return
    first = keys.FIRST.setdefault(choice)
    if choice == first:
        absent = address.missing_selection(keys.ADDRESS.value, now.trace)
        for line in (*keys.ABSENT.value, *absent):
            st.warning(plain(line))
    if isinstance(now, Opened):
        for remark in now.checkpoint.remarks:
            st.warning(plain(remark[0].upper() + remark[1:] + "."))


def away() -> None:
    """A screen without the bar is shown: the uploader loses its files, but they are there on the way back."""
    keys.BROUGHT.value = keys.CLIPS.get({})


def shown() -> Shown | None:
    """What is on the page: a clip that was run, or a trace file."""
    return keys.OPENED.get()


def opened() -> Opened | None:
    """The clip that was run, for screens that need its network; none for a trace file."""
    now = shown()
    return now if isinstance(now, Opened) else None


def nothing_to_run() -> str:
    """Why there is no clip that was run, and what to do."""
    if shown():
        return "A trace file holds numbers, but neither network nor clip: choose a clip above."
    return "Nothing is open yet: choose a sample clip above, or drop a clip of your own there."


def network_names() -> list[str]:
    """The networks that can be chosen."""
    own = networks.own_networks(keys.OWN_STRUCTURES.get({}))
    return [*networks.checkpoint_names(), *networks.UNTRAINED, *own]


def clip_sources() -> dict[str, Source]:
    """Label → clip of all that can be run, the visitor's own last."""
    sources = [*clips.sample_clips(), *keys.CLIPS.get({}).values()]
    return _labelled([source for source in sources if not source.trace])


def _checkpoint(alerts: DeltaGenerator) -> str:
    """The chosen checkpoint; when it cannot be loaded, the one on the page stays."""
    name = network_choice.show(network_names())
    try:
        networks.checkpoint(name)
    except PeerattnError as error:
        alerts.error(plain(error))
        now = shown()
        if now is None:
            st.stop()
        return now.choice.checkpoint
    return name


def _uploads(checkpoint: str) -> tuple[list[Source], list[str]]:
    """The uploaded clips that can be read, and a line for each that cannot."""
    files = st.file_uploader(
        "Your clips", OWN_TYPES, accept_multiple_files=True, key=keys.UPLOADS, help=OWN_HELP
    )
    read: dict[str, Source | str] = keys.READ.setdefault({})
    for file in files:
        if file.file_id not in read:
            read[file.file_id] = _read(file, checkpoint)
    here = [read[file.file_id] for file in files]
    brought: dict[str, Source] = keys.BROUGHT.setdefault({})
    sources = brought | {item.id: item for item in here if isinstance(item, Source)}
    keys.CLIPS.value = sources
    clips.shelf().keep_only(sources.values())
    if keys.RESTORING.held:
        st.rerun()  # its choices are those of widgets that are drawn already
    return list(sources.values()), [item for item in here if isinstance(item, str)]


def _read(file: UploadedFile, checkpoint: str) -> Source | str:
    """The uploaded clip, trace or session, chosen at once if it can be read; else the line why not."""
    try:
        source = visitor_files.read(file.name, file.getbuffer(), checkpoint, network_names())
    except PeerattnError as error:
        return str(error)
    keys.NEWEST.value = source.id
    return source


def _clip(sources: list[Source]) -> Source:
    by_label = _labelled(list({source.id: source for source in sources}.values()))
    newest = keys.NEWEST.pop()
    for label, source in by_label.items():
        if source.id == newest:
            keys.CLIP.value = label
    if keys.CLIP.get() not in by_label:
        keys.CLIP.pop()
    return by_label[
        st.selectbox("Clip", list(by_label), key=keys.CLIP, bind="query-params", persist_state="session")
    ]


def _labelled(sources: list[Source]) -> dict[str, Source]:
    """Label → clip: its name, with a number where several have the same."""
    by_label: dict[str, Source] = {}
    for source in sources:
        others = sum(other.name == source.name for other in by_label.values())
        by_label[f"{source.name} ({others + 1})" if others else source.name] = source
    return by_label


def _options(choice: Choice) -> Choice:
    source = choice.source
    if source.trace:
        return choice
    with st.popover("Stretch and object maps", type="tertiary"):
        start, stop = _stretch(source)
        attached = _attached(source)
    hold = bool(attached and clips.covers_some_frames(attached)) and st.checkbox(
        "Hold each object map until the next", key=keys.HOLD.of(source.id), persist_state="session"
    )
    return replace(choice, source=with_objects(source, attached), start=start, stop=stop, hold=hold)


def _stretch(source: Source) -> tuple[float, float]:
    """The chosen stretch in seconds; a clip of unknown length has two plain numbers instead of a slider."""
    duration, first = clips.information(source).duration, FIRST_STRETCH
    key, label = keys.STRETCH.of(source.id), "Stretch of the clip, in seconds"
    if duration is None:
        start = st.number_input("Start, in seconds", 0.0, key=key.of("start"), persist_state="session")
        length = st.number_input(
            "Length, in seconds", 0.1, LONGEST_STRETCH, first, key=key, persist_state="session"
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
    attached: dict[str, ObjectFile] = keys.ATTACHED.setdefault({})
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
        key=keys.OBJECTS.of(source.id),
    )
    if files:
        try:
            maps = clips.shelf().objects((file.name, file.getbuffer()) for file in files)
            clips.object_maps(maps)
        except PeerattnError as error:
            st.error(plain(error))
        else:
            attached[source.id] = maps
            st.rerun()
    return None


def _open(choice: Choice) -> None:
    """Open the chosen clip; when that is refused, one line says why and the page stays as it was."""
    open_source = clips.open_trace if choice.source.trace else clips.open_clip
    try:
        keys.OPENED.value = open_source(choice)
        if line := visitor_files.compare(keys.OPENED.value):
            st.error(plain(line))
    except PeerattnError as error:
        st.error(plain(choice.source.refusal(error)))
        if now := shown():
            st.caption(f"Still showing {plain(now.choice.source.name)}.")


def _status() -> None:
    now = shown()
    if now is None:
        return
    trace = now.trace
    windows = f"{len(trace.windows)} window{'s' * (len(trace.windows) > 1)}"
    parts = [f"{len(trace.times)} frames, answers over {windows}"]
    if isinstance(now, Opened):
        objects = OBJECTS.get(trace.objects or "", "none, this checkpoint reads none")
        said = now.checkpoint.remarks  # above
        parts += [f"Object maps: {objects}", f"computed on {networks.device_name()}{_how(trace)}"]
    else:
        said = ()
        parts += ["A trace file: its numbers without frames; only Explore can show it"]
        parts += [f"computed on {trace.computed_by.device}{_how(trace)}"] if trace.computed_by else []
    if network_choice.followed(now.choice.source, now.choice.checkpoint):
        parts.append(network_choice.FOLLOWED)
    remarks = [remark for remark in trace.remarks if remark not in said]
    st.caption(plain(" · ".join((*parts, *remarks))))


def _how(trace: Trace) -> str:
    """In what precision and how many threads it was computed, where the trace says so."""
    by = trace.computed_by
    if by is None:
        return ""
    threads = f", {by.threads} thread{'s' * (by.threads > 1)}" if by.device == "cpu" else ""
    return f" in {by.precision}{threads}"
