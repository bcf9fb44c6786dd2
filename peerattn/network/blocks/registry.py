"""The kinds of blocks and heads: input blocks, space-time blocks and heads, one class each.

A block maps (B, C, T, H, W) to (B, width, T, ceil(H / stride), ceil(W / stride)): frames are never dropped,
so attention factors line up with the clip's frames at every level. A head maps the outputs of the blocks that
it reads to scores (B, K).

To add a kind of block, write a row in `KINDS` of `peerattn.graph.kinds`, a class in this folder whose
constructor takes a spec and the number of input channels, and a line in `BLOCKS`. `tests/kinds.py` has a
small structure of every kind, on which the tests of laws run.

To add a head, write a row in `HEAD_KINDS` of `peerattn.graph.kinds`, a class in this folder whose constructor
takes the number of input channels and of classes, and a line in `HEADS`. Its `score_layers` are the layers
whose parameters are proportional to the scores: dividing all of them divides the scores. It is empty where
there are no such layers. A recipe's dropout applies to every `nn.Dropout` in the head.
`tests/peerattn/network/test_heads.py` runs on every head.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, OutputSpec
from peerattn.network.blocks.assemblenet import (
    AssembleNetBlock,
    AssembleNetHead,
    FlowInput,
    ObjectInput,
    RgbInput,
)
from peerattn.network.blocks.dense import Dense
from peerattn.network.blocks.lite import LiteBlock, LiteHead, LiteInput
from peerattn.network.blocks.multi_head import MultiHeadAttention
from peerattn.network.blocks.standard import Bottleneck, ClassificationHead, VideoInput
from peerattn.network.blocks.temporal import StandardisedInput, Temporal, TemporalHead, VectorInput

BLOCKS: dict[str, type[nn.Module]] = {
    "video_input": VideoInput,
    "bottleneck": Bottleneck,
    "dense": Dense,
    "vector_input": VectorInput,
    "standardised_input": StandardisedInput,
    "temporal": Temporal,
    "attention": MultiHeadAttention,
    "assemblenet_rgb": RgbInput,
    "assemblenet_flow": FlowInput,
    "object_input": ObjectInput,
    "assemblenet": AssembleNetBlock,
    "lite_input": LiteInput,
    "lite": LiteBlock,
}
HEADS: dict[str, Callable[[int, int], nn.Module]] = {
    "classification": ClassificationHead,
    "temporal": TemporalHead,
    "assemblenet": AssembleNetHead,
    "assemblenet_over_time": partial(AssembleNetHead, over_time=True),
    "lite": LiteHead,
    "lite_over_time": partial(LiteHead, over_time=True),
}


def build_block(spec: BlockSpec, in_channels: int) -> nn.Module:
    """Build a block for `in_channels` channels; raise PeerattnError for a kind without a class."""
    if spec.kind not in BLOCKS:
        raise PeerattnError(f"block {spec.id}: kind {spec.kind!r} has no class: add it to {__name__}.BLOCKS")
    return BLOCKS[spec.kind](spec, in_channels)


def build_head(output: OutputSpec, in_channels: int, classes: int) -> nn.Module:
    """Build an output's head for `in_channels` channels; raise PeerattnError for a kind without a class."""
    if output.head not in HEADS:
        raise PeerattnError(
            f"output {output.block}: head {output.head!r} has no class: add it to {__name__}.HEADS"
        )
    return HEADS[output.head](in_channels, classes)


def score_layers(output: OutputSpec, head: nn.Module) -> tuple[nn.Module, ...]:
    """Return the layers that produce a head's scores; raise PeerattnError if its class does not say."""
    layers: tuple[nn.Module, ...] | None = getattr(head, "score_layers", None)
    if layers is None:
        raise PeerattnError(
            f"output {output.block}: head {output.head!r} does not say which layers produce its scores: "
            f"define score_layers in {type(head).__name__}"
        )
    return layers
