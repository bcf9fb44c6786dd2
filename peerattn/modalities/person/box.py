"""The square around the acting person in every frame, found from their joints.

T frames of H × W px, J joints (17).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from peerattn.modalities.pretrained.pose import SURE, Joints

MARGIN = 1.35  # side of the square, in sides of the box around the sure joints
FEWEST = 3  # sure joints from which a box is found
SMOOTHING = 5  # frames over which the square is averaged
SMALLEST, LARGEST = 0.25, 1.2  # side of the square, in short and in long sides of the frame

Squares = NDArray[np.float32]
"""A square per frame (T, 3): x and y of its centre and its side, in px."""


def person_squares(joints: Joints, sides: Sequence[int]) -> Squares:
    """Return the square (T, 3) around the joints (T, J, 3) in frames of `sides` (H, W).

    Frames with too few sure joints have a square between those of their neighbours. If no frame has enough,
    it is the central square of the frame.
    """
    height, width = sides
    squares = np.stack([_around(one, sides) for one in joints])
    known = np.isfinite(squares[:, 2])
    if not known.any():
        return np.tile(np.array([width / 2, height / 2, min(sides)], np.float32), (len(joints), 1))
    frames = np.arange(len(joints))
    filled = np.stack([np.interp(frames, frames[known], column[known]) for column in squares.T], axis=1)
    smooth = _averaged(filled)
    smooth[:, 2] = smooth[:, 2].clip(SMALLEST * min(sides), LARGEST * max(sides))
    return smooth.astype(np.float32)


def _around(joints: Joints, sides: Sequence[int]) -> NDArray[np.float64]:
    """Return the square (3,) around the sure joints (J, 3) of one frame, or NaN if they are too few."""
    sure = joints[:, 2] > SURE
    if sure.sum() < FEWEST:
        return np.full(3, np.nan)
    inside = joints[sure, :2].clip(0, (sides[1], sides[0]))
    low, high = inside.min(0), inside.max(0)
    return np.array([*(low + high) / 2, MARGIN * (high - low).max()])


def _averaged(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each value (T, N) and its neighbours in time; the ends count repeatedly."""
    reach = min(SMOOTHING, len(values)) // 2
    padded = np.pad(values, ((reach, reach), (0, 0)), "edge")
    averaged: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(
        padded, 2 * reach + 1, axis=0
    ).mean(-1)
    return averaged
