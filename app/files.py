"""Clips on disk: the samples that ship, and what a visitor has uploaded, each known by the digest of its bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from peerattn.errors import PeerattnError

SAMPLES = Path(__file__).parent / "samples"
CLIP_TYPES = ("mp4", "mov", "mkv", "webm", "avi", "gif")
OBJECT_TYPES = ("npz", "json", "mkv", "mp4", "avi", "mov", "webm")


@dataclass(frozen=True)
class ObjectFile:
    """A file of object maps; `origin` is `true` where the generator drew them, else `attached`."""

    digest: str
    name: str
    path: Path
    origin: Literal["true", "attached"] = "attached"


@dataclass(frozen=True)
class Source:
    """A clip that can be opened. `label` is what it truly shows, where that is known."""

    id: str
    digest: str
    name: str
    path: Path
    label: str | None = None
    objects: ObjectFile | None = None


def samples(folder: Path = SAMPLES) -> tuple[Source, ...]:
    """The clips that ship, in the order of `samples.json`."""
    listed = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    return tuple(_sample(folder, **entry) for entry in listed)


def _sample(folder: Path, *, clip: str, objects: str, label: str) -> Source:
    path, maps = folder / clip, folder / objects
    true_maps = ObjectFile(digest(maps.read_bytes()), maps.name, maps, "true")
    return Source(path.stem, digest(path.read_bytes()), path.name, path, label, true_maps)


def digest(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class Shelf:
    """A visitor's own files, in a folder that goes when the visitor goes.

    Keeps nothing that is no longer wanted: `keep_only` deletes the rest.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="peerattn-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def clip(self, name: str, content: bytes | memoryview) -> Source:
        """A clip written to disk once, however often it is uploaded."""
        key = digest(content)
        return Source(f"upload-{key}", key, name, self._write(key, Path(name).suffix, content))

    def objects(self, uploads: Iterable[tuple[str, bytes | memoryview]]) -> ObjectFile:
        """Object maps: one `.npz`, or a video of class ids with the `.json` that declares them."""
        parts = list(uploads)
        key = digest(b"".join(digest(content).encode() for _, content in sorted(parts)))
        paths = [self._write(f"{key}-objects", Path(name).suffix, content) for name, content in parts]
        main = [(path, name) for path, (name, _) in zip(paths, parts, strict=True) if path.suffix != ".json"]
        if len(main) != 1 or len(parts) > 2:
            raise PeerattnError("attach one .npz, or one video of class ids with its .json")
        path, name = main[0]
        return ObjectFile(key, name, path)

    def keep_only(self, sources: Iterable[Source]) -> None:
        """Delete the clips that are not among these."""
        wanted = {source.path for source in sources}
        for path in self.folder.glob("*"):
            if path not in wanted and "-objects" not in path.stem:
                path.unlink(missing_ok=True)

    def _write(self, key: str, suffix: str, content: bytes | memoryview) -> Path:
        path = self.folder / f"{key}{suffix.lower()[:8]}"
        if not path.exists():
            path.write_bytes(content)
        return path


def with_objects(source: Source, attached: ObjectFile | None) -> Source:
    """The source with the visitor's own object maps in place of those that came with it."""
    return replace(source, objects=attached) if attached else source
