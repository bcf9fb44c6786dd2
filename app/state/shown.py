"""What is chosen, and what is shown of it: plain values that every screen shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.opening.files import Source
from peerattn.checkpoints.checkpoint import Checkpoint
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

    @property
    def key(self) -> tuple[str | float | bool, ...]:
        objects = self.source.objects
        maps = (objects.digest, objects.origin) if objects else ("", "")
        return (self.checkpoint, self.source.digest, *maps, self.start, self.stop, self.hold)


@dataclass(frozen=True)
class Opened:
    """A clip that has been read and run: what the screens show."""

    choice: Choice
    checkpoint: Checkpoint
    clip: Clip
    trace: Trace
    object_names: Mapping[int, str]  # class id → its name, of the object maps in use


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
