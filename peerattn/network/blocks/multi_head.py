"""Multi-head self-attention among the positions of a frame, or among the frames at a position.

Shapes: B clips, C channels, T frames, H, W pixels, N sequences of L entries.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import SpatialConvolution, mean_pool


class MultiHeadAttention(nn.Module):
    """One 1×1 convolution to the block's width, then `repeats` layers of self-attention.

    With `over` = "places", the positions of each frame attend to each other; with "frames", the frames at
    each position. All entries take part, and there is no positional encoding. With a stride, frames are
    mean-pooled first.
    """

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__()
        self.over, self.stride = spec.over, spec.spatial_stride
        self.widen = SpatialConvolution(in_channels, spec.width)
        inner = spec.inner_width or 2 * spec.width
        self.layers = nn.Sequential(*(_Layer(spec.width, spec.heads, inner) for _ in range(spec.repeats)))

    def forward(self, clip: Tensor) -> Tensor:
        """(B, C, T, H, W) → (B, width, T, ceil(H / stride), ceil(W / stride))."""
        channels_last = self.widen(mean_pool(clip, self.stride)).permute(0, 2, 3, 4, 1)  # (B, T, H, W, C)
        if self.over == "places":
            attended = self.layers(channels_last.flatten(2, 3).flatten(0, 1))
            output: Tensor = attended.view(channels_last.shape)
        else:
            frames_last = channels_last.permute(0, 2, 3, 1, 4)  # (B, H, W, T, C)
            attended = self.layers(frames_last.flatten(0, 2))
            output = attended.view(frames_last.shape).permute(0, 3, 1, 2, 4)
        return output.permute(0, 4, 1, 2, 3)


class _Layer(nn.Module):
    """Attention, then two fully connected layers, each as a residual branch with layer norm at its start."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.project, self.join = (
            nn.LayerNorm(width),
            nn.Linear(width, 3 * width),
            nn.Linear(width, width),
        )
        self.dense = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, width)
        )

    def forward(self, entries: Tensor) -> Tensor:
        """(N, L, C) → (N, L, C)."""
        parts = self.project(self.norm(entries)).unflatten(2, (3, self.heads, -1))
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)  # each (N, heads, L, C / heads)
        mixed = F.scaled_dot_product_attention(queries, keys, values)
        entries = entries + self.join(mixed.transpose(1, 2).flatten(2))
        output: Tensor = entries + self.dense(entries)
        return output

    def multiply_adds(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Count the products of queries and keys and of attention and values; linear layers not included."""
        sequences, entries, width = output.shape
        return 2 * sequences * entries**2 * width
