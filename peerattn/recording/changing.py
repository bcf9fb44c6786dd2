"""Who changes what runs through a network, and is told what that is.

Whoever runs whole clips says so: `met` before, `enter` before each pass. A change can then give each pass its
own part of what stands at a place over the whole clips.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from peerattn.network.network import Network

if TYPE_CHECKING:
    from peerattn.recording.stretches import Clips, Stretch


class Changing(Protocol):
    """Who changes the passes of a network, and so has to know what each of them holds."""

    @property
    def changes_baselines(self) -> bool:
        """Whether a baseline clip is changed as the others are."""

    def meet(self, clips: Clips) -> None:
        """These clips are about to be run."""

    def enter(self, stretch: Stretch) -> None:
        """What comes next is the pass of this stretch of them."""

    def leave(self) -> None:
        """They have been run."""

    def paused(self) -> AbstractContextManager[None]:
        """Passes inside the `with` block are not changed."""


CHANGING: WeakKeyDictionary[Network, Changing] = WeakKeyDictionary()
"""Who changes the passes of which network now."""


@contextmanager
def met(network: Network, clips: Clips) -> Iterator[None]:
    """These clips run inside the `with` block, and nothing else."""
    changing = CHANGING.get(network)
    try:
        if changing:
            changing.meet(clips)
        yield
    finally:
        if changing:
            changing.leave()


def unchanged(network: Network) -> AbstractContextManager[None]:
    """Passes inside the `with` block are those of the network without what is put into them."""
    changing = CHANGING.get(network)
    return changing.paused() if changing else nullcontext()
