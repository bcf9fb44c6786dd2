"""Clips on disk: the samples that ship and what a visitor uploads, each known by the digest of its bytes."""

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
CLIP_TYPES = tuple(suffix.removeprefix(".") for suffix in VIDEO_SUFFIXES)
OWN_TYPES = (*CLIP_TYPES, "json", "peerattn")
"""Clips, traces and saved sessions."""
OBJECT_TYPES = ("npz", "json", "mkv", "mp4", "avi", "mov", "webm")


Bytes = bytes | memoryview


@dataclass(frozen=True)
class ObjectFile:
    """A file of object maps; `origin` is `true` where the generator drew them, else `attached`."""

    digest: str
    name: str
    path: Path
    origin: Literal["true", "attached"] = "attached"

    def parts(self) -> tuple[tuple[str, bytes], ...]:
        """The one or two files it came in, name and content, as `Shelf.objects` takes them."""
        declared = self.path.with_suffix(".json")
        paths = (self.path, declared) if declared != self.path and declared.exists() else (self.path,)
        return tuple((path.name, path.read_bytes()) for path in paths)


@dataclass(frozen=True)
class Source:
    """A clip, or a `trace` file alone. `label` is what it truly shows, where that is known."""

    id: str
    digest: str
    name: str
    path: Path
    label: str | None = None
    objects: ObjectFile | None = None
    trace: bool = False

    def refusal(self, error: PeerattnError) -> str:
        """The one line that says what is wrong with this clip."""
        return f"{self.name}: {self.reason(error)}"

    def reason(self, error: PeerattnError) -> str:
        """The same without its name."""
        return strip_subject(error, self.path.name)


def samples(folder: Path = SAMPLES) -> tuple[Source, ...]:
    """The clips that ship, in the order of `samples.json`."""
    listed = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    return tuple(_sample(folder, **entry) for entry in listed)


def _sample(folder: Path, *, clip: str, objects: str, label: str) -> Source:
    path, maps = folder / clip, folder / objects
    true_maps = ObjectFile(digest(maps.read_bytes()), maps.name, maps, "true")
    return Source(path.stem, digest(path.read_bytes()), path.name, path, label, true_maps)


def digest(content: Bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class Shelf:
    """A visitor's own files, in a folder that goes when the visitor goes.

    Keeps nothing that is no longer wanted: `keep_only` deletes the rest.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="peerattn-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def clip(self, name: str, content: Bytes) -> Source:
        """A clip written to disk once, however often it is uploaded."""
        key = digest(content)
        return Source(f"upload-{key}", key, name, self._write(key, name, content))

    def trace(self, name: str, text: str) -> Source:
        """A trace file, shown without its clip."""
        content = text.encode()
        key = digest(content)
        return Source(f"trace-{key}", key, name, self._write(key, name, content), trace=True)

    def objects(self, uploads: Iterable[tuple[str, Bytes]]) -> ObjectFile:
        """Object maps: one `.npz`, or a video of class ids with the `.json` that declares them."""
        parts = sorted(uploads, key=lambda part: _declares(part[0]))
        maps, declared = parts[0], parts[1:]
        if _declares(maps[0]) or not all(_declares(name) for name, _ in declared) or len(declared) > 1:
            raise PeerattnError("attach one .npz, or one video of class ids with its .json")
        key = digest(b"".join(digest(content).encode() for _, content in parts))
        path = self._write(f"{key}-objects", maps[0], maps[1])
        for _, content in declared:
            self._write(f"{key}-objects", f"{path.stem}.json", content)
        return ObjectFile(key, maps[0], path)

    def place_for_data(self, content: Bytes) -> Path:
        """Where a zip of clips is unpacked: one at a time, an earlier one is deleted."""
        for folder in self.folder.glob("*-data"):
            shutil.rmtree(folder, ignore_errors=True)
        return self.folder / f"{digest(content)}-data"

    def keep_only(self, sources: Iterable[Source]) -> None:
        """Delete the clips that are not among these."""
        wanted = {source.path.parent for source in sources}
        for folder in self.folder.glob("*"):
            if folder not in wanted and not folder.name.endswith(("-objects", "-data")):
                shutil.rmtree(folder, ignore_errors=True)

    def _write(self, key: str, name: str, content: Bytes) -> Path:
        """The file, under its own name as far as that is harmless: errors name it."""
        path = self.folder / key / re.sub(r"[^\w. -]|^\.+", "_", name or "_")[-80:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return path


def _declares(name: str) -> bool:
    """Whether the file declares the class ids of a video of them."""
    return name.lower().endswith(".json")


def with_objects(source: Source, attached: ObjectFile | None) -> Source:
    """The source with the visitor's own object maps in place of those that came with it."""
    return replace(source, objects=attached) if attached else source
