"""Random colour changes of a training clip, the same in all its frames. Optical flow is computed before them.

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
    """How much colours change; by default not at all.

    Pairs are ranges of factors, `gamma` and `brightness` are the largest change in either direction, and the
    other fields are probabilities. Raises PeerattnError for values out of range.
    """

    grey: float = 0.0  # without any colour
    saturation: tuple[float, float] = (1.0, 1.0)
    swap: float = 0.0  # red, green and blue are permuted
    gain: tuple[float, float] = (1.0, 1.0)  # of each channel
    gamma: float = 0.0  # natural logarithm of the exponent
    contrast: tuple[float, float] = (1.0, 1.0)
    brightness: float = 0.0  # relative to the full range
    blur: float = 0.0
    holes: float = 0.0  # two grey boxes cover parts of the picture

    def __post_init__(self) -> None:
        for name in ("grey", "swap", "blur", "holes", "gamma", "brightness"):
            if not 0 <= getattr(self, name) <= 1:
                raise PeerattnError(
                    f"the {name} of colours is {getattr(self, name)}, but must be from 0 to 1"
                )
        for name in ("saturation", "gain", "contrast"):
            low, high = getattr(self, name)
            if not 0 <= low <= high <= 4:
                raise PeerattnError(
                    f"the {name} of colours {low, high} must be two increasing numbers between 0 and 4"
                )


UNCHANGED = Colour()


def change_colours(
    images: NDArray[np.uint8], colour: Colour, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the frames (T, H, W, 3) with randomly changed colours."""
    if colour == UNCHANGED:
        return images
    frames = _change_hues(images.astype(np.float32) / np.float32(255), colour, random)
    if colour.gamma:
        exponent = math.exp(random.uniform(-colour.gamma, colour.gamma))
        frames = np.power(np.clip(frames, 0, 1), exponent, dtype=np.float32)
    contrast, shift = random.uniform(*colour.contrast), random.uniform(-1, 1) * colour.brightness
    frames = (frames - np.float32(0.5)) * np.float32(contrast) + np.float32(0.5 + shift)
    if random.random() < colour.blur:
        width = random.uniform(0.5, 1.5)
        frames = np.stack([cv2.GaussianBlur(frame, (5, 5), width) for frame in frames])
    if random.random() < colour.holes:
        _cover_boxes(frames, random)
    return (np.clip(frames, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)


def _change_hues(
    frames: NDArray[np.float32], colour: Colour, random: np.random.Generator
) -> NDArray[np.float32]:
    """Turn frames grey, or change their saturation, channel order and gains."""
    grey = (frames @ _LUMINANCE)[..., None]
    if random.random() < colour.grey:
        return np.repeat(grey, 3, axis=-1)
    frames = np.add(grey, (frames - grey) * random.uniform(*colour.saturation), dtype=np.float32)
    if random.random() < colour.swap:
        frames = frames[..., random.permutation(3)]
    gains: NDArray[np.float32] = random.uniform(*colour.gain, size=3).astype(np.float32)
    return frames * gains


def _cover_boxes(frames: NDArray[np.float32], random: np.random.Generator) -> None:
    """Cover two boxes, with sides of an eighth to half of the picture's, by the same grey in all frames."""
    height, width = frames.shape[1:3]
    for _ in range(2):
        tall, wide = random.integers(height // 8, height // 2), random.integers(width // 8, width // 2)
        top, left = random.integers(height - tall + 1), random.integers(width - wide + 1)
        frames[:, top : top + tall, left : left + wide] = random.uniform()
