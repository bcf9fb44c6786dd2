"""The things of a network whose part in its answers can be measured, by name, and what can be done to each.

A modality and a block have their own names. A connection is SOURCE_to_TARGET, an attention connection
SOURCE_to_TARGET:PEER: the way on which a peer attends that connection (with self attention the peer is the
source itself). Nothing here imports torch or numpy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from peerattn.errors import PeerattnError, lookup

if TYPE_CHECKING:
    from peerattn.graph.specs import ConnectionSpec
    from peerattn.graph.structure import Structure

WAYS = {
    "modality": ("swap", "remove", "shuffle"),
    "block": ("swap", "remove"),
    "connection": ("swap", "remove", "mean", "one", "shuffle"),
    "attention": ("swap", "remove"),
}
"""Kind of thing → what can be done to it: swap it for another clip's, remove it, freeze its factors at their
mean or at 1, shuffle its frames. What is not here has no meaning."""
PLURALS = {
    "modality": "modalities",
    "block": "blocks",
    "connection": "connections",
    "attention": "attention connections",
}
_SINGULARS = {"attention": "attention connection"}
_SAID = {
    "mean": "the mean over time",
    "one": "setting to 1",
    "shuffle": "another order of the frames",
}


def check_way(of: str, how: str) -> None:
    """Raises PeerattnError for a kind of thing that there is not, or what has no meaning for it."""
    if of not in WAYS:
        raise PeerattnError(f"there is no kind of thing {of!r}: choose {_either(WAYS)}")
    if how not in WAYS[of]:
        said, one = _SAID.get(how, how), _SINGULARS.get(of, of)
        raise PeerattnError(
            f"{said} has no meaning for a{'n' * (of == 'attention')} {one}: choose {_either(WAYS[of])}"
        )


def names(structure: Structure, of: str) -> tuple[str, ...]:
    """Every thing of a kind, in the order of the structure."""
    if of == "modality":
        return tuple(dict.fromkeys(block.modality for block in structure.blocks if block.modality))
    if of == "block":
        return tuple(block.id for block in structure.blocks)
    if of == "connection":
        return tuple(spec.key for spec in structure.connections)
    return tuple(attention(structure))


def known(structure: Structure, of: str, asked: Iterable[str]) -> tuple[str, ...]:
    """The names asked for, each once; raises MissingError for an unknown one, with the nearest."""
    there, found = names(structure, of), tuple(dict.fromkeys(asked))
    if not there:
        raise PeerattnError(f"this network has no {PLURALS[of]}")
    for name in found:
        lookup(_SINGULARS.get(of, of), name, dict.fromkeys(there))
    if not found:
        raise PeerattnError(f"no {_SINGULARS.get(of, of)} is named: name one at least")
    return found


def attention(structure: Structure) -> dict[str, tuple[ConnectionSpec, int]]:
    """Attention connection → the connection that it attends, and the number of the peer among those of it."""
    return {
        key: (spec, number)
        for spec in structure.connections
        for number, key in enumerate(spec.attention_keys)
    }


def _either(words: Collection[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
