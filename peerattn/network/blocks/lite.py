"""The blocks and the head of AssembleNet++lite, as published: inverted bottlenecks with full 3D convolutions.

Strided spatial convolutions are padded as in TensorFlow, and the input block does not pool (google-research,
folder assemblenet, commit 0c1bbe5).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.assemblenet import scores
from peerattn.network.blocks.layers import (
    SpaceTimeConvolution,
    SpatialConvolution,
    TemporalConvolution,
    set_published_momentum,
    zero_initialised,
)

HEAD_WIDTHS = (432, 2048)
"""Output channels of the two 1×1 convolutions in the head."""


class LiteInput(nn.Sequential):
    """Input block, for rgb and for flow: 3×3 convolution of stride 2 → temporal convolution of 3 frames."""

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__(
            SpatialConvolution(in_channels, spec.width, window=3, stride=spec.spatial_stride, same=True),
            TemporalConvolution(spec.width, spec.width, dilation=max(spec.temporal_dilation, 1)),
        )
        set_published_momentum(self)


class _Residual(nn.Module):
    """1×1 to `inner_width` → 3×3×3 to `middle_width` (strided: 3×3, then temporal) → 1×1, plus shortcut."""

    def __init__(self, spec: BlockSpec, in_channels: int, *, first: bool) -> None:
        super().__init__()
        inner, middle, dilation = spec.inner_width, spec.middle_width, spec.temporal_dilation
        stride = spec.spatial_stride if first else 1
        self.shortcut = (
            SpatialConvolution(in_channels, spec.width, stride=stride, relu=False) if first else nn.Identity()
        )
        wide = (
            [
                SpatialConvolution(inner, middle, window=3, stride=stride, same=True),
                TemporalConvolution(middle, middle, dilation=dilation),
            ]
            if stride > 1
            else [SpaceTimeConvolution(inner, middle, dilation=dilation)]
        )
        last = zero_initialised(SpatialConvolution(middle, spec.width, relu=False))
        self.residual = nn.Sequential(SpatialConvolution(in_channels, inner), *wide, last)

    def forward(self, clip: Tensor) -> Tensor:
        return F.relu(self.residual(clip) + self.shortcut(clip))


class LiteBlock(nn.Sequential):
    """Space-time block: `repeats` inverted residual bottlenecks, which are wider inside than outside."""

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        widths = [in_channels, *[spec.width] * (spec.repeats - 1)]
        super().__init__(*(_Residual(spec, width, first=not number) for number, width in enumerate(widths)))
        set_published_momentum(self)


class LiteHead(nn.Module):
    """Two 1×1 convolutions, mean over space, then as in `AssembleNetHead`; reads one output block.

    Dropout is applied to the mean vector before the scores; with `over_time` there is none.
    """

    def __init__(
        self, in_channels: int, classes: int, *, over_time: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        middle, wide = HEAD_WIDTHS
        self.widen = nn.Sequential(SpatialConvolution(in_channels, middle), SpatialConvolution(middle, wide))
        self.dropout = nn.Identity() if over_time else nn.Dropout(dropout)
        self.dense = nn.Linear(wide, classes)
        self.over_time = over_time
        set_published_momentum(self)

    @property
    def score_layers(self) -> tuple[nn.Module, ...]:
        """The fully connected layer; none with `over_time`, where scores also weight the frames."""
        return () if self.over_time else (self.dense,)

    def forward(self, output: Tensor) -> Tensor:
        """(B, C, T, H, W) → (B, K)."""
        vectors = self.widen(output).mean(dim=(3, 4))  # (B, C, T)
        if self.over_time:
            return scores(self.dense, vectors, over_time=True)
        return scores(self.dense, self.dropout(vectors.mean(dim=2, keepdim=True)), over_time=False)
