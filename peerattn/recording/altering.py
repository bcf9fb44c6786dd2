"""An alteration of a network, as plain data: the parts that are left out, how, and during which frames.

with altered(network, Alteration((("connection", "rgb1_to_top"),))):
    record(network, clip, window=16)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.recording.interventions import frozen, removed_keys, silenced, without

HOW = ("remove", "mean", "one")
"""What can be done: leave parts out, or hold their connections' factors at their mean over time or at 1."""


@dataclass(frozen=True)
class Alteration:
    """Parts of a network, (kind, name), and what is done to them.

    The kinds are `modality`, `block` and `connection`. With `frames` (start ≤ t < stop), parts are left out
    in these frames only: their connections add nothing there.
    """

    parts: tuple[tuple[str, str], ...]
    how: str = "remove"
    frames: tuple[int, int] | None = None

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return kind → names."""
        kinds = dict.fromkeys(kind for kind, _ in self.parts)
        return {kind: tuple(name for own, name in self.parts if own == kind) for kind in kinds}


@contextmanager
def altered(network: Network, alteration: Alteration) -> Iterator[Network]:
    """Alter a network inside the `with` block.

    Raises PeerattnError for unknown parts, and where an output would be cut off from every input.
    """
    names = alteration.names()
    keys = removed_keys(network.structure, names)
    with ExitStack() as stack:
        if alteration.how != "remove":
            if alteration.how not in HOW:
                raise PeerattnError(f"there is no way {alteration.how!r}: choose among {', '.join(HOW)}")
            stack.enter_context(frozen(network, connections=sorted(keys), to=alteration.how))
        elif alteration.frames is None:
            stack.enter_context(
                without(
                    network,
                    modality=names.get("modality"),
                    blocks=names.get("block"),
                    connections=names.get("connection"),
                )
            )
        else:
            stack.enter_context(silenced(network, connections=keys, frames=alteration.frames))
        yield network
