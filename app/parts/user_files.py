"""Opening a user's files: clips, traces, clips of a measured folder, and saved sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import numpy as np

from app import keys
from app.opening.files import Bytes, ObjectFile, Source
from app.opening.generated import write_clip
from app.opening.session import SUFFIX, Session
from app.opening.traces import read_trace
from app.parts import network_choice
from app.parts.answers import LABEL_SEPARATOR
from app.state import address, clips, left_out
from app.state.opened import MAX_SECONDS, Choice, Opened
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.graph.answers import CLASSES
from peerattn.graph.structure import Structure
from peerattn.modalities.objects import read_objects, write_objects
from peerattn.traces.trace import Trace

TOLERANCE = 1e-4  # machines differ in rounding


def open_upload(name: str, content: Bytes, checkpoint: str, checkpoints: Iterable[str]) -> Source:
    """Return the clip or trace in a file; of a session, its clip.

    `checkpoint` is the current one, `checkpoints` are all that can be chosen. The choices of a session are
    restored by `restore_session` in the next run. Raises PeerattnError with the error line to show.
    """
    suffix = Path(name).suffix.lower()
    try:
        if suffix == SUFFIX:
            return _open_session(Session.from_bytes(content), set(checkpoints), checkpoint)
        return _open_trace(name, content) if suffix == ".json" else _open_clip(name, content, checkpoint)
    except PeerattnError as error:
        raise PeerattnError(f"{name}: {error}") from error


def open_labelled_clip(file: LabelledFile) -> None:
    """Make a clip of a folder one of the user's own, so Explore shows it as it was measured.

    Its object maps are attached, or estimated if it has none, and as much of it is opened as possible. Raises
    PeerattnError if one of its files can no longer be read.
    """
    try:
        clip = clips.upload_folder().clip(file.path.name, file.path.read_bytes())
        maps = clips.upload_folder().objects([_packed_maps(file.objects)]) if file.objects else None
        _select_whole_clip(clip)
    except (OSError, PeerattnError) as error:
        message = f"{file.path.name} cannot be opened ({error}): check the folder again"
        raise PeerattnError(message) from error
    _open_measured(replace(clip, label=LABEL_SEPARATOR.join(file.labels)), maps)


def open_generated_clip(seed: int, loaded: Checkpoint, *, with_maps: bool) -> None:
    """Make the generated clip of a seed one of the user's own, with its true object maps if wanted.

    Raises PeerattnError if the network's classes are not those of the generated clips.
    """
    video, objects, label = write_clip(seed, loaded.class_names, loaded.settings)
    clip = clips.upload_folder().clip(f"seed-{seed}.mkv", video)
    maps = clips.upload_folder().objects([objects]) if with_maps else None
    _select_whole_clip(clip)
    _open_measured(replace(clip, label=label), maps and replace(maps, origin="true"))


def _open_measured(source: Source, maps: ObjectFile | None) -> None:
    """Make a measured clip one of the user's own, and the one that Explore shows."""
    _attach(source, maps, hold=False)
    network_choice.mark_chosen()  # keep the checkpoint that was measured
    keys.OWN_CLIPS.setdefault({})[source.id] = source
    keys.RETAINED_CLIPS.setdefault({})[source.id] = source
    keys.NEWEST_CLIP.value = source.id


def restore_session() -> None:
    """Restore the choices of a session that was just read; call this before drawing the widgets it sets."""
    pending = keys.SESSION_TO_RESTORE.pop()
    if pending is None:
        return
    session, source = pending
    keys.NEWEST_CLIP.value = source.id
    keys.SELECTED.value = address.parse_selection(session.view.get("pin"))
    left_out.restore(session.view)
    query = {name: value for name, value in session.view.items() if name not in ("checkpoint", "clip", "pin")}
    token = keys.RESTORED_SESSIONS.value = keys.RESTORED_SESSIONS.get(0) + 1
    keys.START_VIEW.value = {"token": token, "query": urlencode(query)}
    if address.is_fraction(threshold := session.view.get("threshold", "")):
        keys.THRESHOLD.value = float(threshold)
    if not source.trace:
        keys.CHECKPOINT.value = session.checkpoint
        network_choice.mark_chosen()
        _set_time_range(source, session.start, session.stop)
        maps = clips.upload_folder().objects(session.objects) if session.objects else None
        _attach(source, maps, hold=session.hold)


def notices(source: Source) -> list[str]:
    """Return the lines to show with a clip, such as what is missing from its session."""
    return keys.NOTICES.get({}).get(source.id, [])


def compare_with_saved(opened: Opened) -> str | None:
    """Return an error line if the trace differs from the one saved in its session; else None.

    The line is kept among the notices of the clip.
    """
    saved: str | None = keys.SAVED_TRACES.get({}).pop(opened.choice.source.id, None)
    if saved is None or _nearly_equal(opened.trace, saved_trace := read_trace(saved)):
        return None
    if changes := _version_changes(saved_trace, opened.trace.structure):
        line = (
            "The numbers differ from those saved in the session, which is from an earlier version, when "
            f"{' and '.join(changes)}. The clip was recorded again in one pass."
        )
    else:
        line = (
            "The numbers differ from those saved in the session, because the checkpoint "
            f"{opened.choice.checkpoint} or the clip is not the one it was saved with."
        )
    notices(opened.choice.source).append(line)
    return line


def _version_changes(saved: Trace, structure: Structure) -> list[str]:
    """Return how the version that saved a trace differs from this one; empty if the structure differs."""
    if saved.structure.with_answer(structure.answer) != structure.with_answer(structure.answer):
        return []
    in_windows = any(connection.reached is None for connection in saved.connections)
    shares = saved.structure != structure and saved.structure.answer == CLASSES
    changes = ["clips were still recorded window by window"] if in_windows else []
    return [*changes, "the labels of a clip shared one probability"] if shares else changes


def _packed_maps(path: Path) -> tuple[str, bytes]:
    """Return the name and content of an `.npz` with the object maps at a path, which may be a folder."""
    name = f"{path.stem}.npz"
    with TemporaryDirectory() as folder:
        packed = Path(folder) / name
        write_objects(packed, read_objects(path))
        return name, packed.read_bytes()


def _open_clip(name: str, content: Bytes, checkpoint: str) -> Source:
    source = clips.upload_folder().clip(name, content)
    try:
        clips.frames(Choice(checkpoint, source))
    except PeerattnError as error:
        raise PeerattnError(source.reason(error)) from error
    return source


def _open_trace(name: str, content: Bytes) -> Source:
    try:
        text = bytes(content).decode()
    except UnicodeDecodeError as error:
        raise PeerattnError("this is not a trace file: it is not text") from error
    read_trace(text)
    return clips.upload_folder().trace(name, text)


def _open_session(session: Session, checkpoints: set[str], current: str) -> Source:
    """Return the clip of a session, or its trace if its clip or checkpoint is not found."""
    read_trace(session.trace)
    clips.offer_named_samples(session.clip_name, *map(session.view.get, (keys.SECOND_CLIP, keys.DONOR)))
    if session.objects:
        clips.object_maps(clips.upload_folder().objects(session.objects))
    missing = [*_missing(session, checkpoints)]
    if missing:
        source = clips.upload_folder().trace(f"{session.clip_name} (trace)", session.trace)
    elif session.clip is not None:
        source = _open_clip(session.clip_name, session.clip, current)
    else:
        source = next(sample for sample in clips.sample_clips() if sample.id == session.sample)
    lines = [
        f"The {what} of the session was not found. Its saved trace is shown, without frames."
        for what in missing
    ]
    keys.NOTICES.setdefault({})[source.id] = lines
    if not missing:
        keys.SAVED_TRACES.setdefault({})[source.id] = session.trace
    keys.SESSION_TO_RESTORE.value = (session, source)
    return source


def _missing(session: Session, checkpoints: set[str]) -> Iterator[str]:
    """Name the checkpoint and the clip of a session if they are not found."""
    samples = {sample.id: sample.digest for sample in clips.sample_clips()}
    if session.checkpoint not in checkpoints:
        yield f"checkpoint {session.checkpoint}"
    if session.clip is None and samples.get(session.sample or "") != session.clip_digest:
        yield f"clip {session.clip_name}"


def _select_whole_clip(source: Source) -> None:
    """Select the whole clip, or its beginning with a notice if it is too long."""
    duration, most = clips.video_information(source).duration, MAX_SECONDS
    _set_time_range(source, 0.0, most)
    lines = []
    if duration is None or round(duration, 1) > most:
        lines.append(
            f"At most {most:.0f} s are opened at once, and this clip "
            f"{'may be' if duration is None else 'is'} longer. The answer here may differ from the "
            "measured one, which is that of the whole clip."
        )
    keys.NOTICES.setdefault({})[source.id] = lines


def _set_time_range(source: Source, start: float, stop: float) -> None:
    """Set the time range in the widgets of the bar: a slider, or two numbers if the length is unknown."""
    duration, key = clips.video_information(source).duration, keys.TIME_RANGE.scoped(source.id)
    if duration is None:
        key.scoped("start").value = start
        key.value = min(max(stop - start, 0.1), MAX_SECONDS)
    elif duration > 1.0:
        end = round(duration, 1)
        key.value = (min(start, end), min(stop, end))


def _attach(source: Source, maps: ObjectFile | None, *, hold: bool) -> None:
    """Attach object maps to a clip, instead of any that were attached before."""
    attached: dict[str, ObjectFile] = keys.ATTACHED_MAPS.setdefault({})
    attached.pop(source.id, None)
    if maps:
        attached[source.id] = maps
    keys.HOLD_MAPS.scoped(source.id).value = hold


def _nearly_equal(first: Trace, second: Trace) -> bool:
    """Whether two traces have the same structure, and probabilities and factors equal within rounding."""
    if first.structure != second.structure or len(first.times) != len(second.times):
        return False
    pairs = [(first.probabilities, second.probabilities)]
    pairs += [
        (one.attention_factors, other.attention_factors)
        for one, other in zip(first.connections, second.connections, strict=True)
    ]
    return all(np.allclose(one, other, atol=TOLERANCE) for one, other in pairs)
