"""The blocks a network is made of: input blocks, space-time blocks and heads; each kind is one class.

A block maps (B, C, T, H, W) to (B, width, T, ceil(H / stride), ceil(W / stride)): frames are never dropped,
so attention factors line up with the clip's frames at every level. A head maps the outputs of the blocks
that it reads to scores (B, K).

To add a kind of block: a row in `KINDS` of `peerattn.graph.kinds`, a class in this folder, made from a spec
and the channels that arrive, and its line in `BLOCKS`. `tests/kinds.py` has a small structure of every kind,
which the tests of laws run.

To add a head: a row in `HEAD_KINDS` of `peerattn.graph.kinds`, a class in this folder, made from the channels
that arrive and the number of classes, and its line in `HEADS`. Its `score_layers` are the layers that give
its scores: dividing all their numbers divides the scores; none, where no layers are so. The dropout of a
recipe is that of every `nn.Dropout` in it. `tests/peerattn/network/test_heads.py` holds for every head.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, OutputSpec
from peerattn.moved import moved
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

__getattr__ = moved(__name__)

BLOCKS: dict[str, type[nn.Module]] = {
    "video_input": VideoInput,
    "bottleneck": Bottleneck,
    "dense": Dense,
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
    "assemblenet": AssembleNetHead,
    "assemblenet_over_time": partial(AssembleNetHead, over_time=True),
    "lite": LiteHead,
    "lite_over_time": partial(LiteHead, over_time=True),
}


def build_block(spec: BlockSpec, arriving: int) -> nn.Module:
    """The block of a spec, for `arriving` channels; raises PeerattnError for a kind without a class."""
    if spec.kind not in BLOCKS:
        raise PeerattnError(f"block {spec.id}: kind {spec.kind!r} has no class: name it in {__name__}.BLOCKS")
    return BLOCKS[spec.kind](spec, arriving)


def build_head(output: OutputSpec, arriving: int, classes: int) -> nn.Module:
    """The head of an output block, for `arriving` channels; raises PeerattnError for one without a class."""
    if output.head not in HEADS:
        raise PeerattnError(
            f"output {output.block}: head {output.head!r} has no class: name it in {__name__}.HEADS"
        )
    return HEADS[output.head](arriving, classes)


def score_layers(output: OutputSpec, head: nn.Module) -> tuple[nn.Module, ...]:
    """The layers that give a head's scores; raises PeerattnError where its class does not say."""
    layers: tuple[nn.Module, ...] | None = getattr(head, "score_layers", None)
    if layers is None:
        raise PeerattnError(
            f"output {output.block}: head {output.head!r} does not say which layers give its scores: "
            f"give {type(head).__name__} its score_layers"
        )
    return layers
