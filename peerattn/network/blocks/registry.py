"""The blocks a network is made of: input blocks, space-time blocks and heads; each kind is one class.

A block maps (B, C, T, H, W) to (B, width, T, ceil(H / stride), ceil(W / stride)): frames are never dropped,
so attention factors line up with the clip's frames at every level. A head maps the outputs of the blocks
that it reads to scores (B, K).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec
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
WEIGHING_FRAMES = frozenset({"assemblenet_over_time", "lite_over_time"})
"""Those whose scores decide how frames weigh: they are no linear function of the last layer."""
SHARED_HEADS = frozenset({"assemblenet", "assemblenet_over_time", "lite", "lite_over_time"})
"""Those of which a network has one for all the output blocks that name it."""


def build_block(spec: BlockSpec, arriving: int) -> nn.Module:
    """The block of a spec, for `arriving` channels."""
    return BLOCKS[spec.kind](spec, arriving)


def build_head(kind: str, arriving: int, classes: int) -> nn.Module:
    """A head by its kind; raises PeerattnError for an unknown one."""
    if kind not in HEADS:
        raise PeerattnError(f"head {kind!r} is not one of {sorted(HEADS)}")
    return HEADS[kind](arriving, classes)
