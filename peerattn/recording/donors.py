"""Choosing a donor clip for each clip of a swap, and batches of clips with their donors.

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
from peerattn.recording.predictions import chunks, same_shape_batches
from peerattn.recording.stretches import clips_together


class LabelledClips(Protocol):
    """Examples in a fixed order; each can also be read by its number once iteration has passed it."""

    def __iter__(self) -> Iterator[Example]: ...

    def __getitem__(self, number: int, /) -> Example: ...


@dataclass(frozen=True)
class _ClipFacts:
    """What determines which clips can be donors for each other."""

    labels: tuple[int, ...]
    frames: int
    sides: tuple[int, ...]
    group: str


def assign_donors(
    examples: LabelledClips, seed: int, on_read: Callable[[], None]
) -> tuple[dict[int, int], tuple[str, ...]]:
    """Return clip → donor, by number, and a line for each clip without a donor; `on_read` is called per clip.

    Raises PeerattnError if no clip has a donor.
    """
    (donors,), left_out = assign_several_donors(examples, [seed], on_read)
    return donors, left_out


def assign_several_donors(
    examples: LabelledClips, seeds: Sequence[int], on_read: Callable[[], None]
) -> tuple[list[dict[int, int]], tuple[str, ...]]:
    """Assign donors like `assign_donors`, once for each seed; the same clips are left out each time."""
    facts = []
    for example in examples:
        _, _, frames, *sides = next(iter(example.tensors.values())).shape
        facts.append(_ClipFacts(example.labels, frames, tuple(sides), example.group))
        on_read()
    labels = np.unique([str(sorted(one.labels)) for one in facts], return_inverse=True)[1]
    lengths = np.array([fact.frames for fact in facts])
    sizes = np.unique([str(one.sides) for one in facts], return_inverse=True)[1]
    donors = [choose_donors(labels, lengths, sizes, seed) for seed in seeds]
    left_out = tuple(
        f"clip {number + 1} (of {fact.group}): no other clip has at least {fact.frames} frames"
        for number, fact in enumerate(facts)
        if number not in donors[0]
    )
    if not donors[0]:
        raise PeerattnError("no clip has a donor of its length and size to be swapped with: give more clips")
    return donors, left_out


def choose_donors(
    labels: NDArray[np.int64], frames: NDArray[np.int64], sizes: NDArray[np.int64], seed: int
) -> dict[int, int]:
    """Return clip → donor, a random clip of the same size and number of frames; all arrays are (N,).

    A donor is of another class if possible. If only longer clips are available, their first frames are used;
    another class takes priority over the same length. Clips without any possible donor are left out.
    """
    donors = {}
    for number in range(len(labels)):
        candidates = (sizes == sizes[number]) & (frames >= frames[number])
        candidates[number] = False
        rank = 2 * (labels == labels[number]) + (frames != frames[number])
        if candidates.any():
            best = np.flatnonzero(candidates & (rank == rank[candidates].min()))
            donors[number] = int(np.random.default_rng((seed, number)).choice(best))
    return donors


@dataclass(frozen=True)
class DonorBatch:
    """Clips of one shape and, in a swap, the donor of each."""

    members: Sequence[Example]
    donors: Sequence[Example]


def batches_with_donors(
    network: Network, examples: LabelledClips, donors: dict[int, int] | None, most: int, *, passes: int = 2
) -> Iterator[DonorBatch]:
    """Yield batches of at most `most` clips, of which the values in this many passes fit in memory."""
    selected = (one for number, one in enumerate(examples) if donors is None or number in donors)
    order = iter(donors.values()) if donors is not None else iter(())
    for neighbours in same_shape_batches(selected, most):
        _, _, frames, *sides = next(iter(neighbours[0].tensors.values())).shape
        together = clips_together(network.structure, frames=frames, sides=sides)
        for members in chunks(neighbours, max(1, together // passes)):
            chosen = [examples[next(order)] for _ in members] if donors is not None else []
            yield DonorBatch(members, chosen)
