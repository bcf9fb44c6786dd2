"""The block kinds of our own networks: one-stride input blocks, (2+1)D bottlenecks, the mean as head.

A (2+1)D convolution is a convolution over space in each frame, then one over time at each place, dilated to
the block's temporal resolution; beyond the clip's ends it reads what the block's time padding says.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import SpatialConvolution, TemporalConvolution


class VideoInput(nn.Sequential):
    """Input block: one strided convolution with overlapping windows, then a dilated temporal convolution.

    At stride s the windows are 2s - 1 pixels wide. Striding at once, where other networks stride and then
    pool, keeps the largest tensors of the network from existing at all.
    """

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        stride, repeat = spec.spatial_stride, spec.time_padding == "repeat"
        super().__init__(
            SpatialConvolution(arriving, spec.width, window=2 * stride - 1, stride=stride),
            TemporalConvolution(spec.width, spec.width, dilation=spec.temporal_dilation, repeat=repeat),
        )


class _Bottleneck(nn.Module):
    def __init__(self, spec: BlockSpec, arriving: int, *, stride: int) -> None:
        width, dilation, repeat = spec.width, spec.temporal_dilation, spec.time_padding == "repeat"
        super().__init__()
        inner = max(width // 2, 1)
        self.shortcut = (
            nn.Identity()
            if arriving == width and stride == 1
            else SpatialConvolution(arriving, width, stride=stride, relu=False)
        )
        self.residual = nn.Sequential(
            SpatialConvolution(arriving, inner),
            SpatialConvolution(inner, inner, window=3, stride=stride),
            TemporalConvolution(inner, inner, dilation=dilation, repeat=repeat),
            SpatialConvolution(inner, width, relu=False),
        )

    def forward(self, clip: Tensor) -> Tensor:
        return F.relu(self.shortcut(clip) + self.residual(clip))


class Bottleneck(nn.Sequential):
    """Space-time block: `repeats` residual (2+1)D bottlenecks: 1×1, 3×3 strided, temporal, 1×1."""

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        widths = [arriving, *[spec.width] * (spec.repeats - 1)]
        strides = [spec.spatial_stride, *[1] * (spec.repeats - 1)]
        super().__init__(
            *(_Bottleneck(spec, width, stride=stride) for width, stride in zip(widths, strides, strict=True))
        )


class ClassificationHead(nn.Sequential):
    """Mean over space and time, dropout, one score a class: (B, C, T, H, W) → (B, K)."""

    def __init__(self, arriving: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__(nn.Dropout(dropout), nn.Linear(arriving, classes))

    @property
    def score_layers(self) -> tuple[nn.Module, ...]:
        return (self[1],)

    def forward(self, clip: Tensor) -> Tensor:
        scores: Tensor = super().forward(clip.mean(dim=(2, 3, 4)))
        return scores
