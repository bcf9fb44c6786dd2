"""The bar above the screens that show a clip: checkpoint, clip, uploads, time range, object maps, status."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import keys
from app.opening.files import OBJECT_TYPES, OWN_TYPES, ObjectFile, Source, with_objects
from app.parts import card, network_choice, user_files
from app.parts.words import MAP_ORIGINS, plain
from app.state import address, clips, networks
from app.state.opened import DEFAULT_SECONDS, MAX_SECONDS, Choice, Opened, OpenedClip
from peerattn.errors import PeerattnError
from peerattn.traces.trace import Trace

UPLOAD_HELP = (
    "Videos, traces (.json) written by `peerattn record`, or sessions (.peerattn) from “Save and export”."
)


def show() -> None:
    """Draw the bar and open what the user chose; if it cannot be opened, `opened()` stays as it was."""
    names = networks.checkpoint_names()
    if not names:
        st.error(
            "No checkpoint was found. Put one in the folder checkpoints, or set PEERATTN_CHECKPOINTS to its "
            "folder, and reload the page."
        )
        st.stop()
    _read_address()
    user_files.restore_session()
    left, middle, right = st.columns([2, 2, 3])
    options_row = st.container(horizontal=True, vertical_alignment="center")
    alerts = st.container(key=keys.ALERTS)
    with left:
        name = _choose_checkpoint(alerts)
    with right:
        uploads, errors = _uploads(name)
    with middle:
        source = _choose_clip([*clips.offered_samples(), *uploads])
    network_choice.switch_to_default(source, name)
    with options_row:
        choice = _choose_options(Choice(name, source))
    with alerts:
        for line in (*errors, *user_files.notices(source)):
            st.error(plain(line))
        _open(choice)
        _warnings(choice)
    with options_row:
        if current := opened_clip():
            card.show(current.checkpoint)
        _status()


def _read_address() -> None:
    """On the first run, take what the address selects, and note what it names that does not exist.

    The widgets themselves ignore unknown names without a message.
    """
    if keys.ADDRESS.is_set:
        return
    keys.ADDRESS.value = st.query_params.to_dict()
    keys.SELECTED.value = address.parse_selection(keys.ADDRESS.value.get("pin"))
    if "checkpoint" in keys.ADDRESS.value:
        network_choice.mark_chosen()
    clips.offer_named_samples(*map(keys.ADDRESS.value.get, (keys.CLIP, keys.SECOND_CLIP, keys.DONOR)))
    known = [source.name for source in clips.sample_clips()]
    lines = address.warnings(keys.ADDRESS.value, checkpoints=network_names(), clips=known)
    keys.ADDRESS_WARNINGS.value = list(lines)


def _warnings(choice: Choice) -> None:
    """Draw the warnings about the address, until another choice is made, and the remarks of the network."""
    if (current := opened()) is None:
        return
    if choice == keys.FIRST_CHOICE.setdefault(choice):
        selection_warnings = address.selection_warnings(keys.ADDRESS.value, current.trace)
        for line in (*keys.ADDRESS_WARNINGS.value, *selection_warnings):
            st.warning(plain(line))
    if isinstance(current, OpenedClip):
        for remark in current.checkpoint.remarks:
            st.warning(plain(remark[0].upper() + remark[1:] + "."))


def retain_uploads() -> None:
    """Retain the uploaded clips on a screen without the bar, where the uploader loses its files."""
    keys.RETAINED_CLIPS.value = keys.OWN_CLIPS.get({})


def opened() -> Opened | None:
    """Return what is open: a clip with its trace, or a trace file; None if there is nothing."""
    return keys.OPENED.get()


def opened_clip() -> OpenedClip | None:
    """Return the open clip, for screens that need its network; None for a trace file."""
    current = opened()
    return current if isinstance(current, OpenedClip) else None


def no_clip_message() -> str:
    """Say why no clip is open, and what to do."""
    if opened():
        return "A trace file contains no network and no clip. Choose a clip above."
    return "No clip is open yet. Choose a sample clip above, or upload one of your own."


def network_names() -> list[str]:
    """Return the names of all networks that can be chosen."""
    own = networks.own_network_names(keys.OWN_STRUCTURES.get({}))
    return [*networks.checkpoint_names(), *networks.UNTRAINED, *own]


def clip_sources() -> dict[str, Source]:
    """Return all clips that a network can run on by their labels, the user's own last."""
    sources = [*clips.offered_samples(), *keys.OWN_CLIPS.get({}).values()]
    return _labelled([source for source in sources if not source.trace])


def _choose_checkpoint(alerts: DeltaGenerator) -> str:
    """Return the chosen checkpoint; if it cannot be loaded, the one that is already on the page."""
    name = network_choice.show(network_names())
    try:
        networks.checkpoint(name)
    except PeerattnError as error:
        alerts.error(plain(error))
        current = opened()
        if current is None:
            st.stop()
        return current.choice.checkpoint
    return name


def _uploads(checkpoint: str) -> tuple[list[Source], list[str]]:
    """Return the uploaded clips and traces, and an error line for each file that cannot be read."""
    files = st.file_uploader(
        "Your clips", OWN_TYPES, accept_multiple_files=True, key=keys.UPLOADS, help=UPLOAD_HELP
    )
    results: dict[str, Source | str] = keys.UPLOAD_RESULTS.setdefault({})
    for file in files:
        if file.file_id not in results:
            results[file.file_id] = _open_upload(file, checkpoint)
    current = [results[file.file_id] for file in files]
    retained: dict[str, Source] = keys.RETAINED_CLIPS.setdefault({})
    sources = retained | {result.id: result for result in current if isinstance(result, Source)}
    keys.OWN_CLIPS.value = sources
    clips.upload_folder().keep_only(sources.values())
    if keys.SESSION_TO_RESTORE.is_set:
        st.rerun()  # the session sets widgets that have already been drawn
    return list(sources.values()), [result for result in current if isinstance(result, str)]


def _open_upload(file: UploadedFile, checkpoint: str) -> Source | str:
    """Open and select an uploaded clip, trace or session; return the error line if it cannot be read."""
    try:
        source = user_files.open_upload(file.name, file.getbuffer(), checkpoint, network_names())
    except PeerattnError as error:
        return str(error)
    keys.NEWEST_CLIP.value = source.id
    return source


def _choose_clip(sources: list[Source]) -> Source:
    by_label = _labelled(list({source.id: source for source in sources}.values()))
    newest = keys.NEWEST_CLIP.pop()
    for label, source in by_label.items():
        if source.id == newest:
            keys.CLIP.value = label
    if keys.CLIP.get() not in by_label:
        keys.CLIP.pop()
    return by_label[
        st.selectbox("Clip", list(by_label), key=keys.CLIP, bind="query-params", persist_state="session")
    ]


def _labelled(sources: list[Source]) -> dict[str, Source]:
    """Return the clips by label: the file name, numbered if several clips have the same one."""
    by_label: dict[str, Source] = {}
    for source in sources:
        others = sum(other.name == source.name for other in by_label.values())
        by_label[f"{source.name} ({others + 1})" if others else source.name] = source
    return by_label


def _choose_options(choice: Choice) -> Choice:
    source = choice.source
    if source.trace:
        return choice
    with st.popover("Time range and object maps", type="tertiary"):
        start, stop = _choose_time_range(source)
        attached = _attached_maps(source)
    hold = bool(attached and clips.covers_some_frames(attached)) and st.checkbox(
        "Use each object map until the next one",
        key=keys.HOLD_MAPS.scoped(source.id),
        persist_state="session",
    )
    return replace(choice, source=with_objects(source, attached), start=start, stop=stop, hold=hold)


def _choose_time_range(source: Source) -> tuple[float, float]:
    """Return the chosen start and stop in seconds.

    A clip of unknown length has two number inputs instead of a slider.
    """
    duration, default = clips.video_information(source).duration, DEFAULT_SECONDS
    key, label = keys.TIME_RANGE.scoped(source.id), "Time range of the clip, in seconds"
    if duration is None:
        start = st.number_input("Start, in seconds", 0.0, key=key.scoped("start"), persist_state="session")
        length = st.number_input(
            "Length, in seconds", 0.1, MAX_SECONDS, default, key=key, persist_state="session"
        )
        return start, start + length
    if duration <= 1.0:
        return 0.0, default
    end = round(duration, 1)
    start, stop = st.slider(
        label, 0.0, end, (0.0, min(end, default)), step=0.1, key=key, persist_state="session", format="%.1f"
    )
    return start, max(duration, default) if stop == end else max(stop, start + 0.1)


def _attached_maps(source: Source) -> ObjectFile | None:
    """Return the user's own object maps for this clip, which stay attached while other clips are shown."""
    attached: dict[str, ObjectFile] = keys.ATTACHED_MAPS.setdefault({})
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
        key=keys.MAPS_UPLOADER.scoped(source.id),
    )
    if files:
        try:
            maps = clips.upload_folder().objects((file.name, file.getbuffer()) for file in files)
            clips.object_maps(maps)
        except PeerattnError as error:
            st.error(plain(error))
        else:
            attached[source.id] = maps
            st.rerun()
    return None


def _open(choice: Choice) -> None:
    """Open the chosen clip; if that fails, draw one error line and leave the page as it was."""
    open_source = clips.open_trace if choice.source.trace else clips.open_clip
    try:
        keys.OPENED.value = open_source(choice)
        if line := user_files.compare_with_saved(keys.OPENED.value):
            st.error(plain(line))
    except PeerattnError as error:
        st.error(plain(choice.source.refusal(error)))
        if current := opened():
            st.caption(f"Still showing {plain(current.choice.source.name)}.")


def _status() -> None:
    """Draw one line: frames, windows, object maps, device, and remarks."""
    current = opened()
    if current is None:
        return
    trace = current.trace
    windows = f"{len(trace.windows)} window{'s' * (len(trace.windows) > 1)}"
    parts = [f"{len(trace.times)} frames in {windows}"]
    if isinstance(current, OpenedClip):
        origin = MAP_ORIGINS.get(trace.objects or "", "not used by this checkpoint")
        drawn_remarks = current.checkpoint.remarks  # by `_warnings`
        parts += [f"Object maps: {origin}", f"computed on {networks.device_name()}{_precision(trace)}"]
    else:
        drawn_remarks = ()
        parts += ["Trace file: numbers without frames, which only Explore can show"]
        parts += [f"computed on {trace.computed_by.device}{_precision(trace)}"] if trace.computed_by else []
    if network_choice.was_automatic(current.choice.source, current.choice.checkpoint):
        parts.append(network_choice.AUTOMATIC_NOTE)
    remarks = [remark for remark in trace.remarks if remark not in drawn_remarks]
    st.caption(plain(" · ".join((*parts, *remarks))))


def _precision(trace: Trace) -> str:
    """Return the precision and number of threads it was computed with, if the trace records them."""
    computation = trace.computed_by
    if computation is None:
        return ""
    count = computation.threads
    threads = f", {count} thread{'s' * (count > 1)}" if computation.device == "cpu" else ""
    return f" in {computation.precision}{threads}"
