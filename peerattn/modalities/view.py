"""Crop the square of a clip that a network sees: the central one, or the one around the objects of its maps.

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

_OUTLIERS = 0.01  # share of the objects' pixels that may lie outside of the square, on each side
_MARGIN = 1.25  # side of the square relative to the longer side of the objects
_MIN_SIDE = 0.4  # of the square, relative to the picture's short side
_MIN_OBJECTS = 0.001  # share of a clip's pixels that must be objects


@dataclass(frozen=True)
class View:
    """A square in a picture of any resolution; by default the largest central one."""

    across: float = 0.5  # horizontal position of the middle, relative to the width
    down: float = 0.5  # vertical position of the middle, relative to the height
    side: float = 1.0  # relative to the short side

    def pixels(self, height: int, width: int) -> tuple[int, int, int]:
        """Return left, top and side in px; the square is moved to lie within the picture."""
        side = max(1, round(self.side * min(height, width)))
        left = min(max(floor(self.across * width - side / 2), 0), width - side)
        top = min(max(floor(self.down * height - side / 2), 0), height - side)
        return left, top, side


CENTRE = View()


def object_mask(ids: Images, class_ids: Sequence[int]) -> NDArray[np.bool_]:
    """Return which pixels of maps, of any shape, have one of these class ids."""
    is_object = np.zeros(256, np.bool_)
    is_object[list(class_ids)] = True
    mask: NDArray[np.bool_] = is_object[ids]
    return mask


def view_around(ids: Images, class_ids: Sequence[int]) -> View | None:
    """Return one square for the whole clip, around the pixels of these classes in all maps (T, H, W).

    Up to 1 % of the objects' pixels may lie outside on each side. The square is a quarter larger than the
    objects, but at least 0.4 of the picture's short side and at most that side; it is centred on larger
    objects. Returns None if less than 0.1 % of the pixels are objects.
    """
    height, width = ids.shape[1:]
    rows, columns = np.zeros(height, np.int64), np.zeros(width, np.int64)
    for frame_ids in ids:  # frame by frame: the maps of a clip can be large
        objects = object_mask(frame_ids, class_ids)
        rows += objects.sum(axis=1)
        columns += objects.sum(axis=0)
    if rows.sum() < _MIN_OBJECTS * ids.size:
        return None
    left, right = _extent(columns)
    top, bottom = _extent(rows)
    longer = max(right - left, bottom - top)
    side = min(max(_MARGIN * longer / min(height, width), _MIN_SIDE), 1.0)
    return View((left + right) / 2 / width, (top + bottom) / 2 / height, side)


def crop_images(images: Images, size: int, view: View = CENTRE) -> Images:
    """Crop frames (T, H, W, 3) to the view's square and scale it: (T, size, size, 3)."""
    crop = _crop(images, view)
    method = cv2.INTER_AREA if crop.shape[1] > size else cv2.INTER_LINEAR
    return np.stack([cv2.resize(image, (size, size), interpolation=method) for image in crop])


def crop_ids(ids: Images, size: int, view: View = CENTRE) -> Images:
    """Crop maps (T, H, W) to the view's square and scale it by the nearest pixel: (T, size, size)."""
    crop = _crop(ids, view)
    return np.stack([cv2.resize(each, (size, size), interpolation=cv2.INTER_NEAREST_EXACT) for each in crop])


def _crop(images: Images, view: View) -> Images:
    """Return the view's square of images (T, H, W, …), unscaled."""
    left, top, side = view.pixels(*images.shape[1:3])
    return images[:, top : top + side, left : left + side]


def _extent(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first row (or column) and the one after the last that enclose all pixels but the outliers.

    `counts` are the objects' pixels in each row (or column).
    """
    share = np.cumsum(counts) / counts.sum()
    first, last = np.searchsorted(share, [_OUTLIERS, 1 - _OUTLIERS])
    return int(first), int(last) + 1
