"""The components of a network whose effect on its answers can be measured, and the interventions on each
kind.

A component is a modality, block, connection or attention connection. Modalities and blocks have names of
their own. A connection is named SOURCE_to_TARGET; an attention connection is named SOURCE_to_TARGET:PEER and
is the path through which a peer attends that connection (with self attention the peer is the source itself).
Nothing here imports torch or numpy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from peerattn.errors import PeerattnError, lookup

if TYPE_CHECKING:
    from peerattn.graph.specs import ConnectionSpec
    from peerattn.graph.structure import Structure

INTERVENTIONS = {
    "modality": ("swap", "remove", "shuffle"),
    "block": ("swap", "remove"),
    "connection": ("swap", "remove", "mean", "one", "shuffle"),
    "attention": ("swap", "remove"),
}
"""Kind of component → the interventions that make sense for it: swap in another clip's, remove it, freeze its
attention factors at their mean over time or at one, or shuffle its frames."""
PLURALS = {
    "modality": "modalities",
    "block": "blocks",
    "connection": "connections",
    "attention": "attention connections",
}
CHANGES_IN_WORDS = {
    "swap": "another clip's",
    "remove": "removed",
    "mean": "factors at their mean over time",
    "one": "factors at 1",
    "shuffle": "frames in another order",
}
"""Intervention → what is put in place of the component, in words."""
_SINGULARS = {"attention": "attention connection"}
_DESCRIPTIONS = {
    "mean": "freezing factors at their mean over time",
    "one": "setting factors to 1",
    "shuffle": "shuffling frames",
}


def check_intervention(kind: str, intervention: str) -> None:
    """Raise PeerattnError for an unknown kind of component, or an intervention that makes no sense for it."""
    if kind not in INTERVENTIONS:
        raise PeerattnError(f"there is no kind of component {kind!r}: choose {_either(INTERVENTIONS)}")
    if intervention not in INTERVENTIONS[kind]:
        description, article = (
            _DESCRIPTIONS.get(intervention, intervention),
            "an" if kind == "attention" else "a",
        )
        raise PeerattnError(
            f"{description} makes no sense for {article} {_SINGULARS.get(kind, kind)}: "
            f"choose {_either(INTERVENTIONS[kind])}"
        )


def names(structure: Structure, kind: str) -> tuple[str, ...]:
    """Return the names of all components of a kind, in the order of the structure."""
    if kind == "modality":
        return tuple(dict.fromkeys(block.modality for block in structure.blocks if block.modality))
    if kind == "block":
        return tuple(block.id for block in structure.blocks)
    if kind == "connection":
        return tuple(spec.key for spec in structure.connections)
    return tuple(attention_connections(structure))


def select(structure: Structure, kind: str, requested: Iterable[str]) -> tuple[str, ...]:
    """Return the requested names without duplicates.

    Raises MissingError, which suggests similar names, for an unknown one, and PeerattnError if none is
    requested or the structure has no component of this kind.
    """
    available, selected = names(structure, kind), tuple(dict.fromkeys(requested))
    if not available:
        raise PeerattnError(f"this network has no {PLURALS[kind]}: choose another kind")
    for name in selected:
        lookup(_SINGULARS.get(kind, kind), name, dict.fromkeys(available))
    if not selected:
        raise PeerattnError(f"no {_SINGULARS.get(kind, kind)} is named: name at least one")
    return selected


def attention_connections(structure: Structure) -> dict[str, tuple[ConnectionSpec, int]]:
    """Return attention connection → the connection it attends, and the peer's index in that connection."""
    return {
        key: (spec, number)
        for spec in structure.connections
        for number, key in enumerate(spec.attention_keys)
    }


def _either(words: Collection[str]) -> str:
    """Join words as “a, b or c”."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
