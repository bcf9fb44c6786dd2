"""Blocks and a head for modalities that describe frames by numbers rather than by pictures.

Shapes: B clips, C channels, T frames, H, W pixels (1 × 1 for modalities without pixels), K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import SpatialConvolution, TemporalConvolution, by_clip, by_frame

DROPOUT = 0.3
"""The share of a block's numbers that are dropped in training, of each frame anew."""
NOISE = (0.08, 0.12)
"""Noise that training adds to standardised channels: to each frame, and to all frames of a clip alike."""


class VectorInput(nn.Module):
    """Input block: each channel is standardised, then one fully connected layer with batch norm and ReLU.

    Channels are standardised by their mean and deviation in the training clips, whatever their units.
    """

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__()
        self.standardise = nn.BatchNorm2d(in_channels)
        self.layer = SpatialConvolution(in_channels, spec.width)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, clip: Tensor) -> Tensor:
        standardised = by_clip(self.standardise(by_frame(clip)), clip.shape[0])
        if self.training:
            of_frame, of_clip = NOISE
            standardised = standardised + of_frame * torch.randn_like(standardised)
            standardised = standardised + of_clip * torch.randn_like(standardised[:, :, :1])
        output: Tensor = self.dropout(self.layer(standardised))
        return output


class Temporal(nn.Module):
    """`repeats` residual convolutions over three frames, dilated, with batch norm and ReLU."""

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__()
        self.widen = (
            SpatialConvolution(in_channels, spec.width) if in_channels != spec.width else nn.Identity()
        )
        self.layers = nn.ModuleList(
            TemporalConvolution(
                spec.width, spec.width, dilation=spec.temporal_dilation, repeat=spec.time_padding == "repeat"
            )
            for _ in range(spec.repeats)
        )
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, clip: Tensor) -> Tensor:
        output: Tensor = self.widen(clip)
        for layer in self.layers:
            output = output + self.dropout(layer(output))
        return output


class TemporalHead(nn.Module):
    """Scores (B, K) from a clip's mean, maximum and course over time: its last third minus its first."""

    def __init__(self, in_channels: int, classes: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.scores = nn.Linear(3 * in_channels, classes)

    @property
    def score_layers(self) -> tuple[nn.Module, ...]:
        """The fully connected layer."""
        return (self.scores,)

    def forward(self, clip: Tensor) -> Tensor:
        frames = clip.mean(dim=(3, 4))  # (B, C, T)
        third = max(1, frames.shape[2] // 3)
        course = frames[..., -third:].mean(2) - frames[..., :third].mean(2)
        pooled = torch.cat([frames.mean(2), frames.amax(2), course], dim=1)
        scores: Tensor = self.scores(self.dropout(pooled))
        return scores
