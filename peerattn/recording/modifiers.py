"""Modifiers: objects that change the passes of a network, and must know what each pass contains.

Code that runs whole clips announces them: with `running_clips` around all of their passes, and with
`begin_pass` before each. A modifier has values for whole clips, and can so give each pass its own part of
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from peerattn.network.network import Network

if TYPE_CHECKING:
    from peerattn.recording.stretches import ClipBatch, Stretch


class PassModifier(Protocol):
    """Changes the passes of a network."""

    @property
    def changes_baselines(self) -> bool:
        """Whether baseline clips are changed as well."""

    def begin_clips(self, clips: ClipBatch) -> None:
        """Prepare for the passes of these clips."""

    def begin_pass(self, stretch: Stretch) -> None:
        """Prepare for the next pass, which runs this stretch of the clips."""

    def end_clips(self) -> None:
        """Release the values for the clips; all of their passes have run."""

    def paused(self) -> AbstractContextManager[None]:
        """Leave passes unchanged inside the `with` block."""


MODIFIERS: WeakKeyDictionary[Network, PassModifier] = WeakKeyDictionary()
"""Network → the modifier that changes its passes now."""


@contextmanager
def running_clips(network: Network, clips: ClipBatch) -> Iterator[None]:
    """Announce these clips to the network's modifier; only they may run inside the `with` block."""
    modifier = MODIFIERS.get(network)
    try:
        if modifier:
            modifier.begin_clips(clips)
        yield
    finally:
        if modifier:
            modifier.end_clips()


def unmodified(network: Network) -> AbstractContextManager[None]:
    """Pause the network's modifier, if it has one, inside the `with` block."""
    modifier = MODIFIERS.get(network)
    return modifier.paused() if modifier else nullcontext()
