"""The blocks and the head of AssembleNet and AssembleNet++, as published.

Padding, momentum and layer order follow the official code (google-research, folder assemblenet, commit
0c1bbe5; AssembleNet, arXiv 1905.13209, section 3).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import (
    SpatialConvolution,
    TemporalConvolution,
    max_pool,
    set_published_momentum,
    zero_initialised,
)


class RgbInput(nn.Module):
    """Input block: 7×7 convolution of stride 2 → temporal one over 5 frames → 3×3 max pool of stride 2."""

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__()
        self.space = SpatialConvolution(in_channels, spec.width, window=7, stride=2)
        self.time = TemporalConvolution(
            spec.width, spec.width, window=5, dilation=max(spec.temporal_dilation, 1)
        )
        set_published_momentum(self)

    def forward(self, clip: Tensor) -> Tensor:
        return max_pool(self.time(self.space(clip)), 3, stride=2)


class FlowInput(nn.Module):
    """Input block: 7×7 convolution of stride 2 over optical flow → 2×2 max pool; no temporal one."""

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__()
        self.space = SpatialConvolution(in_channels, spec.width, window=7, stride=2)
        set_published_momentum(self)

    def forward(self, clip: Tensor) -> Tensor:
        return max_pool(self.space(clip), 2)


class ObjectInput(nn.Module):
    """Input block: 4×4 max pool of the object maps, without filters; one channel per class."""

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__()
        self.stride = spec.spatial_stride

    def forward(self, clip: Tensor) -> Tensor:
        return max_pool(clip, self.stride)


class _Residual(nn.Module):
    """1×1 convolution (temporal in every second bottleneck) → strided 3×3 → 1×1, plus the shortcut."""

    def __init__(self, spec: BlockSpec, in_channels: int, number: int) -> None:
        super().__init__()
        inner, middle = spec.inner_width, spec.middle_width
        stride = spec.spatial_stride if number == 0 else 1
        self.shortcut = (
            SpatialConvolution(in_channels, spec.width, stride=stride, relu=False)
            if number == 0
            else nn.Identity()
        )
        self.residual = nn.Sequential(
            TemporalConvolution(in_channels, inner, dilation=spec.temporal_dilation)
            if number % 2
            else SpatialConvolution(in_channels, inner),
            SpatialConvolution(inner, middle, window=3, stride=stride),
            zero_initialised(SpatialConvolution(middle, spec.width, relu=False)),
        )

    def forward(self, clip: Tensor) -> Tensor:
        return F.relu(self.residual(clip) + self.shortcut(clip))


class AssembleNetBlock(nn.Sequential):
    """Space-time block: `repeats` residual bottlenecks; in every second one the first layer is temporal.

    There are `inner_width` channels after the first layer and `middle_width` after the second.
    """

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        widths = [in_channels, *[spec.width] * (spec.repeats - 1)]
        super().__init__(*(_Residual(spec, width, number) for number, width in enumerate(widths)))
        set_published_momentum(self)


class AssembleNetHead(nn.Module):
    """Mean over space and over the output blocks, one fully connected layer, and the mean over time.

    With `over_time` (the official flag max_pool_preditions) the scores of each class are instead weighted by
    their softmax over the frames: Σ_t y_t · softmax_t(y / √T).
    """

    def __init__(self, in_channels: int, classes: int, *, over_time: bool = False) -> None:
        super().__init__()
        self.dense = nn.Linear(in_channels, classes)
        self.over_time = over_time

    @property
    def score_layers(self) -> tuple[nn.Module, ...]:
        """The fully connected layer; none with `over_time`, where scores also weight the frames."""
        return () if self.over_time else (self.dense,)

    def forward(self, *outputs: Tensor) -> Tensor:
        """Return scores (B, K) from the blocks' outputs, each (B, C, T, H, W)."""
        vectors = torch.stack([output.mean(dim=(3, 4)) for output in outputs]).mean(dim=0)  # (B, C, T)
        return scores(self.dense, vectors, over_time=self.over_time)


def scores(dense: nn.Module, vectors: Tensor, *, over_time: bool) -> Tensor:
    """Return a clip's scores (B, K) from its frames' vectors (B, C, T)."""
    if not over_time:
        mean: Tensor = dense(vectors.mean(dim=2))
        return mean
    by_time: Tensor = dense(vectors.transpose(1, 2))  # (B, T, K)
    shares = torch.softmax(by_time / by_time.shape[1] ** 0.5, dim=1)
    return (by_time * shares).sum(dim=1)
