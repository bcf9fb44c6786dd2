"""The kinds of blocks and of heads, as data: what a structure has to know of them before any is built.

A new kind is a row here and a class in `peerattn.network.blocks`, named in its registry: validation, reach,
builder and costs read it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from peerattn.graph.specs import BlockSpec

WHOLE_CLIP = 2**20
"""More frames than any clip has: the reach of a block in which every frame reads all others."""

Rule = Callable[[BlockSpec, int], str | None]
"""(Spec, channels that arrive) -> what is wrong and what to do; None where nothing is."""


def _no_rule(spec: BlockSpec, arriving: int) -> str | None:
    return None


@dataclass(frozen=True)
class BlockKind:
    """What is known of every block of a kind.

    `extent` gives how many frames to each side of a frame the block's own layers read, all in a row. `needs`
    are sizes that a spec must give; `fixed` are those that it cannot choose. `repeats_edges` says whether
    `time_padding` may be `repeat`. `rule` finds whatever else a spec may have wrong.
    """

    extent: Callable[[BlockSpec], int]
    needs: tuple[str, ...] = ()
    fixed: Mapping[str, int] = field(default_factory=dict)
    repeats_edges: bool = False
    rule: Rule = _no_rule

    def refusal(self, spec: BlockSpec, arriving: int) -> str | None:
        """What is wrong with a spec that is given so many channels, and what to do; None for a sound one."""
        if spec.time_padding == "repeat" and not self.repeats_edges:
            able = " and ".join(name for name, kind in KINDS.items() if kind.repeats_edges)
            return f"only {able} repeat the edge frames of a clip, set its time_padding to zeros"
        for name in self.needs:
            if not getattr(spec, name):
                return f"{name} is {getattr(spec, name)!r}, but this kind needs one: give it"
        for name, value in self.fixed.items():
            if getattr(spec, name) != value:
                return f"{name} is {getattr(spec, name)!r}, but this kind has {value}: set it to that"
        return self.rule(spec, arriving)


def _pools_only(spec: BlockSpec, arriving: int) -> str | None:
    if spec.width != arriving:
        return f"width is {spec.width}, but this kind only pools the {arriving} channels it reads: set it so"
    return None


def _reads_in_time(spec: BlockSpec, arriving: int) -> str | None:
    if spec.temporal_dilation < 1:
        return "temporal_dilation is 0, but this kind reads neighbouring frames: give 1 or more"
    return None


def _attends(spec: BlockSpec, arriving: int) -> str | None:
    if spec.over not in ("places", "frames"):
        return f"over is {spec.over!r}, but must be places or frames: say over which it attends"
    if spec.width % spec.heads:
        return f"width {spec.width} cannot be shared among {spec.heads} heads: make it a multiple"
    return None


KINDS: Mapping[str, BlockKind] = {
    # Our own.
    "video_input": BlockKind(lambda spec: spec.temporal_dilation, repeats_edges=True, rule=_reads_in_time),
    "bottleneck": BlockKind(
        lambda spec: spec.temporal_dilation * spec.repeats, repeats_edges=True, rule=_reads_in_time
    ),
    "dense": BlockKind(lambda spec: 0),
    "attention": BlockKind(
        lambda spec: WHOLE_CLIP if spec.over == "frames" else 0, needs=("heads", "over"), rule=_attends
    ),
    # Those of AssembleNet and AssembleNet++.
    "assemblenet_rgb": BlockKind(
        lambda spec: 2 * max(spec.temporal_dilation, 1), fixed={"spatial_stride": 4}
    ),
    "assemblenet_flow": BlockKind(lambda spec: 0, fixed={"spatial_stride": 4}),
    "object_input": BlockKind(lambda spec: 0, rule=_pools_only),
    "assemblenet": BlockKind(
        lambda spec: spec.temporal_dilation * (spec.repeats // 2),
        needs=("inner_width", "middle_width"),
        rule=_reads_in_time,
    ),
    # Those of AssembleNet++lite.
    "lite_input": BlockKind(lambda spec: max(spec.temporal_dilation, 1)),
    "lite": BlockKind(
        lambda spec: spec.temporal_dilation * spec.repeats,
        needs=("inner_width", "middle_width"),
        rule=_reads_in_time,
    ),
}
"""Kind of block -> what is known of it.

Multiply-adds are those of the convolutions and linear layers in the block's class. A layer with arithmetic
outside of these, such as attention, has a method `multiply_adds(inputs, output)`: `inputs` is the tuple that
one call got, `output` what it returned; both are on the meta device, so only their shapes can be used.
"""


@dataclass(frozen=True)
class HeadKind:
    """What is known of every head of a kind.

    `shared` says whether a network has one for all the output blocks that name it, which gets all their
    outputs at once; else each output block has its own.
    """

    shared: bool = False


HEAD_KINDS: Mapping[str, HeadKind] = {
    "classification": HeadKind(),
    "assemblenet": HeadKind(shared=True),
    "assemblenet_over_time": HeadKind(shared=True),
    "lite": HeadKind(),
    "lite_over_time": HeadKind(),
}
"""Kind of head -> what is known of it."""
