"""How far a network looks in time: the frames of a clip on which its values at one frame depend.

A block's output at frame t depends on frames t - before … t + after of the clip, and on no others. Beyond the
ends of the clip there is only padding, so values within that reach of an end also depend on the padding.
Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from peerattn.graph.kinds import KINDS
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure


class Reach(NamedTuple):
    """How many frames before and after a frame influence the values at that frame."""

    before: int
    after: int

    def within(self, frames: int) -> tuple[int, int]:
        """Return how many of a clip's `frames` at its start and at its end are influenced by that end."""
        return min(self.before, frames), min(self.after, frames)

    @property
    def frames(self) -> int:
        """The length of the shortest clip that has a frame which neither end influences."""
        return self.before + 1 + self.after


NO_REACH = Reach(0, 0)


def block_reaches(structure: Structure, without: Collection[str] = ()) -> dict[str, Reach]:
    """Return block → the reach of its output, ignoring the connections whose keys are in `without`."""
    reaches: dict[str, Reach] = {}
    for block in structure.in_order:
        arriving = (spec for spec in structure.into(block.id) if spec.key not in without)
        read = [_connection_reach(spec, reaches) for spec in arriving]
        if block.modality in structure.computed:
            read.append(Reach(0, 1))  # optical flow computed by the network points to the next frame
        own = KINDS[block.kind].extent(block)
        before, after = _widest(read)
        reaches[block.id] = Reach(before + own, after + own)
    return reaches


def connection_reaches(structure: Structure, without: Collection[str] = ()) -> dict[str, Reach]:
    """Return connection → the reach of what it delivers: the wider of its source's and its peers' reach."""
    blocks = block_reaches(structure, without)
    return {
        spec.key: _connection_reach(spec, blocks) for spec in structure.connections if spec.key not in without
    }


def network_reach(structure: Structure, without: Collection[str] = ()) -> Reach:
    """Return the widest reach of any block."""
    return _widest(block_reaches(structure, without).values())


def _connection_reach(spec: ConnectionSpec, blocks: dict[str, Reach]) -> Reach:
    return _widest(blocks[name] for name in (spec.source, *spec.peers))


def _widest(reaches: Iterable[Reach]) -> Reach:
    each = [NO_REACH, *reaches]
    return Reach(max(reach.before for reach in each), max(reach.after for reach in each))
