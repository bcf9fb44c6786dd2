"""The user's choices, and what was opened as a result: values that all screens share.

Creating a `Choice` looks up the files of its checkpoint, so that its key changes when they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.opening.files import Source
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import Stamp, stamp
from peerattn.modalities.clip import Clip
from peerattn.traces.history import History
from peerattn.traces.trace import Trace
from peerattn.traces.usual import Usual

DEFAULT_SECONDS = 12.0  # how much of a long clip is opened at first
MAX_SECONDS = 32.0  # 256 frames at ActionWorld's 8 frames/s


@dataclass(frozen=True)
class Choice:
    """The user's choices that determine the trace."""

    checkpoint: str
    source: Source
    start: float = 0.0  # s
    stop: float = DEFAULT_SECONDS  # s
    hold: bool = False  # whether an object map also stands for the frames after it that have none
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
    """A clip that has been read and run through a network, with its trace.

    `usual` is what is usual for the network; None if that was not measured.
    """

    choice: Choice
    checkpoint: Checkpoint
    clip: Clip
    trace: Trace
    usual: Usual | None

    @property
    def object_names(self) -> Mapping[int, str]:
        """Class id → class name, of the object maps in use."""
        return self.clip.object_names


@dataclass(frozen=True)
class OpenedTrace:
    """A trace file that has been read, without network and frames.

    The trace need not come from `choice.checkpoint`, which is the one selected in the bar above.
    """

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
    """Return the labels of exported pictures: the clip, and its checkpoint unless a trace file was opened."""
    labels = {"clip": opened.choice.source.name}
    if isinstance(opened, OpenedClip):
        labels["checkpoint"] = opened.choice.checkpoint
    return labels
