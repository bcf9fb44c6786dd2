"""Blocks and a head for modalities that describe frames by numbers rather than by pictures.

Shapes: B clips, C channels, T frames, H, W pixels (1 × 1 for modalities without pixels), K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from peerattn.graph.specs import BlockSpec
from peerattn.network.blocks.layers import SpatialConvolution, TemporalConvolution, by_clip, by_frame

DROPOUT = 0.3
"""The share of a block's numbers that are dropped in training, of each frame anew."""
NOISE = (0.08, 0.12)
"""Noise that training adds to standardised channels: to each frame, and to all frames of a clip alike."""


class Standardise(nn.Module):
    """Channels (N, C, H, W) minus their mean, divided by their deviation, both over the training clips.

    Training follows the statistics of its batches, like batch norm, unless they are `fixed`.
    """

    running_mean: Tensor  # (C,)
    running_var: Tensor  # (C,)

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.fixed = False

    def forward(self, frames: Tensor) -> Tensor:
        follows = self.training and not self.fixed
        return functional.batch_norm(frames, self.running_mean, self.running_var, training=follows)


class StandardisedInput(nn.Module):
    """Input block: each channel, standardised by its mean and deviation in the training clips.

    The channels are then divided by the root of their number, so that the vector of a frame has a length of
    about 1, however many channels there are.
    """

    def __init__(self, spec: BlockSpec, in_channels: int) -> None:
        super().__init__()
        self.standardise = Standardise(in_channels)

    def forward(self, clip: Tensor) -> Tensor:
        standardised = by_clip(self.standardise(by_frame(clip)), clip.shape[0])
        noisy = _with_noise(standardised) if self.training else standardised
        scaled: Tensor = noisy / noisy.shape[1] ** 0.5
        return scaled

    def set_statistics(self, clips: Sequence[Tensor]) -> None:
        """Set mean and deviation to those of the frames of clips (1, C, T, 1, 1)."""
        frames = torch.cat([by_frame(clip) for clip in clips])
        self.standardise.running_mean.copy_(frames.mean(dim=(0, 2, 3)))
        self.standardise.running_var.copy_(frames.var(dim=(0, 2, 3), correction=0))


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
            standardised = _with_noise(standardised)
        output: Tensor = self.dropout(self.layer(standardised))
        return output


def _with_noise(standardised: Tensor) -> Tensor:
    of_frame, of_clip = NOISE
    noisy = standardised + of_frame * torch.randn_like(standardised)
    return noisy + of_clip * torch.randn_like(standardised[:, :, :1])


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
        scores: Tensor = self.scores(self.dropout(self.pool(clip)))
        return scores

    def pool(self, clip: Tensor) -> Tensor:
        """Return the 3 C numbers (B, 3 C) from which the scores of clips (B, C, T, H, W) are computed."""
        frames = clip.mean(dim=(3, 4))  # (B, C, T)
        third = max(1, frames.shape[2] // 3)
        course = frames[..., -third:].mean(2) - frames[..., :third].mean(2)
        return torch.cat([frames.mean(2), frames.amax(2), course], dim=1)
