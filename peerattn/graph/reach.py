"""How far a network looks in time: which frames of a clip decide a number at one of its frames.

A block's output at frame t depends on frames t - before … t + after of the clip, and on no other. Beyond the
clip's ends there is nothing to read, so within that reach of an end every number is decided by the end too.
Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from peerattn.graph.kinds import KINDS
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.moved import moved

__getattr__ = moved(__name__)


class Reach(NamedTuple):
    """How many frames before and after a frame have a say in what happens at it."""

    before: int
    after: int

    def within(self, frames: int) -> tuple[int, int]:
        """How many frames at the start and at the end of a clip of so many frames an end reaches."""
        return min(self.before, frames), min(self.after, frames)

    @property
    def frames(self) -> int:
        """The length of the shortest clip that has a frame which neither end reaches."""
        return self.before + 1 + self.after


NOWHERE = Reach(0, 0)


def block_reaches(structure: Structure, without: Collection[str] = ()) -> dict[str, Reach]:
    """Block → the reach of its output, `without` the connections of these keys."""
    reaches: dict[str, Reach] = {}
    for block in structure.in_order:
        arriving = (spec for spec in structure.into(block.id) if spec.key not in without)
        read = [_of_connection(spec, reaches) for spec in arriving]
        if block.modality in structure.computed:
            read.append(Reach(0, 1))  # optical flow that the network computes leads to the next frame
        own = KINDS[block.kind].extent(block)
        before, after = _widest(read)
        reaches[block.id] = Reach(before + own, after + own)
    return reaches


def connection_reaches(structure: Structure, without: Collection[str] = ()) -> dict[str, Reach]:
    """Connection → the reach of what it delivers: of its source, and of the peers that give its factors."""
    blocks = block_reaches(structure, without)
    return {
        spec.key: _of_connection(spec, blocks) for spec in structure.connections if spec.key not in without
    }


def network_reach(structure: Structure, without: Collection[str] = ()) -> Reach:
    """The widest reach of any block."""
    return _widest(block_reaches(structure, without).values())


def _of_connection(spec: ConnectionSpec, blocks: dict[str, Reach]) -> Reach:
    return _widest(blocks[name] for name in (spec.source, *spec.peers))


def _widest(reaches: Iterable[Reach]) -> Reach:
    each = [NOWHERE, *reaches]
    return Reach(max(reach.before for reach in each), max(reach.after for reach in each))
