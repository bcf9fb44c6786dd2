"""What can be laid over a frame: object maps, optical flow and heat maps, as levels that a browser colours.

T frames, H height, W width; h, w the places of a block's heat map.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.moved import moved
from peerattn.traces.trace import Array

__getattr__ = moved(__name__)

DIRECTIONS = 24
"""Steps of a full turn, 15° each: a hue for each."""
STRENGTHS = 10
"""Steps of speed; with the directions, and 0 for stillness, they fill a grey level."""
FLOW_SIDE = 64
"""Longest side of a flow picture: px."""
FULL_STRENGTH_PERCENTILE = 99.0
"""Percentile of speed that is drawn in full strength: a few wild places would make all others pale."""

Levels = NDArray[np.uint8]


@dataclass(frozen=True)
class FlowLevels:
    """`levels` (T, h, w): 0 stands still, else 1 + direction + DIRECTIONS × strength; speeds in px per step.

    Directions turn clockwise on the screen from rightward; strengths grow in equal steps up to `full`.
    """

    levels: Levels
    full_speed: float
    greatest_speed: float


def flow_levels(flow: Array) -> FlowLevels:
    """Optical flow (2, T, H, W), px per nominal step across and down, as levels; large ones averaged down."""
    speeds = np.hypot(flow[0], flow[1])
    small = np.stack([_area_mean(frame) for frame in np.moveaxis(flow, 0, -1)])  # (T, h, w, 2)
    speed = np.hypot(small[..., 0], small[..., 1])
    moving = speed[speed > 0]
    full = float(np.percentile(moving, FULL_STRENGTH_PERCENTILE)) if moving.size else 0.0
    turn = np.arctan2(small[..., 1], small[..., 0]) / (2 * np.pi)
    direction = np.rint(turn * DIRECTIONS).astype(np.int64) % DIRECTIONS
    strength = np.minimum(np.rint(speed / full * STRENGTHS) if full else np.zeros_like(speed), STRENGTHS)
    levels = np.where(strength > 0, 1 + direction + DIRECTIONS * (strength.astype(np.int64) - 1), 0)
    return FlowLevels(levels.astype(np.uint8), full, float(speeds.max(initial=0.0)))


def _area_mean(frame: Array) -> Array:
    """(h, w, 2) of a frame (H, W, 2): the mean vector of each place."""
    scale = FLOW_SIDE / max(frame.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(frame)
    width, height = (max(1, round(side * scale)) for side in (frame.shape[1], frame.shape[0]))
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def heat_levels(heatmap: Array) -> Levels:
    """A block's heat map (T, h, w) from its least (0) to its greatest value (255) over the whole clip."""
    low, high = float(heatmap.min()), float(heatmap.max())
    if high == low:
        return np.zeros(heatmap.shape, np.uint8)
    scaled = (heatmap.astype(np.float64) - low) / (high - low) * 255
    return np.rint(scaled).astype(np.uint8)


def encode_grey_png(levels: Levels) -> bytes:
    """One picture of levels, without loss; run lengths are quick and do well on areas of one level."""
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    _, encoded = cv2.imencode(".png", levels, settings)
    return encoded.tobytes()
