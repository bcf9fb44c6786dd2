"""Which square of a clip a network sees: the central one, or the one around what the object maps show.

T frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

_OUTLIERS = 0.01  # of the objects' pixels, on each side, that may lie outside
_AROUND = 1.25  # side of the square to the longer side of the objects
_SMALLEST = 0.4  # side of the square, in parts of the picture's short side
_FEWEST = 0.001  # of a clip's pixels that must be objects


@dataclass(frozen=True)
class View:
    """A square in pictures of any resolution; as it stands, the central one, as large as it can be."""

    across: float = 0.5  # its middle, in parts of the width
    down: float = 0.5  # and of the height
    side: float = 1.0  # in parts of the short side

    def pixels(self, height: int, width: int) -> tuple[int, int, int]:
        """Left, top and side in px; the square lies within the picture."""
        side = max(1, round(self.side * min(height, width)))
        left = min(max(floor(self.across * width - side / 2), 0), width - side)
        top = min(max(floor(self.down * height - side / 2), 0), height - side)
        return left, top, side


CENTRE = View()


def shown(ids: Images, class_ids: Sequence[int]) -> NDArray[np.bool_]:
    """Where maps of any shape show one of these classes."""
    known = np.zeros(256, np.bool_)
    known[list(class_ids)] = True
    found: NDArray[np.bool_] = known[ids]
    return found


def view_of(ids: Images, class_ids: Sequence[int]) -> View | None:
    """The square around the pixels of these classes in all of (T, H, W) maps: one for the whole clip.

    A hundredth of them may lie outside on each side. It is a quarter larger than they are, no smaller than
    0.4 of the picture's short side and no larger than that side: of what is taller or wider it shows the
    middle. None where the maps show next to nothing.
    """
    height, width = ids.shape[1:]
    rows, columns = np.zeros(height, np.int64), np.zeros(width, np.int64)
    for one in ids:  # one by one: the maps of a clip can be large
        objects = shown(one, class_ids)
        rows += objects.sum(axis=1)
        columns += objects.sum(axis=0)
    if rows.sum() < _FEWEST * ids.size:
        return None
    left, right = _extent(columns)
    top, bottom = _extent(rows)
    longer = max(right - left, bottom - top)
    side = min(max(_AROUND * longer / min(height, width), _SMALLEST), 1.0)
    return View((left + right) / 2 / width, (top + bottom) / 2 / height, side)


def square(images: Images, size: int, view: View = CENTRE) -> Images:
    """(T, size, size, 3) the square of each frame, scaled."""
    crop = _crop(images, view)
    method = cv2.INTER_AREA if crop.shape[1] > size else cv2.INTER_LINEAR
    return np.stack([cv2.resize(image, (size, size), interpolation=method) for image in crop])


def square_ids(ids: Images, size: int, view: View = CENTRE) -> Images:
    """(T, size, size) the square of each map, scaled to the nearest id."""
    crop = _crop(ids, view)
    return np.stack([cv2.resize(one, (size, size), interpolation=cv2.INTER_NEAREST_EXACT) for one in crop])


def _crop(images: Images, view: View) -> Images:
    """The square of (T, H, W, …)."""
    left, top, side = view.pixels(*images.shape[1:3])
    return images[:, top : top + side, left : left + side]


def _extent(counts: NDArray[np.int64]) -> tuple[int, int]:
    """From where to where all but the outliers of so many pixels a row or column lie."""
    share = np.cumsum(counts) / counts.sum()
    first, last = np.searchsorted(share, [_OUTLIERS, 1 - _OUTLIERS])
    return int(first), int(last) + 1
