"""MoveNet Lightning: where the joints of one person are in a square picture.

Google's model (Apache-2.0): MobileNetV2 with a feature pyramid and four heads, as in CenterNet. Positions are
those of a grid of 48 × 48 cells over a picture of 192 × 192 px. B pictures, J joints (17), S = 48.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from peerattn.modalities.pretrained.mobile import InvertedResidual, SameConv
from peerattn.network.failures import translate_device_errors
from peerattn.network.precision import apply_precision

JOINTS = (
    "nose",
    "left eye",
    "right eye",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
)
SIDE = 192
"""Height and width of the pictures that the network reads, px."""
GRID = 48
"""Cells of the joint maps along each side."""

# repeats, stride of the first, channels (MobileNetV2); the first block does not expand
_STAGES = ((1, 1, 16), (2, 2, 24), (3, 2, 32), (4, 2, 64), (3, 1, 96), (3, 2, 160), (1, 1, 320))
_PYRAMID = {2: 24, 5: 32, 9: 64}  # block → its channels: where the pyramid reads, at 1/4, 1/8 and 1/16
_SOFTENING = 1.8  # cells: added to distances by which scores are divided
_BATCH = 8


class Separable(nn.Module):
    """A 3 × 3 convolution of each channel, then a 1 × 1 convolution and ReLU."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.depthwise = SameConv(source, source, 3, groups=source, bias=False)
        self.pointwise = SameConv(source, target)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (B, target, H, W) of maps (B, source, H, W)."""
        return functional.relu(self.pointwise(self.depthwise(maps)))


class MoveNet(nn.Module):
    """The network. Its maps are read by `joints`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, 32, 3, stride=2, clipped=True)
        blocks: list[nn.Module] = []
        width = 32
        for stage, (repeats, stride, target) in enumerate(_STAGES):
            for number in range(repeats):
                step, expansion = (stride if number == 0 else 1), (6 if stage else 1)
                blocks.append(InvertedResidual(width, target, expansion=expansion, stride=step))
                width = target
        self.blocks = nn.ModuleList(blocks)
        self.head = SameConv(320, 1280, clipped=True)
        self.top = SameConv(1280, 64)
        self.lateral = nn.ModuleList(SameConv(width, width) for width in reversed(_PYRAMID.values()))
        self.smooth = nn.ModuleList((Separable(64, 32), Separable(32, 24), Separable(24, 24)))
        self.centre, self.heatmap = _prediction(1), _prediction(len(JOINTS))
        self.regression, self.offset = _prediction(2 * len(JOINTS)), _prediction(2 * len(JOINTS))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return maps of centre (B, 1, S, S) and joints (B, J, S, S), regressions and offsets (B, 2J, S, S).

        Pictures are (B, 3, 192, 192), with values from 0 to 255. Centre and joints are probabilities. The
        regressions lead from a person's centre to each joint, the offsets from a joint's cell to its place;
        both are in cells, y before x.
        """
        maps = self.stem(pictures / 127.5 - 1)
        laterals = []
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number in _PYRAMID:
                laterals.append(maps)
        maps = self.top(self.head(maps))
        for lateral, smooth, read in zip(self.lateral, self.smooth, reversed(laterals), strict=True):
            larger = functional.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)
            maps = smooth(larger + lateral(read))
        return (
            self.centre(maps).sigmoid(),
            self.heatmap(maps).sigmoid(),
            self.regression(maps),
            self.offset(maps),
        )

    def joints(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the joints (T, 17, 3) of the person nearest the middle: x, y from 0 to 1, and score.

        Pictures are (T, 192, 192, 3).
        """
        device = next(self.parameters()).device
        parts = []
        with translate_device_errors(), torch.inference_mode(), apply_precision(device):
            for first in range(0, len(pictures), _BATCH):
                batch = torch.from_numpy(pictures[first : first + _BATCH]).to(device)
                parts.append(self.decode(*self(batch.permute(0, 3, 1, 2).float())))
        return torch.cat(parts).float().cpu().numpy()

    def decode(self, centre: Tensor, heatmap: Tensor, regression: Tensor, offset: Tensor) -> Tensor:
        """Read joints (B, J, 3) from the maps: x, y from 0 to 1, and score.

        The person's centre is the likeliest one near the middle. Of a joint's map, cells far from where the
        centre expects the joint count less.
        """
        count, half = len(centre), torch.full((1, 1), GRID / 2, device=centre.device)
        middle = _distances(half, half)
        cell = (centre[:, 0] / middle[0]).flatten(1).argmax(1)
        expected = regression.flatten(2).gather(2, cell.view(count, 1, 1).expand(-1, 2 * len(JOINTS), 1))
        expected = expected.view(count, len(JOINTS), 2)
        rows = (cell // GRID).view(count, 1) + expected[..., 0]
        columns = (cell % GRID).view(count, 1) + expected[..., 1]
        near = heatmap / _distances(rows, columns)
        best = near.flatten(2).argmax(2)  # (B, J)
        score = heatmap.flatten(2).gather(2, best[..., None])[..., 0]
        moves = offset.view(count, len(JOINTS), 2, -1)
        move = moves.gather(3, best[..., None, None].expand(-1, -1, 2, 1))[..., 0]
        y = (best // GRID + move[..., 0]) / GRID
        x = (best % GRID + move[..., 1]) / GRID
        return torch.stack([x, y, score], dim=-1)


def _distances(rows: Tensor, columns: Tensor) -> Tensor:
    """Return how far each cell (B, J, S, S) is from points (B, J), in cells, plus a softening constant."""
    cells = torch.arange(GRID, device=rows.device)
    down, right = cells[:, None] - rows[..., None, None], cells - columns[..., None, None]
    return torch.sqrt(down.square() + right.square()) + _SOFTENING


def _prediction(width: int) -> nn.Sequential:
    """Return one of the four heads, with `width` channels."""
    return nn.Sequential(Separable(24, 96), SameConv(96, width))
