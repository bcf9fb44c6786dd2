"""A visitor's session as one file: what was opened, how it was looked at, and the trace that came of it.

A zip of fixed names: `session.json`, `trace.json`, `clip`, `objects-1`, `objects-2`. What a file says of
itself is checked before anything is read: no name in it becomes a path, and nothing too large is unpacked.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.opening.files import digest
from peerattn.errors import PeerattnError

FORMAT = "peerattn-session/1"
SUFFIX = ".peerattn"
MOST_BYTES = 256 * 2**20
"""Of all parts together, unpacked."""
ABOUT, TRACE, CLIP, OBJECTS = "session.json", "trace.json", "clip", ("objects-1", "objects-2")
PARTS = {ABOUT, TRACE, CLIP, *OBJECTS}
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same session gives the same bytes


@dataclass(frozen=True)
class Session:
    """What is saved; `sample` is the id of a clip that ships, whose bytes are not kept."""

    checkpoint: str
    clip_name: str
    trace: str
    clip_digest: str = ""
    sample: str | None = None
    clip: bytes | None = None
    objects: tuple[tuple[str, bytes], ...] = ()
    start: float = 0.0  # s
    stop: float = 1.0  # s
    hold: bool = False
    view: Mapping[str, str] = field(default_factory=dict)
    """What the page's address said of how things are shown."""

    def to_bytes(self) -> bytes:
        parts = {ABOUT: json.dumps(self._about(), indent=2, ensure_ascii=False).encode()}
        parts[TRACE] = self.trace.encode()
        if self.clip is not None:
            parts[CLIP] = self.clip
        parts |= {place: content for place, (_, content) in zip(OBJECTS, self.objects, strict=False)}
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(zipfile.ZipInfo(name, MOMENT), content, zipfile.ZIP_DEFLATED)
        return file.getvalue()

    def _about(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "checkpoint": self.checkpoint,
            "clip": {"name": self.clip_name, "digest": self.clip_digest, "sample": self.sample},
            "objects": [{"name": name, "digest": digest(content)} for name, content in self.objects],
            "stretch": [self.start, self.stop],
            "hold": self.hold,
            "view": dict(self.view),
        }

    @classmethod
    def from_bytes(cls, content: bytes | memoryview) -> Session:
        """The inverse; raises PeerattnError with one plain line for anything else."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _check(archive)
                parts = {part.filename: _unpacked(archive, part) for part in archive.infolist()}
            return _session(json.loads(parts[ABOUT]), parts)
        except PeerattnError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise PeerattnError(
                f"this is not a whole session file ({error}): save the session again"
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise PeerattnError(
                f"this session file cannot be read ({error}): save the session again"
            ) from error


def _check(archive: zipfile.ZipFile) -> None:
    """By what the archive's directory says, before anything is unpacked."""
    names = archive.namelist()
    if strange := sorted(set(names) - PARTS):
        raise PeerattnError(f"this is not a session file: it holds {strange[0][:80]!r}")
    if len(names) != len(set(names)) or not {ABOUT, TRACE} <= set(names):
        raise PeerattnError("this is not a session file: it lacks a part, or holds one twice")
    if any(part.flag_bits & 1 for part in archive.infolist()):
        raise PeerattnError("this session file is encrypted: save it without a password")
    if any(
        part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in archive.infolist()
    ):
        raise PeerattnError("this is not a session file: it is packed in another way")
    if (size := sum(part.file_size for part in archive.infolist())) > MOST_BYTES:
        raise PeerattnError(
            f"this session file unpacks to {size / 2**20:,.0f} MiB: at most {MOST_BYTES // 2**20} are read"
        )


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """As many bytes as the directory says: asked for all of them, zipfile would unpack what lies whole."""
    with archive.open(part) as content:
        return content.read(part.file_size)


def _session(about: dict[str, Any], parts: Mapping[str, bytes]) -> Session:
    if about.get("format") != FORMAT:
        raise PeerattnError(f"this is not a session file of this version: its format is not {FORMAT}")
    clip, content = about["clip"], parts.get(CLIP)
    objects = [
        (str(item["name"]), parts[place]) for item, place in zip(about["objects"], OBJECTS, strict=False)
    ]
    _check_digest("clip", clip["name"], clip["digest"], content)
    for item, (name, maps) in zip(about["objects"], objects, strict=True):
        _check_digest("object maps", name, item["digest"], maps)
    start, stop = (float(moment) for moment in about["stretch"])
    if not 0 <= start < stop < math.inf:
        raise ValueError("its stretch is none")
    return Session(
        checkpoint=str(about["checkpoint"]),
        clip_name=str(clip["name"]),
        trace=parts[TRACE].decode(),
        clip_digest=str(clip["digest"]),
        sample=None if clip["sample"] is None else str(clip["sample"]),
        clip=content,
        objects=tuple(objects),
        start=start,
        stop=stop,
        hold=bool(about["hold"]),
        view={str(name): str(value) for name, value in about["view"].items()},
    )


def _check_digest(what: str, name: str, said: str, content: bytes | None) -> None:
    if content is not None and digest(content) != said:
        raise PeerattnError(
            f"the {what} in this session file ({name}) changed since it was saved: save it again"
        )
