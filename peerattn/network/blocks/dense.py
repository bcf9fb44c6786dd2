"""Fully connected layers over the channels of each position (US20230114556A1, paragraph on block types).

Shapes: B clips, C channels, T frames, H, W pixels.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import SpatialConvolution, mean_pool


class Dense(nn.Sequential):
    """`repeats` fully connected layers with batch norm and ReLU, shared by all positions and frames.

    All layers but the last have `inner_width` channels, or the block's width if that is not set. With a
    stride, frames are mean-pooled first.
    """

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        widths = [in_channels, *[spec.inner_width or spec.width] * (spec.repeats - 1), spec.width]
        super().__init__(*(SpatialConvolution(before, after) for before, after in pairwise(widths)))
        self.stride = spec.spatial_stride

    def forward(self, clip: Tensor) -> Tensor:
        """(B, C, T, H, W) → (B, width, T, ceil(H / stride), ceil(W / stride))."""
        output: Tensor = super().forward(mean_pool(clip, self.stride))
        return output
