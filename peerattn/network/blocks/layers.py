"""The layers that blocks are made of.

Tensors are kept in channels-last format, in which (B, C, T, H, W) can be viewed as (B·T, C, H, W) or (B, C,
T, H·W) without a copy. Convolutions over space and over time are then both 2D convolutions, which are the
fastest on a CPU and equally fast on a GPU.

Shapes: B clips, C channels, T frames, H, W pixels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def by_frame(clip: Tensor) -> Tensor:
    """View clips as single frames: (B, C, T, H, W) → (B·T, C, H, W)."""
    frames: Tensor = clip.transpose(1, 2).flatten(0, 1)
    return frames


def by_clip(frames: Tensor, clips: int) -> Tensor:
    """View frames as clips, the inverse of `by_frame`: (B·T, C, H, W) → (B, C, T, H, W)."""
    clip: Tensor = frames.unflatten(0, (clips, -1)).transpose(1, 2)
    return clip


def same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """Return the pixels of padding before and after, as TensorFlow's "SAME" padding has them.

    There are then ceil(size / stride) windows. An odd pixel is added after.
    """
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def pad_same(frames: Tensor, window: int, stride: int, value: float = 0.0) -> Tensor:
    """Pad frames (B·T, C, H, W) by `same_padding` on all sides."""
    rows, columns = (same_padding(size, window, stride) for size in frames.shape[2:])
    return F.pad(frames, (*columns, *rows), value=value) if any(rows + columns) else frames


def max_pool(clip: Tensor, window: int, stride: int | None = None) -> Tensor:
    """Max-pool each frame to ceil(size / stride) pixels per side; the padding never affects the result.

    Without a stride, the windows do not overlap.
    """
    if window == 1:
        return clip
    frames = pad_same(by_frame(clip), window, stride or window, value=-float("inf"))
    return by_clip(F.max_pool2d(frames, window, stride or window), clip.shape[0])


def mean_pool(clip: Tensor, window: int) -> Tensor:
    """Mean-pool each frame to ceil(size / window) pixels per side; pixels outside the frame do not count."""
    if window == 1:
        return clip
    return by_clip(F.avg_pool2d(by_frame(clip), window, ceil_mode=True), clip.shape[0])


def repeat_ends(clip: Tensor, times: int) -> Tensor:
    """Repeat the first and the last frame of (B, C, T, H·W) `times` more times each, in channels-last format.

    The frames are concatenated in their memory order: networks run as fast as with torch's padding, and train
    faster.
    """
    if not times:
        return clip
    frames = clip.permute(0, 2, 3, 1)  # (B, T, H·W, C)
    first, last = (end.expand(-1, times, -1, -1) for end in (frames[:, :1], frames[:, -1:]))
    return torch.cat([first, frames, last], dim=1).permute(0, 3, 1, 2)


class SpatialConvolution(nn.Sequential):
    """Convolution over space in each frame → batch norm → ReLU (left out before a residual sum).

    Frames are padded by half a window on all sides, or with `same` as in TensorFlow, by `same_padding`: with
    a 3×3 window, stride 2 and even sides, that is one row and column of zeros after the frame and none
    before.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        *,
        window: int = 1,
        stride: int = 1,
        relu: bool = True,
        same: bool = False,
    ) -> None:
        padding = 0 if same else window // 2
        convolution = nn.Conv2d(in_channels, width, window, stride, padding=padding, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(width), *([nn.ReLU(inplace=True)] if relu else []))
        self.same = (window, stride) if same else None

    def forward(self, clip: Tensor) -> Tensor:
        frames = by_frame(clip)
        return by_clip(super().forward(pad_same(frames, *self.same) if self.same else frames), clip.shape[0])


class TemporalConvolution(nn.Sequential):
    """Convolution over time at each position → batch norm → ReLU.

    Frames beyond the ends of the clip are zero. With `repeat` they are copies of the first and last frame, so
    that a still clip has the same output in every frame.
    """

    def __init__(
        self, in_channels: int, width: int, *, window: int = 3, dilation: int = 1, repeat: bool = False
    ) -> None:
        beyond = dilation * (window // 2)  # frames read beyond each end
        padding = 0 if repeat else beyond
        convolution = nn.Conv2d(
            in_channels, width, (window, 1), padding=(padding, 0), dilation=(dilation, 1), bias=False
        )
        super().__init__(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.repeated = beyond if repeat else 0

    def forward(self, clip: Tensor) -> Tensor:
        convolved: Tensor = super().forward(repeat_ends(clip.flatten(3), self.repeated))
        output: Tensor = convolved.unflatten(3, clip.shape[3:])
        return output


class SpaceTimeConvolution(nn.Sequential):
    """3×3×3 convolution, dilated in time, that keeps the size → batch norm → ReLU."""

    def __init__(self, in_channels: int, width: int, *, dilation: int = 1) -> None:
        convolution = nn.Conv3d(
            in_channels, width, 3, padding=(dilation, 1, 1), dilation=(dilation, 1, 1), bias=False
        )
        super().__init__(convolution, nn.BatchNorm3d(width), nn.ReLU(inplace=True))


PUBLISHED_MOMENTUM = 0.01
"""The share of each batch in the moving mean and variance of the published networks' batch norms."""


def set_published_momentum(block: nn.Module) -> None:
    """Give all batch norms of a block the momentum of the published networks."""
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            module.momentum = PUBLISHED_MOMENTUM


def zero_initialised(convolution: SpatialConvolution) -> SpatialConvolution:
    """Set the scale of a convolution's batch norm to 0, so that a residual branch starts at 0; return it."""
    norm = convolution[1]
    assert isinstance(norm, nn.BatchNorm2d)
    nn.init.zeros_(norm.weight)
    return convolution
