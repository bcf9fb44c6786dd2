"""Other colours for a training clip, the same in all its frames: optical flow is computed before.

T frames, H height, W width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Colour:
    """How much colours change; as it stands, not at all.

    Ranges are of factors, `gamma` and `brightness` the greatest change either way, the rest probabilities.
    """

    grey: float = 0.0  # loses all colour
    saturation: tuple[float, float] = (1.0, 1.0)
    swap: float = 0.0  # red, green and blue change places
    gain: tuple[float, float] = (1.0, 1.0)  # of each channel
    gamma: float = 0.0  # natural logarithm of the exponent
    contrast: tuple[float, float] = (1.0, 1.0)
    brightness: float = 0.0  # of 1
    blur: float = 0.0
    holes: float = 0.0  # two boxes of one colour

    def __post_init__(self) -> None:
        for name in ("grey", "swap", "blur", "holes", "gamma", "brightness"):
            if not 0 <= getattr(self, name) <= 1:
                raise PeerattnError(f"{name} of colours is {getattr(self, name)}: give 0 to 1")
        for name in ("saturation", "gain", "contrast"):
            low, high = getattr(self, name)
            if not 0 <= low <= high <= 4:
                raise PeerattnError(f"{name} of colours {low, high} must rise and lie between 0 and 4")


UNCHANGED = Colour()


def recoloured(images: NDArray[np.uint8], colour: Colour, random: np.random.Generator) -> NDArray[np.uint8]:
    """(T, H, W, 3) the frames in other colours."""
    if colour == UNCHANGED:
        return images
    shown = _tinted(images.astype(np.float32) / np.float32(255), colour, random)
    if colour.gamma:
        exponent = math.exp(random.uniform(-colour.gamma, colour.gamma))
        shown = np.power(np.clip(shown, 0, 1), exponent, dtype=np.float32)
    contrast, shift = random.uniform(*colour.contrast), random.uniform(-1, 1) * colour.brightness
    shown = (shown - np.float32(0.5)) * np.float32(contrast) + np.float32(0.5 + shift)
    if random.random() < colour.blur:
        width = random.uniform(0.5, 1.5)
        shown = np.stack([cv2.GaussianBlur(image, (5, 5), width) for image in shown])
    if random.random() < colour.holes:
        _punch(shown, random)
    return (np.clip(shown, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)


def _tinted(shown: NDArray[np.float32], colour: Colour, random: np.random.Generator) -> NDArray[np.float32]:
    """Other hues, or none."""
    grey = (shown @ _LUMINANCE)[..., None]
    if random.random() < colour.grey:
        return np.repeat(grey, 3, axis=-1)
    shown = np.add(grey, (shown - grey) * random.uniform(*colour.saturation), dtype=np.float32)
    if random.random() < colour.swap:
        shown = shown[..., random.permutation(3)]
    gains: NDArray[np.float32] = random.uniform(*colour.gain, size=3).astype(np.float32)
    return shown * gains


def _punch(shown: NDArray[np.float32], random: np.random.Generator) -> None:
    """Two boxes, an eighth to half the picture a side, each of one grey in all frames."""
    height, width = shown.shape[1:3]
    for _ in range(2):
        tall, wide = random.integers(height // 8, height // 2), random.integers(width // 8, width // 2)
        top, left = random.integers(height - tall + 1), random.integers(width - wide + 1)
        shown[:, top : top + tall, left : left + wide] = random.uniform()
