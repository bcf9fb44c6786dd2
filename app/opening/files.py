"""Clips on disk: the sample clips and the user's uploads, each identified by the digest of its content."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from peerattn.data.folder import VIDEO_SUFFIXES
from peerattn.errors import PeerattnError, strip_subject

SAMPLES = Path(__file__).parents[1] / "samples"
EARLIER_SAMPLES = SAMPLES / "earlier"
"""Samples that the app no longer lists, but that links and sessions may name."""
CLIP_TYPES = tuple(suffix.removeprefix(".") for suffix in VIDEO_SUFFIXES)
OWN_TYPES = (*CLIP_TYPES, "json", "peerattn")
"""File types of the clip uploader: clips, traces and sessions."""
OBJECT_TYPES = ("npz", "json", "mkv", "mp4", "avi", "mov", "webm")
Bytes = bytes | memoryview


@dataclass(frozen=True)
class ObjectFile:
    """A file of object maps; `origin` is `true` if the clip generator made them, else `attached`."""

    digest: str
    name: str
    path: Path
    origin: Literal["true", "attached"] = "attached"

    def parts(self) -> tuple[tuple[str, bytes], ...]:
        """Return the name and content of its one or two files, as `UploadFolder.objects` takes them."""
        declaration = self.path.with_suffix(".json")
        has_declaration = declaration != self.path and declaration.exists()
        paths = (self.path, declaration) if has_declaration else (self.path,)
        return tuple((path.name, path.read_bytes()) for path in paths)


@dataclass(frozen=True)
class Source:
    """A clip, or a trace file if `trace` is set; `label` is the true label of the clip if it is known."""

    id: str
    digest: str
    name: str
    path: Path
    label: str | None = None
    objects: ObjectFile | None = None
    trace: bool = False

    def refusal(self, error: PeerattnError) -> str:
        """Return one line that says what is wrong with this clip."""
        return f"{self.name}: {self.reason(error)}"

    def reason(self, error: PeerattnError) -> str:
        """Return that line without the name of the clip."""
        return strip_subject(error, self.path.name)


def samples(folder: Path = SAMPLES) -> tuple[Source, ...]:
    """Return the sample clips of a folder in the order of its `samples.json`."""
    entries = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    return tuple(_sample(folder, **entry) for entry in entries)


def _sample(folder: Path, *, clip: str, objects: str, label: str) -> Source:
    path, maps = folder / clip, folder / objects
    true_maps = ObjectFile(digest(maps.read_bytes()), maps.name, maps, "true")
    return Source(path.stem, digest(path.read_bytes()), path.name, path, label, true_maps)


def digest(content: Bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class UploadFolder:
    """The uploaded files of one user, in a temporary folder that is deleted when the session ends.

    `keep_only` deletes the clips that are no longer in use.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="peerattn-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def clip(self, name: str, content: Bytes) -> Source:
        """Store a clip and return it; the same content is written only once."""
        key = digest(content)
        return Source(f"upload-{key}", key, name, self._write(key, name, content))

    def trace(self, name: str, text: str) -> Source:
        """Store a trace file, which is shown without its clip, and return it."""
        content = text.encode()
        key = digest(content)
        return Source(f"trace-{key}", key, name, self._write(key, name, content), trace=True)

    def objects(self, uploads: Iterable[tuple[str, Bytes]]) -> ObjectFile:
        """Store object maps and return them: one `.npz`, or a video of class ids and its `.json` declaration.

        Raises PeerattnError for any other combination of files.
        """
        parts = sorted(uploads, key=lambda part: _is_declaration(part[0]))
        maps, declarations = parts[0], parts[1:]
        if (
            _is_declaration(maps[0])
            or not all(_is_declaration(name) for name, _ in declarations)
            or len(declarations) > 1
        ):
            raise PeerattnError("attach one .npz file, or one video of class ids with its .json file")
        key = digest(b"".join(digest(content).encode() for _, content in parts))
        path = self._write(f"{key}-objects", maps[0], maps[1])
        for _, content in declarations:
            self._write(f"{key}-objects", f"{path.stem}.json", content)
        return ObjectFile(key, maps[0], path)

    def zip_folder(self, content: Bytes) -> Path:
        """Return the folder to unpack a zip file of clips to, after deleting that of an earlier zip file."""
        for folder in self.folder.glob("*-data"):
            shutil.rmtree(folder, ignore_errors=True)
        return self.folder / f"{digest(content)}-data"

    def keep_only(self, sources: Iterable[Source]) -> None:
        """Delete all clips and traces except these."""
        kept = {source.path.parent for source in sources}
        for folder in self.folder.glob("*"):
            if folder not in kept and not folder.name.endswith(("-objects", "-data")):
                shutil.rmtree(folder, ignore_errors=True)

    def _write(self, key: str, name: str, content: Bytes) -> Path:
        """Write a file and return its path, which keeps its name because error messages mention it."""
        path = self.folder / key / re.sub(r"[^\w. -]|^\.+", "_", name or "_")[-80:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return path


def _is_declaration(name: str) -> bool:
    """Whether the file declares the meaning of the class ids in a video of object maps."""
    return name.lower().endswith(".json")


def with_objects(source: Source, attached: ObjectFile | None) -> Source:
    """Return the source with the attached object maps, if any, instead of its own."""
    return replace(source, objects=attached) if attached else source
