"""What the user chose, and what was opened from it: plain values that all screens share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.opening.files import Source
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import Stamp, stamp
from peerattn.modalities.clip import Clip
from peerattn.traces.history import History
from peerattn.traces.trace import Trace

DEFAULT_SECONDS = 12.0  # how much of a long clip is opened at first
MOST_SECONDS = 32.0  # 256 frames at 8 frames/s


@dataclass(frozen=True)
class Choice:
    """The choices of the user that determine the trace."""

    checkpoint: str
    source: Source
    start: float = 0.0  # s
    stop: float = DEFAULT_SECONDS  # s
    hold: bool = False
    stamp: Stamp = field(init=False)  # identifies the files of the checkpoint, which may change on disk

    def __post_init__(self) -> None:
        object.__setattr__(self, "stamp", stamp(self.checkpoint))

    @property
    def key(self) -> tuple[object, ...]:
        """The cache key of the clip and its trace."""
        objects = self.source.objects
        maps = (objects.digest, objects.origin) if objects else ("", "")
        return (self.checkpoint, self.stamp, self.source.digest, *maps, self.start, self.stop, self.hold)


@dataclass(frozen=True)
class OpenedClip:
    """A clip that has been read and run through a network, with its trace."""

    choice: Choice
    checkpoint: Checkpoint
    clip: Clip
    trace: Trace

    @property
    def object_names(self) -> Mapping[int, str]:
        """Class id → class name, of the object maps in use."""
        return self.clip.object_names


@dataclass(frozen=True)
class OpenedTrace:
    """A trace file that has been read, without network and frames."""

    choice: Choice
    trace: Trace
    object_names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PackedHistory:
    """A training history, also packed for the explorer, which replays it."""

    history: History
    packed: bytes


Opened = OpenedClip | OpenedTrace
"""What a screen can show: a clip that was run, or a trace file."""


def picture_labels(opened: Opened) -> dict[str, str]:
    """Return the labels of exported pictures: the clip, and the checkpoint if it is known."""
    network = {"checkpoint": opened.choice.checkpoint} if isinstance(opened, OpenedClip) else {}
    return {"clip": opened.choice.source.name, **network}
