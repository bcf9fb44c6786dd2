"""The kinds of blocks and heads, as data: what a structure must know about them before a network is built.

A new kind is a row here and a class in `peerattn.network.blocks`, listed in its registry. Validation, reach,
network building and cost counting read these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from peerattn.graph.specs import BlockSpec

WHOLE_CLIP = 2**20
"""The reach of a block in which every frame reads all others: more frames than any clip has."""

Rule = Callable[[BlockSpec, int], str | None]
"""(Spec, number of incoming channels) → what is wrong and what to do, or None if nothing is."""


def _no_rule(spec: BlockSpec, arriving: int) -> str | None:
    return None


@dataclass(frozen=True)
class BlockKind:
    """The properties shared by all blocks of one kind.

    `extent` returns how many frames on each side of a frame the block's own layers read, together. `needs`
    lists the fields that a spec must set, and `fixed` those whose values it cannot choose. `repeats_edges`
    says whether `time_padding` may be `repeat`. `rule` checks everything else in a spec.
    """

    extent: Callable[[BlockSpec], int]
    needs: tuple[str, ...] = ()
    fixed: Mapping[str, int] = field(default_factory=dict)
    repeats_edges: bool = False
    rule: Rule = _no_rule

    def find_problem(self, spec: BlockSpec, arriving: int) -> str | None:
        """Say what is wrong with a spec that has `arriving` input channels, and what to do; None if valid."""
        if spec.time_padding == "repeat" and not self.repeats_edges:
            able = ", ".join(name for name, kind in KINDS.items() if kind.repeats_edges)
            return f"only {able} can repeat the edge frames of a clip: set its time_padding to zeros"
        for name in self.needs:
            if not getattr(spec, name):
                return f"{name} is {getattr(spec, name)!r}, but this kind needs one: set it"
        for name, value in self.fixed.items():
            if getattr(spec, name) != value:
                return (
                    f"{name} is {getattr(spec, name)!r}, but for this kind it must be {value}: set it to that"
                )
        return self.rule(spec, arriving)


def _pools_only(spec: BlockSpec, arriving: int) -> str | None:
    if spec.width != arriving:
        return (
            f"width is {spec.width}, but this kind only pools its {arriving} input channels: set it to that"
        )
    return None


def _keeps_width(spec: BlockSpec, arriving: int) -> str | None:
    if spec.width != arriving:
        return f"width is {spec.width}, but this kind keeps its {arriving} input channels: set it to that"
    return None


def _reads_in_time(spec: BlockSpec, arriving: int) -> str | None:
    if spec.temporal_dilation < 1:
        return "temporal_dilation is 0, but this kind reads neighbouring frames: give 1 or more"
    return None


def _attends(spec: BlockSpec, arriving: int) -> str | None:
    if spec.over not in ("places", "frames"):
        return f"over is {spec.over!r}, but must be places or frames: set what it attends over"
    if spec.width % spec.heads:
        return f"width {spec.width} cannot be split among {spec.heads} heads: make it a multiple"
    return None


KINDS: Mapping[str, BlockKind] = {
    # This package's own kinds.
    "video_input": BlockKind(lambda spec: spec.temporal_dilation, repeats_edges=True, rule=_reads_in_time),
    "bottleneck": BlockKind(
        lambda spec: spec.temporal_dilation * spec.repeats, repeats_edges=True, rule=_reads_in_time
    ),
    "dense": BlockKind(lambda spec: 0),
    "vector_input": BlockKind(lambda spec: 0, fixed={"spatial_stride": 1}),
    "standardised_input": BlockKind(lambda spec: 0, fixed={"spatial_stride": 1}, rule=_keeps_width),
    "temporal": BlockKind(
        lambda spec: spec.temporal_dilation * spec.repeats,
        fixed={"spatial_stride": 1},
        repeats_edges=True,
        rule=_reads_in_time,
    ),
    "attention": BlockKind(
        lambda spec: WHOLE_CLIP if spec.over == "frames" else 0, needs=("heads", "over"), rule=_attends
    ),
    # The kinds of AssembleNet and AssembleNet++.
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
    # The kinds of AssembleNet++lite.
    "lite_input": BlockKind(lambda spec: max(spec.temporal_dilation, 1)),
    "lite": BlockKind(
        lambda spec: spec.temporal_dilation * spec.repeats,
        needs=("inner_width", "middle_width"),
        rule=_reads_in_time,
    ),
}
"""Kind of block → its properties.

Multiply-adds are counted from the convolutions and linear layers in the block's class. A layer that does
other arithmetic, such as attention, has a method `multiply_adds(inputs, output)`: `inputs` is the tuple of
arguments of one call and `output` its result. Both are on the meta device, so only their shapes can be used.
"""


@dataclass(frozen=True)
class HeadKind:
    """The properties shared by all heads of one kind.

    `shared` says whether all output blocks that name this kind share one head, which receives all their
    outputs at once; otherwise each output block has a head of its own.
    """

    shared: bool = False


HEAD_KINDS: Mapping[str, HeadKind] = {
    "classification": HeadKind(),
    "temporal": HeadKind(),
    "assemblenet": HeadKind(shared=True),
    "assemblenet_over_time": HeadKind(shared=True),
    "lite": HeadKind(),
    "lite_over_time": HeadKind(),
}
"""Kind of head → its properties."""
