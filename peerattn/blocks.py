"""The blocks a network is made of: input blocks, space-time blocks and heads; each kind is one class.

A block maps (B, C, T, H, W) to (B, width, T, ceil(H / stride), ceil(W / stride)): frames are never dropped,
so attention factors line up with the clip's frames at every level. A (2+1)D convolution is a convolution over
space in each frame, then one over time at each place, dilated to the block's temporal resolution.

Tensors are kept channels-last, where (B, C, T, H, W) can be read as (B·T, C, H, W) or (B, C, T, H·W) without
a copy; both convolutions are then 2D ones, which are the fastest on a CPU and equally good on a GPU.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.structure import BlockSpec


def by_frame(clip: Tensor) -> Tensor:
    """(B, C, T, H, W) → (B·T, C, H, W)."""
    frames: Tensor = clip.transpose(1, 2).flatten(0, 1)
    return frames


def by_clip(frames: Tensor, clips: int) -> Tensor:
    """(B·T, C, H, W) → (B, C, T, H, W): the inverse of `by_frame`."""
    clip: Tensor = frames.unflatten(0, (clips, -1)).transpose(1, 2)
    return clip


def same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """Pixels before and after so that windows cover ceil(size / stride) places, the odd one after."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def max_pool(clip: Tensor, window: int) -> Tensor:
    """Max over adjoining windows of each frame, to ceil(size / window) pixels; the outside never counts."""
    if window == 1:
        return clip
    frames = by_frame(clip)
    rows, columns = (same_padding(size, window, window) for size in frames.shape[2:])
    padded = F.pad(frames, (*columns, *rows), value=-float("inf")) if any(rows + columns) else frames
    return by_clip(F.max_pool2d(padded, window), clip.shape[0])


class SpatialConvolution(nn.Sequential):
    """Convolution over space in each frame → batch norm → ReLU (left out before a residual sum)."""

    def __init__(
        self, arriving: int, width: int, *, window: int = 1, stride: int = 1, relu: bool = True
    ) -> None:
        convolution = nn.Conv2d(arriving, width, window, stride, padding=window // 2, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(width), *([nn.ReLU(inplace=True)] if relu else []))

    def forward(self, clip: Tensor) -> Tensor:
        return by_clip(super().forward(by_frame(clip)), clip.shape[0])


class TemporalConvolution(nn.Sequential):
    """Convolution over time at each place, frames outside the clip being zero → batch norm → ReLU."""

    def __init__(self, arriving: int, width: int, *, window: int = 3, dilation: int = 1) -> None:
        padding = dilation * (window // 2)
        convolution = nn.Conv2d(
            arriving, width, (window, 1), padding=(padding, 0), dilation=(dilation, 1), bias=False
        )
        super().__init__(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))

    def forward(self, clip: Tensor) -> Tensor:
        places: Tensor = super().forward(clip.flatten(3))
        output: Tensor = places.unflatten(3, clip.shape[3:])
        return output


class VideoInput(nn.Sequential):
    """Input block: one strided convolution with overlapping windows, then a dilated temporal convolution.

    At stride s the windows are 2s - 1 pixels wide. Striding at once, where other networks stride and then
    pool, keeps the largest tensors of the network from existing at all.
    """

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        stride = spec.spatial_stride
        super().__init__(
            SpatialConvolution(arriving, spec.width, window=2 * stride - 1, stride=stride),
            TemporalConvolution(spec.width, spec.width, dilation=spec.temporal_dilation),
        )


class _Bottleneck(nn.Module):
    def __init__(self, arriving: int, width: int, *, stride: int, dilation: int) -> None:
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
            TemporalConvolution(inner, inner, dilation=dilation),
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
            *(
                _Bottleneck(width, spec.width, stride=stride, dilation=spec.temporal_dilation)
                for width, stride in zip(widths, strides, strict=True)
            )
        )


class ClassificationHead(nn.Sequential):
    """Mean over space and time, dropout, one score a class: (B, C, T, H, W) → (B, K)."""

    def __init__(self, arriving: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__(nn.Dropout(dropout), nn.Linear(arriving, classes))

    def forward(self, clip: Tensor) -> Tensor:
        scores: Tensor = super().forward(clip.mean(dim=(2, 3, 4)))
        return scores


BLOCKS: dict[str, type[nn.Module]] = {"video_input": VideoInput, "bottleneck": Bottleneck}
HEADS: dict[str, type[nn.Module]] = {"classification": ClassificationHead}


def build_block(spec: BlockSpec, arriving: int) -> nn.Module:
    """The block of a spec, for `arriving` channels; raises PeerattnError for an unknown kind."""
    if spec.kind not in BLOCKS:
        raise PeerattnError(f"block {spec.id}: kind {spec.kind!r} is not one of {sorted(BLOCKS)}")
    return BLOCKS[spec.kind](spec, arriving)


def build_head(kind: str, arriving: int, classes: int) -> nn.Module:
    """A head by its kind; raises PeerattnError for an unknown one."""
    if kind not in HEADS:
        raise PeerattnError(f"head {kind!r} is not one of {sorted(HEADS)}")
    return HEADS[kind](arriving, classes)
