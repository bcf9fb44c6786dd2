"""The picture without black bars, at the size at which the frozen networks read it.

T frames of H × W px.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

WIDTH, HEIGHT = 320, 240
"""Size of the fitted frames, px."""
_DARKEST = 24  # of 255: the brightest that a bar may be, apart from a few pixels
_BRIGHTER = 2.0  # percent of a bar's pixels that may be brighter
_NARROWEST = 0.02  # width of a bar, in sides of the picture
_WIDEST = 0.45  # of both bars each: something of the picture has to remain


@dataclass(frozen=True)
class Bars:
    """The widths of the black bars of a clip, in px: of each of those above and below, left and right."""

    rows: int = 0
    columns: int = 0

    def __bool__(self) -> bool:
        return bool(self.rows or self.columns)

    def cut(self, images: Images) -> Images:
        """Return the frames (T, H, W, 3) without the bars."""
        height, width = images.shape[1:3]
        return images[:, self.rows : height - self.rows, self.columns : width - self.columns]


def find_bars(images: Images) -> Bars:
    """Return the black bars of frames (T, H, W, 3).

    Bars come in pairs: what is dark on one side only belongs to the picture. They are dark in all frames, and
    at least 2 % of the picture's side wide.
    """
    brightest = images.max(axis=(0, 3))  # (H, W)
    return Bars(_bar(brightest), _bar(brightest.T))


def _bar(brightest: NDArray[np.uint8]) -> int:
    """Return how many of the first and of the last rows (H, W) are dark: the smaller number, or 0."""
    dark = np.percentile(brightest, 100 - _BRIGHTER, axis=1) <= _DARKEST
    if dark.all():
        return 0
    width = int(min(dark.argmin(), dark[::-1].argmin()))
    return width if _NARROWEST * len(dark) <= width <= _WIDEST * len(dark) else 0


def fit_frames(images: Images) -> Images:
    """Return frames (T, 240, 320, 3) that show all of the frames (T, H, W, 3), with black around them.

    The shape of the picture is kept: a portrait picture gets black at its sides.
    """
    height, width = images.shape[1:3]
    scale = min(WIDTH / width, HEIGHT / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = np.zeros((len(images), HEIGHT, WIDTH, 3), np.uint8)
    for target, image in zip(fitted, images, strict=True):
        scaled = image if size == (width, height) else cv2.resize(image, size, interpolation=method)
        target[top : top + size[1], left : left + size[0]] = scaled
    return fitted
