"""Overlays of frames: optical flow and heat maps as 8-bit levels, which the browser colours.

Shapes: T frames, H height, W width; h, w rows and columns of an overlay.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.traces.trace import Array

DIRECTIONS = 24
"""Number of flow directions: steps of 15°, each drawn in its own hue."""
STRENGTHS = 10
"""Number of flow speeds; with the directions, and 0 for no motion, they fit into 8 bits."""
FLOW_SIDE = 64
"""Longest side of a flow picture in pixels."""
FULL_STRENGTH_PERCENTILE = 99.0
"""Percentile of speed drawn at full strength; with the maximum, a few outliers would make the rest pale."""

Levels = NDArray[np.uint8]


@dataclass(frozen=True)
class FlowLevels:
    """Optical flow as `levels` (T, h, w): 0 for no motion, otherwise 1 + direction + DIRECTIONS × strength.

    Directions turn clockwise on the screen, starting from rightward. Strengths grow in equal steps up to
    `full_speed`. Speeds are in pixels per nominal step.
    """

    levels: Levels
    full_speed: float
    greatest_speed: float


def flow_levels(flow: Array) -> FlowLevels:
    """Return optical flow (2, T, H, W), in pixels per nominal step across and down, as levels.

    Flow fields larger than `FLOW_SIDE` are averaged down to it.
    """
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
    """Average the flow of a frame (H, W, 2) down to (h, w, 2)."""
    scale = FLOW_SIDE / max(frame.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(frame)
    width, height = (max(1, round(side * scale)) for side in (frame.shape[1], frame.shape[0]))
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def heat_levels(heatmap: Array) -> Levels:
    """Scale a block's heat map (T, h, w) to 0 at its minimum over the clip and 255 at its maximum."""
    low, high = float(heatmap.min()), float(heatmap.max())
    if high == low:
        return np.zeros(heatmap.shape, np.uint8)
    scaled = (heatmap.astype(np.float64) - low) / (high - low) * 255
    return np.rint(scaled).astype(np.uint8)


def unusual_levels(shares: Array) -> Levels:
    """Return how unusual a block is at each place, (T, h, w), as levels: 0 up to the median, 255 at the most.

    `shares` are the shares of usual frames in which less is added at that place.
    """
    return np.rint(255 * np.clip(2 * shares.astype(np.float64) - 1, 0, 1)).astype(np.uint8)


def encode_grey_png(levels: Levels) -> bytes:
    """Encode a picture of levels as PNG; run-length compression is fast and suits areas of equal levels."""
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    _, encoded = cv2.imencode(".png", levels, settings)
    return encoded.tobytes()
