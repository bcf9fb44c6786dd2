"""Control clips for recordings: constant motion at any frame rate, still clips, and empty ones."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.modalities.clip import Clip
from tests.media import write_video

SIDE = 64  # px, as the bundled networks read them, so no frame is scaled
SPEED = (28.0, 10.0)  # px per second, rightward and downward
SECONDS = 6.5
_FINE, _COARSE = (9.0, 40.0), (60.0, 250.0)  # px, from the shortest to the longest waves


def constant_motion_clip(rate: float, folder: Path, *, suffix: str = ".mov") -> Path:
    """A lossless file at this frame rate, in which a texture moves at `SPEED` for `SECONDS`.

    Times are exact in a .mov, and rounded to 1 ms in a .mkv.
    """
    times = [frame / rate for frame in range(round(SECONDS * rate))]
    codec = {".mov": "png", ".mkv": "ffv1"}[suffix]
    images = np.stack([_texture(time) for time in times])
    return write_video(folder / f"{rate:g}{suffix}", images, codec=codec, times=times)


def still(tensors: Mapping[str, Tensor], frames: int | None = None) -> dict[str, Tensor]:
    """Modality → (B, C, T, H, W): the first frame of a clip repeated, with zero flow."""
    length = frames or next(iter(tensors.values())).shape[2]
    return without({name: one[:, :, :1].repeat(1, 1, length, 1, 1) for name, one in tensors.items()}, "flow")


def without(tensors: Mapping[str, Tensor], *modalities: str) -> dict[str, Tensor]:
    """The clip with zeros in these modalities."""
    return {name: torch.zeros_like(one) if name in modalities else one for name, one in tensors.items()}


def clip_of(tensors: Mapping[str, Tensor], rate: float) -> Clip:
    """A clip of these tensors to record, without images to show."""
    frames = next(iter(tensors.values())).shape[2]
    return Clip(tensors, np.arange(frames) / rate, np.zeros((frames, 1, 1, 3), np.uint8), None, "true")


@cache
def _texture(time: float) -> NDArray[np.uint8]:
    """(SIDE, SIDE, 3): fine grey and coarse coloured waves, shifted with subpixel accuracy."""
    random = np.random.default_rng(3)
    fine, coarse = _waves(80, _FINE, time, random), _waves(12, _COARSE, time, random)
    colours = coarse @ random.normal(size=(12, 3)) / np.sqrt(6)
    values = 128 + 25 * fine.sum(axis=-1, keepdims=True) / np.sqrt(40) + 90 * colours
    return np.clip(values, 0, 255).astype(np.uint8)


def _waves(
    count: int, lengths: tuple[float, float], time: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """(SIDE, SIDE, count): sine waves of many directions and lengths at this time."""
    turn, shift = random.uniform(0, 2 * np.pi, (2, count))
    number = 2 * np.pi / random.uniform(*lengths, count)
    down, across = np.mgrid[:SIDE, :SIDE][..., None]
    right, lower = across - SPEED[0] * time, down - SPEED[1] * time
    return np.sin(number * (np.cos(turn) * right + np.sin(turn) * lower) + shift)
