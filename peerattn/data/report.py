"""The report on a folder of labelled clips: its contents and everything that is wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

MANIFEST_FORMAT = "peerattn-manifest/1"


@dataclass(frozen=True)
class Fault:
    """One fault: its place (a file, or a line of the manifest), what is wrong and what to do about it."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True)
class ClipFacts:
    """A clip that can be read; its name is its path within the folder."""

    name: str
    labels: tuple[str, ...]
    group: str
    split: str
    frames: int
    width: int  # px, upright
    height: int  # px, upright
    seconds: float
    sha256: str


@dataclass(frozen=True)
class FolderReport:
    """The clips that can be read, the faults, and remarks on what is ignored."""

    folder: str
    clips: tuple[ClipFacts, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...] = ()

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits; a single empty name if the clips have no splits."""
        return tuple(sorted({clip.split for clip in self.clips}))

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(sorted({label for clip in self.clips for label in clip.labels}))

    def counts(self) -> dict[str, dict[str, int]]:
        """Return class → split → number of clips."""
        counts = Counter((label, clip.split) for clip in self.clips for label in clip.labels)
        return {label: {split: counts[label, split] for split in self.splits} for label in self.classes}

    def to_json(self) -> dict[str, Any]:
        """Return the report as `peerattn data check --json` writes it."""
        frames = [clip.frames for clip in self.clips]
        sizes = Counter(f"{clip.width}x{clip.height}" for clip in self.clips)
        return {
            "folder": self.folder,
            "n": len(self.clips),
            "classes": self.counts(),
            "splits": dict(Counter(clip.split for clip in self.clips)),
            "groups": len({clip.group for clip in self.clips}),
            "frames": {"least": min(frames), "median": median(frames), "most": max(frames)} if frames else {},
            "sizes": dict(sizes.most_common()),
            "seconds": sum(clip.seconds for clip in self.clips),
            "faults": [asdict(fault) for fault in self.faults],
            "remarks": list(self.remarks),
        }

    def manifest(self) -> dict[str, Any]:
        """Return a list that identifies the clips without showing them, for the card of a checkpoint."""
        names = ("name", "labels", "group", "split", "sha256")
        clips = [{name: getattr(clip, name) for name in names} for clip in self.clips]
        return {"format": MANIFEST_FORMAT, "clips": clips}
