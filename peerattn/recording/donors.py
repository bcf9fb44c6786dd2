"""Which clip stands in for which where they are swapped, and labelled clips in batches beside their donors.

Shapes: N clips, T frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.recording.predictions import batches, in_parts
from peerattn.recording.stretches import clips_together


class LabelledClips(Protocol):
    """Examples in an order that does not change, each by its number too once it has been passed."""

    def __iter__(self) -> Iterator[Example]: ...

    def __getitem__(self, number: int, /) -> Example: ...


@dataclass(frozen=True)
class _Facts:
    """What decides whether clips can stand in for each other."""

    labels: tuple[int, ...]
    frames: int
    sides: tuple[int, ...]
    group: str


def donors_of(
    examples: LabelledClips, seed: int, read: Callable[[], None]
) -> tuple[dict[int, int], tuple[str, ...]]:
    """Clip → its donor, by their numbers, and a line for each clip that has none."""
    facts = []
    for example in examples:
        _, _, frames, *sides = next(iter(example.tensors.values())).shape
        facts.append(_Facts(example.labels, frames, tuple(sides), example.group))
        read()
    found = choose_donors(
        np.unique([str(sorted(one.labels)) for one in facts], return_inverse=True)[1],
        np.array([one.frames for one in facts]),
        np.unique([str(one.sides) for one in facts], return_inverse=True)[1],
        seed,
    )
    left_out = tuple(
        f"clip {number + 1} (of {one.group}): no other clip has its {one.frames} frames, or more"
        for number, one in enumerate(facts)
        if number not in found
    )
    if not found:
        raise PeerattnError("no clip has another one of its length and size to be swapped with: give more")
    return found, left_out


def choose_donors(
    labels: NDArray[np.int64], frames: NDArray[np.int64], sizes: NDArray[np.int64], seed: int
) -> dict[int, int]:
    """Clip → another clip, drawn by the seed, of as many frames and the same size; all arrays (N,).

    It is of another class where there is one. Where only longer clips are, it is one of them, of which the
    first frames are taken; another class goes before the same length. Clips for which there is none are left
    out.
    """
    found = {}
    for number in range(len(labels)):
        able = (sizes == sizes[number]) & (frames >= frames[number])
        able[number] = False
        rank = 2 * (labels == labels[number]) + (frames != frames[number])
        if able.any():
            best = np.flatnonzero(able & (rank == rank[able].min()))
            found[number] = int(np.random.default_rng((seed, number)).choice(best))
    return found


@dataclass(frozen=True)
class Batch:
    """Clips of one shape, and the donor of each where they are swapped."""

    members: Sequence[Example]
    donors: Sequence[Example]


def with_donors(
    network: Network, examples: LabelledClips, donors: dict[int, int] | None, most: int
) -> Iterator[Batch]:
    """Batches that run in one pass beside what is kept for them."""
    wanted = (one for number, one in enumerate(examples) if donors is None or number in donors)
    order = iter(donors.values()) if donors is not None else iter(())
    for neighbours in batches(wanted, most):
        _, _, frames, *sides = next(iter(neighbours[0].tensors.values())).shape
        together = clips_together(network.structure, frames=frames, sides=sides)
        for members in in_parts(neighbours, max(1, together // 2)):
            chosen = [examples[next(order)] for _ in members] if donors is not None else []
            yield Batch(members, chosen)
