"""A session as one file: the clip and its object maps, the checkpoint's name, the view, and the trace.

It is a zip file with fixed names: `session.json`, `trace.json`, `clip`, `objects-1`, `objects-2`. Its
directory is checked before anything is unpacked: no name in it is used as a path, and nothing too large is
unpacked.
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
from peerattn.files.decoding import decode

FORMAT = "peerattn-session/1"
SUFFIX = ".peerattn"
MOST_BYTES = 256 * 2**20
"""The most bytes of all parts together, unpacked."""
ABOUT, TRACE, CLIP, OBJECTS = "session.json", "trace.json", "clip", ("objects-1", "objects-2")
PARTS = {ABOUT, TRACE, CLIP, *OBJECTS}
TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # constant, so the same session gives the same bytes


@dataclass(frozen=True)
class Session:
    """The saved values; `sample` is the id of a sample clip, whose bytes are not saved."""

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
    """The view, as query parameters of the address of the page."""

    def to_bytes(self) -> bytes:
        """Return the content of the session file; the same session gives the same bytes."""
        parts = {ABOUT: json.dumps(self._description(), indent=2, ensure_ascii=False).encode()}
        parts[TRACE] = self.trace.encode()
        if self.clip is not None:
            parts[CLIP] = self.clip
        parts |= {name: content for name, (_, content) in zip(OBJECTS, self.objects, strict=False)}
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(zipfile.ZipInfo(name, TIMESTAMP), content, zipfile.ZIP_DEFLATED)
        return file.getvalue()

    def _description(self) -> dict[str, Any]:
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
        """Read a session file; raises PeerattnError if it is not a complete session file."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _check(archive)
                parts = {part.filename: _unpacked(archive, part) for part in archive.infolist()}
            return _session(json.loads(parts[ABOUT]), parts)
        except PeerattnError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise PeerattnError(
                f"this session file is incomplete or damaged ({error}): save the session again"
            ) from error
        except (KeyError, ValueError, RecursionError) as error:
            raise PeerattnError(
                f"this session file cannot be read ({error}): save the session again"
            ) from error


def _check(archive: zipfile.ZipFile) -> None:
    """Check the directory of the zip file, before anything is unpacked; raises PeerattnError."""
    names = archive.namelist()
    if unknown := sorted(set(names) - PARTS):
        raise PeerattnError(f"this is not a session file: it contains {unknown[0][:80]!r}")
    if len(names) != len(set(names)) or not {ABOUT, TRACE} <= set(names):
        raise PeerattnError("this is not a session file: a part of it is missing or duplicated")
    if any(part.flag_bits & 1 for part in archive.infolist()):
        raise PeerattnError("this session file is encrypted: save it without a password")
    if any(
        part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in archive.infolist()
    ):
        raise PeerattnError("this is not a session file: it uses another kind of compression")
    if (size := sum(part.file_size for part in archive.infolist())) > MOST_BYTES:
        raise PeerattnError(
            f"this session file unpacks to {size / 2**20:,.0f} MiB, more than the limit of "
            f"{MOST_BYTES // 2**20} MiB"
        )


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Unpack at most as many bytes as the directory declares; without a limit, zipfile would unpack all."""
    with archive.open(part) as content:
        return content.read(part.file_size)


@dataclass(frozen=True)
class _File:
    name: str
    digest: str
    sample: str | None = None


@dataclass(frozen=True)
class _About:
    """The content of `session.json`, beside its format."""

    checkpoint: str
    clip: _File
    objects: tuple[_File, ...]
    stretch: tuple[float, float]
    hold: bool
    view: Mapping[str, str]


def _session(data: Any, parts: Mapping[str, bytes]) -> Session:
    if isinstance(data, dict) and data.pop("format", None) != FORMAT:
        raise PeerattnError(
            f"this session file has another format than {FORMAT}: save the session again with this version"
        )
    try:
        about = decode(data, _About, ABOUT)
    except PeerattnError as error:
        raise ValueError(error) from error
    content, (start, stop) = parts.get(CLIP), about.stretch
    _check_digest("clip", about.clip, content)
    objects = [(each, parts[part]) for each, part in zip(about.objects, OBJECTS, strict=False)]
    for each, maps in objects:
        _check_digest("object maps", each, maps)
    if not 0 <= start < stop < math.inf:
        raise ValueError("its start and stop are not a time range")
    return Session(
        checkpoint=about.checkpoint,
        clip_name=about.clip.name,
        trace=parts[TRACE].decode(),
        clip_digest=about.clip.digest,
        sample=about.clip.sample,
        clip=content,
        objects=tuple((each.name, maps) for each, maps in objects),
        start=start,
        stop=stop,
        hold=about.hold,
        view=about.view,
    )


def _check_digest(part: str, saved: _File, content: bytes | None) -> None:
    if content is not None and digest(content) != saved.digest:
        raise PeerattnError(
            f"the {part} in this session file ({saved.name}) changed since it was saved: save it again"
        )
