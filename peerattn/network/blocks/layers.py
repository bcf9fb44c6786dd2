"""The layers that blocks are made of.

Tensors are kept channels-last, where (B, C, T, H, W) can be read as (B·T, C, H, W) or (B, C, T, H·W) without
a copy; convolutions over space and over time are then both 2D ones, which are the fastest on a CPU and
equally good on a GPU.

Shapes: B clips, C channels, T frames, H, W pixels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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


def padded(frames: Tensor, window: int, stride: int, value: float = 0.0) -> Tensor:
    """(B·T, C, H, W) with `same_padding` around it."""
    rows, columns = (same_padding(size, window, stride) for size in frames.shape[2:])
    return F.pad(frames, (*columns, *rows), value=value) if any(rows + columns) else frames


def max_pool(clip: Tensor, window: int, stride: int | None = None) -> Tensor:
    """Max over windows of each frame, to ceil(size / stride) pixels; the outside never counts.

    Without a stride, windows adjoin.
    """
    if window == 1:
        return clip
    frames = padded(by_frame(clip), window, stride or window, value=-float("inf"))
    return by_clip(F.max_pool2d(frames, window, stride or window), clip.shape[0])


def mean_pool(clip: Tensor, window: int) -> Tensor:
    """Mean over adjoining windows of each frame, to ceil(size / window) pixels; the outside never counts."""
    if window == 1:
        return clip
    return by_clip(F.avg_pool2d(by_frame(clip), window, ceil_mode=True), clip.shape[0])


def with_ends_repeated(places: Tensor, times: int) -> Tensor:
    """(B, C, T, H·W) with so many more of its first and of its last frame, in memory channels last.

    Joined as it lies in memory, with which networks run as fast as with torch's own padding and train faster.
    """
    if not times:
        return places
    frames = places.permute(0, 2, 3, 1)  # (B, T, H·W, C)
    first, last = (end.expand(-1, times, -1, -1) for end in (frames[:, :1], frames[:, -1:]))
    return torch.cat([first, frames, last], dim=1).permute(0, 3, 1, 2)


class SpatialConvolution(nn.Sequential):
    """Convolution over space in each frame → batch norm → ReLU (left out before a residual sum).

    Padded by half a window on all sides, or with `same` as TensorFlow does, by `same_padding`: where the
    stride is 2 and the size even, that leaves one row and column of zeros after the frame, none before.
    """

    def __init__(
        self,
        arriving: int,
        width: int,
        *,
        window: int = 1,
        stride: int = 1,
        relu: bool = True,
        same: bool = False,
    ) -> None:
        padding = 0 if same else window // 2
        convolution = nn.Conv2d(arriving, width, window, stride, padding=padding, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(width), *([nn.ReLU(inplace=True)] if relu else []))
        self.same = (window, stride) if same else None

    def forward(self, clip: Tensor) -> Tensor:
        frames = by_frame(clip)
        return by_clip(super().forward(padded(frames, *self.same) if self.same else frames), clip.shape[0])


class TemporalConvolution(nn.Sequential):
    """Convolution over time at each place → batch norm → ReLU.

    Frames beyond the clip's ends are zero, or with `repeat` the first and the last one again: a clip that
    stands still then gives the same in every frame.
    """

    def __init__(
        self, arriving: int, width: int, *, window: int = 3, dilation: int = 1, repeat: bool = False
    ) -> None:
        beyond = dilation * (window // 2)  # frames read beyond each end
        padding = 0 if repeat else beyond
        convolution = nn.Conv2d(
            arriving, width, (window, 1), padding=(padding, 0), dilation=(dilation, 1), bias=False
        )
        super().__init__(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.repeated = beyond if repeat else 0

    def forward(self, clip: Tensor) -> Tensor:
        places: Tensor = super().forward(with_ends_repeated(clip.flatten(3), self.repeated))
        output: Tensor = places.unflatten(3, clip.shape[3:])
        return output


class SpaceTimeConvolution(nn.Sequential):
    """3×3×3 convolution, dilated in time, to the same size → batch norm → ReLU."""

    def __init__(self, arriving: int, width: int, *, dilation: int = 1) -> None:
        convolution = nn.Conv3d(
            arriving, width, 3, padding=(dilation, 1, 1), dilation=(dilation, 1, 1), bias=False
        )
        super().__init__(convolution, nn.BatchNorm3d(width), nn.ReLU(inplace=True))


PUBLISHED_MOMENTUM = 0.01
"""What a batch adds to the moving mean and variance in the published networks."""


def published_norms(block: nn.Module) -> None:
    """Give the batch norms of a block the momentum that the published networks have."""
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            module.momentum = PUBLISHED_MOMENTUM


def started_at_zero(convolution: SpatialConvolution) -> SpatialConvolution:
    """The same convolution, whose batch norm lets nothing through at first: a residual then starts at 0."""
    norm = convolution[1]
    assert isinstance(norm, nn.BatchNorm2d)
    nn.init.zeros_(norm.weight)
    return convolution
