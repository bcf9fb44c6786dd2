"""The blocks and the head of our own networks: single-stride input blocks, (2+1)D bottlenecks, a mean-pooling
head.

A (2+1)D convolution is a convolution over space in each frame, followed by one over time at each position,
dilated to the block's temporal resolution. The block's time padding defines the frames beyond the ends of the
clip.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import SpatialConvolution, TemporalConvolution


class VideoInput(nn.Sequential):
    """Input block: one strided convolution with overlapping windows, then a dilated temporal convolution.

    At stride s, the windows are 2s - 1 pixels wide. Other networks use a small stride and then pool; one
    large stride avoids what would be the largest tensors of the network.
    """

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        stride, repeat = spec.spatial_stride, spec.time_padding == "repeat"
        super().__init__(
            SpatialConvolution(in_channels, spec.width, window=2 * stride - 1, stride=stride),
            TemporalConvolution(spec.width, spec.width, dilation=spec.temporal_dilation, repeat=repeat),
        )


class _Bottleneck(nn.Module):
    def __init__(self, spec: BlockSpec, in_channels: int, *, stride: int) -> None:
        width, dilation, repeat = spec.width, spec.temporal_dilation, spec.time_padding == "repeat"
        super().__init__()
        inner = max(width // 2, 1)
        self.shortcut = (
            nn.Identity()
            if in_channels == width and stride == 1
            else SpatialConvolution(in_channels, width, stride=stride, relu=False)
        )
        self.residual = nn.Sequential(
            SpatialConvolution(in_channels, inner),
            SpatialConvolution(inner, inner, window=3, stride=stride),
            TemporalConvolution(inner, inner, dilation=dilation, repeat=repeat),
            SpatialConvolution(inner, width, relu=False),
        )

    def forward(self, clip: Tensor) -> Tensor:
        return F.relu(self.shortcut(clip) + self.residual(clip))


class Bottleneck(nn.Sequential):
    """Space-time block: `repeats` residual (2+1)D bottlenecks (1×1, strided 3×3, temporal, 1×1)."""

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        widths = [in_channels, *[spec.width] * (spec.repeats - 1)]
        strides = [spec.spatial_stride, *[1] * (spec.repeats - 1)]
        super().__init__(
            *(_Bottleneck(spec, width, stride=stride) for width, stride in zip(widths, strides, strict=True))
        )


class ClassificationHead(nn.Sequential):
    """Mean over space and time, dropout, and one score per class: (B, C, T, H, W) → (B, K)."""

    def __init__(self, in_channels: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__(nn.Dropout(dropout), nn.Linear(in_channels, classes))

    @property
    def score_layers(self) -> tuple[nn.Module, ...]:
        """The fully connected layer."""
        return (self[1],)

    def forward(self, clip: Tensor) -> Tensor:
        scores: Tensor = super().forward(clip.mean(dim=(2, 3, 4)))
        return scores
