"""What is chosen, and what is shown of it: plain values that every screen shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.opening.files import Source
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import Stamp, stamp
from peerattn.modalities.clip import Clip
from peerattn.traces.history import History
from peerattn.traces.trace import Trace

FIRST_STRETCH = 12.0  # s of a long clip that are opened at first
LONGEST_STRETCH = 32.0  # s; 256 frames at 8 frames/s


@dataclass(frozen=True)
class Choice:
    """What the visitor has chosen: everything that decides the trace."""

    checkpoint: str
    source: Source
    start: float = 0.0  # s
    stop: float = FIRST_STRETCH  # s
    hold: bool = False
    stamp: Stamp = field(init=False)  # what the checkpoint is now: it may change on disk

    def __post_init__(self) -> None:
        object.__setattr__(self, "stamp", stamp(self.checkpoint))

    @property
    def key(self) -> tuple[object, ...]:
        objects = self.source.objects
        maps = (objects.digest, objects.origin) if objects else ("", "")
        return (self.checkpoint, self.stamp, self.source.digest, *maps, self.start, self.stop, self.hold)


@dataclass(frozen=True)
class Opened:
    """A clip that has been read and run: what the screens show."""

    choice: Choice
    checkpoint: Checkpoint
    clip: Clip
    trace: Trace

    @property
    def object_names(self) -> Mapping[int, str]:
        """Class id → its name, of the object maps in use."""
        return self.clip.object_names


@dataclass(frozen=True)
class Read:
    """A trace file that has been read: neither network nor frames are here."""

    choice: Choice
    trace: Trace
    object_names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Learned:
    """How a checkpoint learned, and the same as the explorer replays it."""

    history: History
    packed: bytes


Shown = Opened | Read


def about(shown: Shown) -> dict[str, str]:
    """What a picture of it is called by."""
    network = {"checkpoint": shown.choice.checkpoint} if isinstance(shown, Opened) else {}
    return {"clip": shown.choice.source.name, **network}
