"""Which components of a network are changed, one at a time or several at once, and which cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from peerattn.errors import PeerattnError
from peerattn.graph import components
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.recording.interventions import check_removal, removed_keys

Together = Mapping[str, tuple[str, ...]]
"""The name of a change → the components of one kind that it changes at once."""


@dataclass(frozen=True)
class Chosen:
    """The changes that are made, one after another, and for others the reason why they are impossible."""

    changes: Together
    impossible: Mapping[str, str] = field(default_factory=dict)


def chosen_alone(network: Network, of: str, how: str, names: Sequence[str] | None) -> Chosen:
    """Return the change of each component of a kind alone, or only of `names`.

    Raises PeerattnError if `how` has no meaning for the kind of component, for an unknown name, for a named
    component that cannot be removed, and if none can be.
    """
    components.check_intervention(of, how)
    structure = unwrap(network).structure
    requested = components.select(structure, of, names or components.names(structure, of))
    chosen = possible(network, of, how, {name: (name,) for name in requested})
    if (names and chosen.impossible) or not chosen.changes:
        raise PeerattnError(next(iter(chosen.impossible.values())))
    return chosen


def possible(network: Network, of: str, how: str, changes: Together) -> Chosen:
    """Tell the changes that can be made from those that cannot."""
    network, impossible = unwrap(network), dict[str, str]()
    for name, parts in changes.items() if how == "remove" else ():
        try:
            check_removal(network.structure, network.disabled | removed_keys(network.structure, {of: parts}))
        except PeerattnError as error:
            impossible[name] = str(error)
    return Chosen({name: parts for name, parts in changes.items() if name not in impossible}, impossible)
