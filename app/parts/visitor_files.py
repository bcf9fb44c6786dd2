"""What a visitor's file becomes: a clip, a trace, or a session put in place of what is on the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import numpy as np

from app import keys
from app.opening.files import Bytes, ObjectFile, Source
from app.opening.session import SUFFIX, Session
from app.opening.traces import read_trace
from app.parts import network_choice
from app.parts.answers import BETWEEN
from app.state import address, clips
from app.state.shown import LONGEST_STRETCH, Choice, Shown
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.graph.answers import CLASSES
from peerattn.graph.structure import Structure
from peerattn.modalities.objects import read_objects, write_objects
from peerattn.traces.trace import Trace

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
    """A clip of a folder becomes the visitor's own; Explore then shows it as it was measured.

    Its object maps are attached, or estimated where it has none here, and as much of it is open as can be.
    Raises PeerattnError where one of its files cannot be read any more.
    """
    try:
        clip = clips.shelf().clip(file.path.name, file.path.read_bytes())
        maps = clips.shelf().objects([_packed_maps(file.objects)]) if file.objects else None
        _put_whole(clip)
    except (OSError, PeerattnError) as error:
        line = f"{file.path.name} cannot be opened ({error}): check the folder again"
        raise PeerattnError(line) from error
    source = replace(clip, label=BETWEEN.join(file.labels))
    _attach(source, maps, hold=False)
    network_choice.keep()  # the one that was measured on it
    keys.CLIPS.setdefault({})[source.id] = source
    keys.BROUGHT.setdefault({})[source.id] = source
    keys.NEWEST.value = source.id


def restore() -> None:
    """A session that was just read: its choices, before anything that shows them is drawn."""
    restoring = keys.RESTORING.pop()
    if restoring is None:
        return
    session, source = restoring
    keys.NEWEST.value = source.id
    keys.SELECTED.value = address.selection(session.view.get("pin"))
    query = {name: value for name, value in session.view.items() if name not in ("checkpoint", "clip", "pin")}
    token = keys.RESTORED.value = keys.RESTORED.get(0) + 1
    keys.START.value = {"token": token, "query": urlencode(query)}
    if address.is_share(threshold := session.view.get("threshold", "")):
        keys.THRESHOLD.value = float(threshold)
    if not source.trace:
        keys.CHECKPOINT.value = session.checkpoint
        network_choice.keep()
        _put_stretch(source, session.start, session.stop)
        maps = clips.shelf().objects(session.objects) if session.objects else None
        _attach(source, maps, hold=session.hold)


def notices(source: Source) -> list[str]:
    """What is to be known of a clip that came in a session."""
    return keys.NOTICES.get({}).get(source.id, [])


def compare(shown: Shown) -> str | None:
    """What is to be said, now and later, where the numbers that come out here are not those saved."""
    saved: str | None = keys.SAVED_TRACES.get({}).pop(shown.choice.source.id, None)
    if saved is None or _near(shown.trace, before := read_trace(saved)):
        return None
    if when := _outgrown(before, shown.trace.structure):
        line = (
            f"The numbers are not those saved in the session: it was saved when {' and '.join(when)}, and "
            "has been recorded anew in one pass."
        )
    else:
        line = (
            f"The numbers are not those saved in the session: the checkpoint {shown.choice.checkpoint} here "
            "is another, or the file it was saved from is."
        )
    notices(shown.choice.source).append(line)
    return line


def _outgrown(before: Trace, structure: Structure) -> list[str]:
    """What differed in the version that saved a trace of this structure; nothing for another structure."""
    if before.structure.with_answer(structure.answer) != structure.with_answer(structure.answer):
        return []
    old = any(connection.reached is None for connection in before.connections)
    shares = before.structure != structure and before.structure.answer == CLASSES
    return ["a clip was still recorded in windows"] * old + ["labels were shown as shares of one"] * shares


def _packed_maps(path: Path) -> tuple[str, bytes]:
    """The name and content of an `.npz` of object maps, whichever form they have: a folder is no one file."""
    name = f"{path.stem}.npz"
    with TemporaryDirectory() as folder:
        packed = Path(folder) / name
        write_objects(packed, read_objects(path))
        return name, packed.read_bytes()


def _clip(name: str, content: Bytes, checkpoint: str) -> Source:
    source = clips.shelf().clip(name, content)
    try:
        clips.frames(Choice(checkpoint, source))
    except PeerattnError as error:
        raise PeerattnError(source.reason(error)) from error
    return source


def _trace(name: str, content: Bytes) -> Source:
    try:
        text = bytes(content).decode()
    except UnicodeDecodeError as error:
        raise PeerattnError("this is not a trace file: it is not text") from error
    read_trace(text)
    return clips.shelf().trace(name, text)


def _session(session: Session, checkpoints: set[str], current: str) -> Source:
    """The session's clip with the network it ran through; where one of them is not here, its trace."""
    read_trace(session.trace)
    if session.objects:
        clips.object_maps(clips.shelf().objects(session.objects))
    absent = [*_absent(session, checkpoints)]
    if absent:
        source = clips.shelf().trace(f"{session.clip_name} (trace)", session.trace)
    elif session.clip is not None:
        source = _clip(session.clip_name, session.clip, current)
    else:
        source = next(sample for sample in clips.sample_clips() if sample.id == session.sample)
    lines = [
        f"The session's {what} is not here: its saved trace is shown, without frames." for what in absent
    ]
    keys.NOTICES.setdefault({})[source.id] = lines
    if not absent:
        keys.SAVED_TRACES.setdefault({})[source.id] = session.trace
    keys.RESTORING.value = (session, source)
    return source


def _absent(session: Session, checkpoints: set[str]) -> Iterator[str]:
    samples = {sample.id: sample.digest for sample in clips.sample_clips()}
    if session.checkpoint not in checkpoints:
        yield f"checkpoint {session.checkpoint}"
    if session.clip is None and samples.get(session.sample or "") != session.clip_digest:
        yield f"clip {session.clip_name}"


def _put_whole(source: Source) -> None:
    """The clip from its beginning to its end; where it is too long, a notice says so."""
    duration, most = clips.information(source).duration, LONGEST_STRETCH
    _put_stretch(source, 0.0, most)
    lines = []
    if duration is None or round(duration, 1) > most:
        lines.append(
            f"At most {most:.0f} s are opened at once, and this clip "
            f"{'may last' if duration is None else 'lasts'} longer: the answer here need not be that of the "
            "cell, where the whole clip was measured."
        )
    keys.NOTICES.setdefault({})[source.id] = lines


def _put_stretch(source: Source, start: float, stop: float) -> None:
    """As the bar's widgets hold it: a slider, or two numbers where the clip's length is unknown."""
    duration, key = clips.information(source).duration, keys.STRETCH.of(source.id)
    if duration is None:
        key.of("start").value = start
        key.value = min(max(stop - start, 0.1), LONGEST_STRETCH)
    elif duration > 1.0:
        end = round(duration, 1)
        key.value = (min(start, end), min(stop, end))


def _attach(source: Source, maps: ObjectFile | None, *, hold: bool) -> None:
    """These object maps in place of any that were attached before."""
    attached: dict[str, ObjectFile] = keys.ATTACHED.setdefault({})
    attached.pop(source.id, None)
    if maps:
        attached[source.id] = maps
    keys.HOLD.of(source.id).value = hold


def _near(first: Trace, second: Trace) -> bool:
    if first.structure != second.structure or len(first.times) != len(second.times):
        return False
    pairs = [(first.probabilities, second.probabilities)]
    pairs += [
        (one.attention_factors, other.attention_factors)
        for one, other in zip(first.connections, second.connections, strict=True)
    ]
    return all(np.allclose(one, other, atol=NEAR) for one, other in pairs)
