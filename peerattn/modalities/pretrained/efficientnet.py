"""EfficientNet-lite0, trained on ImageNet: what a picture shows.

The network is EfficientNet-B0 (arXiv 1905.11946) without squeeze and excitation, and with ReLU6.

B images, C channels, H height, W width; 0 to 255 are the values of a pixel.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peerattn.modalities.pretrained.mobile import InvertedResidual, SameConv
from peerattn.network.failures import translate_device_errors
from peerattn.network.precision import apply_precision

# repeats, kernel, stride of the first, expansion, channels
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_WIDTH, MAP_WIDTH, POOLED_WIDTH = 32, 320, 1280
STRIDE = 32
"""The maps have one position for so many pixels, along each side."""
PYRAMID = {4: (2, 24), 8: (4, 40), 16: (10, 112), 32: (15, MAP_WIDTH)}
"""Pixels along each side of a position → the last block whose maps have such positions, and its channels."""
_BATCH = 8  # frames per pass: they fit in a processor's cache


class EfficientNetLite0(nn.Module):
    """The network without its classifier, with batch norm folded into the convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM_WIDTH, 3, stride=2, clipped=True)
        blocks: list[nn.Module] = []
        width = STEM_WIDTH
        for repeats, kernel, stride, expansion, target in STAGES:
            for number in range(repeats):
                step = stride if number == 0 else 1
                blocks.append(
                    InvertedResidual(width, target, expansion=expansion, kernel=kernel, stride=step)
                )
                width = target
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConv(MAP_WIDTH, POOLED_WIDTH, clipped=True)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps (B, 320, ⌈H / 32⌉, ⌈W / 32⌉) and their pooled features (B, 1280).

        Images are (B, 3, H, W), with values from 0 to 255.
        """
        maps = self.blocks(self.stem((images - 127) / 128))
        return maps, self.head(maps).mean(dim=(2, 3))

    def pyramid(self, images: Tensor) -> list[Tensor]:
        """Return the maps of the blocks in `PYRAMID`: (B, 24, H / 4, W / 4), … (B, 320, H / 32, W / 32).

        Images are (B, 3, H, W), with values from 0 to 255; H and W are multiples of 32.
        """
        wanted = {block for block, _ in PYRAMID.values()}
        result, maps = [], self.stem((images - 127) / 128)
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number in wanted:
                result.append(maps)
        return result

    def describe(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return maps (T, 320, h, w) and pooled features (T, 1280) of frames (T, H, W, 3)."""
        device = next(self.parameters()).device
        parts = []
        with translate_device_errors(), torch.inference_mode(), apply_precision(device):
            for first in range(0, len(images), _BATCH):
                batch = torch.from_numpy(images[first : first + _BATCH]).to(device)
                parts.append(self(batch.permute(0, 3, 1, 2).float()))
        maps, pooled = zip(*parts, strict=True)
        return torch.cat(maps).float().cpu().numpy(), torch.cat(pooled).float().cpu().numpy()
