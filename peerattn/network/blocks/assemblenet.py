"""The blocks and the head of AssembleNet and AssembleNet++, as published.

Padding, momentum and the order of the layers are those of the official code (google-research, folder
assemblenet, commit 0c1bbe5; AssembleNet, arXiv 1905.13209, section 3).
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
    published_norms,
    started_at_zero,
)


class RgbInput(nn.Module):
    """Input block: 7×7 convolution of stride 2 → over 5 frames → 3×3 max pool of stride 2."""

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        super().__init__()
        self.space = SpatialConvolution(arriving, spec.width, window=7, stride=2)
        self.time = TemporalConvolution(
            spec.width, spec.width, window=5, dilation=max(spec.temporal_dilation, 1)
        )
        published_norms(self)

    def forward(self, clip: Tensor) -> Tensor:
        return max_pool(self.time(self.space(clip)), 3, stride=2)


class FlowInput(nn.Module):
    """Input block: 7×7 convolution of stride 2 over optical flow → 2×2 max pool; nothing temporal."""

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        super().__init__()
        self.space = SpatialConvolution(arriving, spec.width, window=7, stride=2)
        published_norms(self)

    def forward(self, clip: Tensor) -> Tensor:
        return max_pool(self.space(clip), 2)


class ObjectInput(nn.Module):
    """Input block: 4×4 max pool of the object maps, without filters: one channel a class."""

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        super().__init__()
        self.stride = spec.spatial_stride

    def forward(self, clip: Tensor) -> Tensor:
        return max_pool(clip, self.stride)


class _Residual(nn.Module):
    """1×1 or temporal convolution → 3×3 strided → 1×1, added to the shortcut."""

    def __init__(self, spec: BlockSpec, arriving: int, number: int) -> None:
        super().__init__()
        inner, middle = spec.inner_width, spec.middle_width
        stride = spec.spatial_stride if number == 0 else 1
        self.shortcut = (
            SpatialConvolution(arriving, spec.width, stride=stride, relu=False)
            if number == 0
            else nn.Identity()
        )
        self.residual = nn.Sequential(
            TemporalConvolution(arriving, inner, dilation=spec.temporal_dilation)
            if number % 2
            else SpatialConvolution(arriving, inner),
            SpatialConvolution(inner, middle, window=3, stride=stride),
            started_at_zero(SpatialConvolution(middle, spec.width, relu=False)),
        )

    def forward(self, clip: Tensor) -> Tensor:
        return F.relu(self.residual(clip) + self.shortcut(clip))


class AssembleNetBlock(nn.Sequential):
    """Space-time block: `repeats` residual bottlenecks, in every second of which the first layer is temporal.

    `inner_width` channels after the first layer, `middle_width` after the second.
    """

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        widths = [arriving, *[spec.width] * (spec.repeats - 1)]
        super().__init__(*(_Residual(spec, width, number) for number, width in enumerate(widths)))
        published_norms(self)


class AssembleNetHead(nn.Module):
    """Mean over space and over the output blocks, one dense layer, and the mean over time.

    `over_time` weighs each class's score in a frame by its softmax over the frames (the official flag
    max_pool_preditions): Σ_t y_t · softmax_t(y / √T).
    """

    def __init__(self, arriving: int, classes: int, *, over_time: bool = False) -> None:
        super().__init__()
        self.dense = nn.Linear(arriving, classes)
        self.over_time = over_time

    @property
    def score_layers(self) -> tuple[nn.Module, ...]:
        """None over time: the scores decide there how the frames weigh, too."""
        return () if self.over_time else (self.dense,)

    def forward(self, *outputs: Tensor) -> Tensor:
        """Each (B, C, T, H, W); returns (B, K)."""
        vectors = torch.stack([output.mean(dim=(3, 4)) for output in outputs]).mean(dim=0)  # (B, C, T)
        return scores(self.dense, vectors, over_time=self.over_time)


def scores(dense: nn.Module, vectors: Tensor, *, over_time: bool) -> Tensor:
    """Scores (B, K) of the vectors (B, C, T) of a clip's frames."""
    if not over_time:
        mean: Tensor = dense(vectors.mean(dim=2))
        return mean
    by_time: Tensor = dense(vectors.transpose(1, 2))  # (B, T, K)
    shares = torch.softmax(by_time / by_time.shape[1] ** 0.5, dim=1)
    return (by_time * shares).sum(dim=1)
