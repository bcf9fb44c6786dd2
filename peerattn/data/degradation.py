"""Object maps as imperfect as estimated ones, made from good ones: training then relies on them no more.

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


def degraded(ids: Maps, random: Random) -> Maps:
    """(T, H, W) class ids with one kind of fault."""
    fault = _FAULTS[random.integers(len(_FAULTS))]
    return fault(ids, random)


def _thinner(ids: Maps, random: Random) -> Maps:
    return np.stack([cv2.erode(one, _SQUARE) for one in ids])


def _thicker(ids: Maps, random: Random) -> Maps:
    times = int(random.integers(1, 3))
    return np.stack([cv2.dilate(one, _SQUARE, iterations=times) for one in ids])


def _coarser(ids: Maps, random: Random) -> Maps:
    """In blocks of 3 to 6 px a side."""
    height, width = ids.shape[1:]
    block = random.uniform(3, 6)
    small = (max(1, round(width / block)), max(1, round(height / block)))
    return np.stack(
        [
            cv2.resize(
                cv2.resize(one, small, interpolation=cv2.INTER_NEAREST_EXACT),
                (width, height),
                interpolation=cv2.INTER_NEAREST_EXACT,
            )
            for one in ids
        ]
    )


def _spotted(ids: Maps, random: Random) -> Maps:
    """One to four spots that drift and flicker: holes in what is there, or things that are not."""
    spotted = ids.copy()
    for _ in range(int(random.integers(1, 5))):
        _spot(spotted, random)
    return spotted


def _spot(ids: Maps, random: Random) -> None:
    frames, height, width = ids.shape
    rows, columns = np.nonzero(ids[frames // 2])
    centre, value = random.uniform(0, (width, height)), 0
    if len(rows) and random.random() < 0.5:  # a hole, in what the middle frame shows
        chosen = random.integers(len(rows))
        centre = np.array([columns[chosen], rows[chosen]], np.float64)
    elif len(rows):
        value = int(ids.max())
    radius = int(random.integers(2, max(3, min(height, width) // 7)))
    drift, shown = random.normal(0, 0.7, 2), random.uniform(0.4, 1.0)
    for one in ids:
        centre = centre + drift + random.normal(0, 0.5, 2)
        axes = (radius, 1 + int(radius * random.uniform(0.6, 1.6)))
        if random.random() < shown:
            cv2.ellipse(one, (int(centre[0]), int(centre[1])), axes, 0, 0, 360, value, -1)


def _interrupted(ids: Maps, random: Random) -> Maps:
    """5 to 40 % of the maps are lost: empty, or the one before once more."""
    share = random.uniform(0.05, 0.4)
    kept = ids.copy()
    for frame in np.flatnonzero(random.random(len(ids)) < share):
        kept[frame] = ids[frame - 1] if frame and random.random() < 0.5 else 0
    return kept


_FAULTS: tuple[Callable[[Maps, Random], Maps], ...] = (
    *(_thinner, _thicker, _coarser),
    *(_spotted, _spotted, _interrupted),
)
