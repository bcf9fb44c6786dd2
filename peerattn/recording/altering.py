"""An alteration of a network, as plain data: the parts that are left out, how, and during which frames.

with altered(network, Alteration((("connection", "rgb1_to_top"),))):
    record(network, clip, window=16)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.recording.interventions import frozen, removed_keys, silenced, swapped, without

HOW = ("remove", "mean", "one", "swap")
"""What can be done: leave parts out, hold their connections' factors at their mean over time or at 1, or put
those of another clip in their place.
"""

Parts = tuple[tuple[str, str], ...]
"""Parts of a network, (kind, name)."""


@dataclass(frozen=True)
class Alteration:
    """Parts of a network, and what is done to them.

    The kinds are `modality`, `block`, `connection` and `attention`, whose parts can only be removed. With
    `frames` (start ≤ t < stop), parts are left out in these frames only: their connections add nothing there.
    `donor` identifies the other clip of `swap`, so that two alterations differ if their donors do.
    """

    parts: Parts
    how: str = "remove"
    frames: tuple[int, int] | None = None
    donor: str = ""

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return kind → names."""
        kinds = dict.fromkeys(kind for kind, _ in self.parts)
        return {kind: tuple(name for own, name in self.parts if own == kind) for kind in kinds}


@contextmanager
def altered(
    network: Network, alteration: Alteration, donor: Mapping[str, Tensor] | None = None
) -> Iterator[Network]:
    """Alter a network inside the `with` block; `donor`, modality → (1, C, T, H, W), is the other clip of
    `swap`.

    Raises PeerattnError for unknown parts, for a missing donor, and where an output would be cut off from
    every input.
    """
    names = alteration.names()
    attention = names.pop("attention", None)
    with ExitStack() as stack:
        if alteration.how != "remove":
            if alteration.how not in HOW:
                raise PeerattnError(f"there is no way {alteration.how!r}: choose among {', '.join(HOW)}")
            if attention:
                raise PeerattnError(f"{attention[0]} has no factors of its own: it can only be left out")
            keys = removed_keys(network.structure, names)
            if alteration.how != "swap":
                stack.enter_context(frozen(network, connections=sorted(keys), to=alteration.how))
            elif donor is None:
                raise PeerattnError("there is no other clip to take factors from: choose one")
            else:
                stack.enter_context(swapped(network, donor, connections=sorted(keys)))
        elif alteration.frames is None:
            stack.enter_context(
                without(
                    network,
                    modality=names.get("modality"),
                    blocks=names.get("block"),
                    connections=names.get("connection"),
                    attention=attention,
                )
            )
        else:
            connections = removed_keys(network.structure, names) if names else None
            span = alteration.frames
            stack.enter_context(silenced(network, connections=connections, attention=attention, frames=span))
        yield network
