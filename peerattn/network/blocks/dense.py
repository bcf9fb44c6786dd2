"""Fully connected layers over the channels of each place, as in US20230114556A1, paragraph on block types.

Shapes: B clips, C channels, T frames, H, W pixels.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import SpatialConvolution, mean_pool


class Dense(nn.Sequential):
    """`repeats` fully connected layers, each with batch norm and ReLU, the same at every place and frame.

    Layers between the first and the last are `inner_width` wide, or as wide as the block. A stride takes the
    mean over its windows first.
    """

    def __init__(self, spec: BlockSpec, arriving: int) -> None:
        widths = [arriving, *[spec.inner_width or spec.width] * (spec.repeats - 1), spec.width]
        super().__init__(*(SpatialConvolution(read, given) for read, given in pairwise(widths)))
        self.stride = spec.spatial_stride

    def forward(self, clip: Tensor) -> Tensor:
        """(B, C, T, H, W) → (B, width, T, ceil(H / stride), ceil(W / stride))."""
        output: Tensor = super().forward(mean_pool(clip, self.stride))
        return output
