"""Degrade good object maps to be as imperfect as estimated ones, so that training does not rely on perfect
maps.

T frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.uint8]
Random = np.random.Generator

_SQUARE = np.ones((3, 3), np.uint8)


def degrade(ids: Maps, random: Random) -> Maps:
    """Return class ids (T, H, W) with one random kind of degradation."""
    degradation = _DEGRADATIONS[random.integers(len(_DEGRADATIONS))]
    return degradation(ids, random)


def _erode(ids: Maps, random: Random) -> Maps:
    return np.stack([cv2.erode(frame, _SQUARE) for frame in ids])


def _dilate(ids: Maps, random: Random) -> Maps:
    times = int(random.integers(1, 3))
    return np.stack([cv2.dilate(frame, _SQUARE, iterations=times) for frame in ids])


def _coarsen(ids: Maps, random: Random) -> Maps:
    """Replace the pixels by blocks of 3 to 6 px a side."""
    height, width = ids.shape[1:]
    block = random.uniform(3, 6)
    small = (max(1, round(width / block)), max(1, round(height / block)))
    return np.stack(
        [
            cv2.resize(
                cv2.resize(frame, small, interpolation=cv2.INTER_NEAREST_EXACT),
                (width, height),
                interpolation=cv2.INTER_NEAREST_EXACT,
            )
            for frame in ids
        ]
    )


def _add_spots(ids: Maps, random: Random) -> Maps:
    """Add one to four spots that drift and flicker: holes in objects, or objects that do not exist."""
    spotted = ids.copy()
    for _ in range(int(random.integers(1, 5))):
        _add_spot(spotted, random)
    return spotted


def _add_spot(ids: Maps, random: Random) -> None:
    frames, height, width = ids.shape
    rows, columns = np.nonzero(ids[frames // 2])
    centre, value = random.uniform(0, (width, height)), 0
    if len(rows) and random.random() < 0.5:  # a hole in an object of the middle frame
        pixel = random.integers(len(rows))
        centre = np.array([columns[pixel], rows[pixel]], np.float64)
    elif len(rows):
        value = int(ids.max())
    radius = int(random.integers(2, max(3, min(height, width) // 7)))
    drift, visible_share = random.normal(0, 0.7, 2), random.uniform(0.4, 1.0)
    for frame in ids:
        centre = centre + drift + random.normal(0, 0.5, 2)
        axes = (radius, 1 + int(radius * random.uniform(0.6, 1.6)))
        if random.random() < visible_share:
            cv2.ellipse(frame, (int(centre[0]), int(centre[1])), axes, 0, 0, 360, value, -1)


def _drop_maps(ids: Maps, random: Random) -> Maps:
    """Lose 5 to 40 % of the maps: they are empty, or repeat the one before."""
    share = random.uniform(0.05, 0.4)
    interrupted = ids.copy()
    for frame in np.flatnonzero(random.random(len(ids)) < share):
        interrupted[frame] = ids[frame - 1] if frame and random.random() < 0.5 else 0
    return interrupted


_DEGRADATIONS: tuple[Callable[[Maps, Random], Maps], ...] = (
    *(_erode, _dilate, _coarsen),
    *(_add_spots, _add_spots, _drop_maps),
)
